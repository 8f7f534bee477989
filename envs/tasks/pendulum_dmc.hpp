// Pendulum of dm_control: a heavy ball on a light rod, and a motor with a fifth of the torque
// needed to hold it.
//
//   (I + dt b) alpha = u + m g l sin theta - b omega
//   omega' = omega + dt alpha
//   theta' = theta + dt omega'
//
// m = 1, l = 0.5, I = m l^2 + 0.001, b = 0.1, dt = 0.02; theta = 0 is upright. Its published reward
// is 1 within 8 degrees of upright and 0 elsewhere, out of reach of a horizon of 12 decisions;
// `shaped` is our variant. Gymnasium's pendulum: pendulum_swingup.hpp. README.md describes both.
#pragma once

#include "envs/registry.hpp"
#include "envs/task.hpp"

namespace planet {

class PendulumDmc final : public Task {
 public:
  enum class Reward { sparse, shaped };
  static constexpr double dt = 0.02;
  static constexpr double mass = 1, length = 0.5;                   // kg, m
  static constexpr double inertia = mass * length * length + 1e-3;  // with the ball's own, kg m^2
  static constexpr double damping = 0.1;                            // N m s

  explicit PendulumDmc(Reward kind) : kind_(kind) {}
  std::string name() const override;
  int action_size() const override { return 1; }
  std::vector<std::string> state_names() const override { return {"theta", "omega"}; }
  void start(Rng& rng) override;
  TaskStep step(std::span<const double> action, std::span<const double> w) override;
  void draw(Scene& scene) const override;
  std::vector<double> state() const override { return {theta_, omega_}; }
  void set_state(std::span<const double> state) override { theta_ = state[0], omega_ = state[1]; }
  std::unique_ptr<Task> clone() const override { return std::make_unique<PendulumDmc>(*this); }

  /// sparse: 1 where cos theta >= cos 8 degrees, else 0.
  /// shaped: (1 + cos theta)/2 * (1 + tol(omega; margin 5))/2.
  static double reward(Reward kind, double theta, double omega);

 private:
  Reward kind_;
  double theta_ = 0;  // unwrapped: full turns are kept
  double omega_ = 0;
};

EnvSpec pendulum_dmc_sparse_spec();
EnvSpec pendulum_dmc_shaped_spec();

}  // namespace planet
