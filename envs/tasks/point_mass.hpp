// Point mass: push a sliding mass into the middle of a walled square. dm_control's task and ours.
//
//   per axis:  (m + dt b) a = g u - b v (+ the wall's push),   v' = v + dt a,   x' = x + dt v'
//
// m = 0.3 kg, b = 1 N s/m, dt = 0.02, soft walls at +-0.29. `point_mass_dmc` is the published task:
// its motor is so weak and its goal so small that twelve decisions seldom reach any reward.
// `point_mass_easy` has a stronger motor, a larger goal and a shorter episode. README.md compares
// them.
#pragma once

#include <array>

#include "envs/registry.hpp"
#include "envs/task.hpp"

namespace planet {

/// The differences between the two tasks.
struct PointMassRules {
  const char* name;
  double gain;    // N at u = 1
  double size;    // the goal's radius, m
  double margin;  // the reward falls to a tenth this far outside the goal
};

class PointMass final : public Task {
 public:
  static constexpr double dt = 0.02;
  static constexpr double mass = 0.3, damping = 1;  // kg, N s/m
  static constexpr double wall = 0.29;              // m
  static constexpr PointMassRules easy{"point_mass_easy", 0.5, 0.05, 0.15};
  static constexpr PointMassRules dmc{"point_mass_dmc", 0.1, 0.015, 0.015};

  explicit PointMass(const PointMassRules& rules) : rules_(rules) {}
  std::string name() const override { return rules_.name; }
  int action_size() const override { return 2; }
  std::vector<std::string> state_names() const override { return {"x", "y", "vx", "vy"}; }
  void start(Rng& rng) override;
  TaskStep step(std::span<const double> action, std::span<const double> w) override;
  void draw(Scene& scene) const override;
  std::vector<double> state() const override { return {x_[0], x_[1], v_[0], v_[1]}; }
  void set_state(std::span<const double> state) override;
  std::unique_ptr<Task> clone() const override { return std::make_unique<PointMass>(*this); }

  /// tol(distance to the middle; 0..size, margin) * (4 + mean over axes of 1 - u^2)/5.
  static double reward(const PointMassRules& rules, std::array<double, 2> x,
                       std::span<const double> action);

 private:
  PointMassRules rules_;
  std::array<double, 2> x_{}, v_{};
};

EnvSpec point_mass_easy_spec();
EnvSpec point_mass_dmc_spec();

}  // namespace planet
