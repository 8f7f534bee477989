// Finger spin of dm_control: two links strike a body on a hinge and keep it spinning.
#pragma once

#include "envs/registry.hpp"
#include "envs/tasks/planar_task.hpp"

namespace planet {

class FingerSpin final : public PlanarTask {
 public:
  enum class Reward { sparse, shaped };
  explicit FingerSpin(std::string name = "finger_spin", Reward kind = Reward::sparse);

  std::string name() const override { return name_; }
  void start(Rng& rng) override;
  void draw(Scene& scene) const override;
  std::unique_ptr<Task> clone() const override { return std::make_unique<FingerSpin>(*this); }
  /// 1 while the spinner turns at -15 rad/s or faster. Shaped: the fraction of that speed.
  double reward() const override;

  static const planar::Model& finger_model();

 private:
  std::string name_;
  Reward kind_;
};

EnvSpec finger_spin_spec();
EnvSpec finger_spin_shaped_spec();

}  // namespace planet
