// Cart-pole swing-up of dm_control: a cart on a short rail swings a free pole up and balances it.
//
//   M(theta) (xdd, thetadd) = f,   M = [[1.1, 0.05 cos], [0.05 cos, I + 0.025]]
//   f = (10 u - 5e-4 xd + 0.05 thetad^2 sin,   0.05 * 9.81 sin - 2e-6 thetad)
//
// integrated by RK4 with dt = 0.01 and the action held; soft stops at x = +-1.8. theta = 0 is
// upright. README.md derives the equations.
#pragma once

#include <array>

#include "envs/registry.hpp"
#include "envs/task.hpp"

namespace planet {

class CartpoleSwingup final : public Task {
 public:
  using Vector = std::array<double, 4>;  // x, theta, xd, thetad
  static constexpr double dt = 0.01;
  static constexpr double rail = 1.8;

  std::string name() const override { return "cartpole_swingup"; }
  int action_size() const override { return 1; }
  std::vector<std::string> state_names() const override {
    return {"x", "theta", "xdot", "thetadot"};
  }
  void start(Rng& rng) override;
  TaskStep step(std::span<const double> action, std::span<const double> w) override;
  void draw(Scene& scene) const override;
  std::vector<double> state() const override { return {y_.begin(), y_.end()}; }
  void set_state(std::span<const double> state) override;
  std::unique_ptr<Task> clone() const override { return std::make_unique<CartpoleSwingup>(*this); }

  /// d/dt of (x, theta, xd, thetad) under a held action u in [-1, 1].
  static Vector derivative(const Vector& y, double u);
  /// Four factors in [0, 1]: upright, centred, small action, slow pole.
  static double reward(const Vector& y, double u);

 private:
  Vector y_{};
};

EnvSpec cartpole_swingup_spec();

}  // namespace planet
