// Pendulum swing-up, Gymnasium's Pendulum-v1: a rod on a motor too weak to lift it directly.
//
//   omega' = clip(omega + dt (3g/(2l) sin theta + 3/(m l^2) 2u), -8, 8)
//   theta' = theta + dt omega'
//
// theta = 0 is upright; m = l = 1, g = 10, dt = 0.05; the torque is 2u.
#pragma once

#include <array>

#include "envs/registry.hpp"
#include "envs/task.hpp"

namespace planet {

class PendulumSwingup final : public Task {
 public:
  static constexpr double dt = 0.05;
  static constexpr double max_speed = 8;   // rad/s
  static constexpr double max_torque = 2;  // N m, at u = 1

  std::string name() const override { return "pendulum_swingup"; }
  int action_size() const override { return 1; }
  std::vector<std::string> state_names() const override { return {"theta", "omega"}; }
  void start(Rng& rng) override;
  TaskStep step(std::span<const double> action, std::span<const double> w) override;
  void draw(Scene& scene) const override;
  std::vector<double> state() const override { return {theta_, omega_}; }
  void set_state(std::span<const double> state) override;
  std::unique_ptr<Task> clone() const override { return std::make_unique<PendulumSwingup>(*this); }

  /// theta and omega after `h` seconds under a torque: first omega, clipped, then theta from it.
  static std::array<double, 2> advance(double theta, double omega, double torque, double h);
  /// From the state after the step and its torque: 1 upright and at rest, 0 hanging at full speed.
  static double reward(double theta, double omega, double torque);

 private:
  double theta_ = 0;  // unwrapped: full turns are kept
  double omega_ = 0;
};

EnvSpec pendulum_swingup_spec();

}  // namespace planet
