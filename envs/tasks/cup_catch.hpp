// Ball in cup: a cup on two springs, a ball on a rope below it; swing the ball into the cup.
// dm_control's ball_in_cup, contacts as in MuJoCo 2.2.2.
#pragma once

#include "envs/registry.hpp"
#include "envs/tasks/planar_task.hpp"

namespace planet {

class CupCatch final : public PlanarTask {
 public:
  enum class Reward { sparse, shaped };
  explicit CupCatch(std::string name = "cup_catch", Reward kind = Reward::sparse);

  std::string name() const override { return name_; }
  void start(Rng& rng) override;
  void draw(Scene& scene) const override;
  std::unique_ptr<Task> clone() const override { return std::make_unique<CupCatch>(*this); }
  /// 1 while the whole ball is inside the cup's square. Shaped: outside, up to 1/2, falling with
  /// the distance.
  double reward() const override;

  static const planar::Model& cup_model();

 private:
  std::string name_;
  Reward kind_;
};

EnvSpec cup_catch_spec();
EnvSpec cup_catch_r6_spec();
EnvSpec cup_catch_shaped_spec();

}  // namespace planet
