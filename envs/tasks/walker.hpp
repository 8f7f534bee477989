// Walker of dm_control (stand, walk, run): a torso on two legs, each of thigh, leg and foot.
#pragma once

#include "envs/registry.hpp"
#include "envs/tasks/planar_task.hpp"

namespace planet {

class Walker final : public PlanarTask {
 public:
  /// The speed in m/s at which the reward is full; 0: standing alone is rewarded.
  Walker(std::string name, double speed);

  std::string name() const override { return name_; }
  void start(Rng& rng) override { start_anywhere(rng, true); }
  void draw(Scene& scene) const override;
  std::unique_ptr<Task> clone() const override { return std::make_unique<Walker>(*this); }
  /// Standing (high and upright), multiplied by moving if there is a speed.
  double reward() const override;

  static const planar::Model& walker_model();

 private:
  std::string name_;
  double speed_;
};

EnvSpec walker_stand_spec();
EnvSpec walker_walk_spec();
EnvSpec walker_walk_r4_spec();
EnvSpec walker_run_spec();

}  // namespace planet
