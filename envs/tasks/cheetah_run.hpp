// Cheetah run of dm_control: seven bodies with two legs run to the right.
#pragma once

#include "envs/registry.hpp"
#include "envs/tasks/planar_task.hpp"

namespace planet {

class CheetahRun final : public PlanarTask {
 public:
  CheetahRun();

  std::string name() const override { return "cheetah_run"; }
  void start(Rng& rng) override;
  void draw(Scene& scene) const override;
  std::unique_ptr<Task> clone() const override { return std::make_unique<CheetahRun>(*this); }
  /// The speed of the centre of mass, from 0 at rest to 1 at 10 m/s.
  double reward() const override;

  static const planar::Model& cheetah_model();
};

EnvSpec cheetah_run_spec();

}  // namespace planet
