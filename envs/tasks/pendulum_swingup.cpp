#include "envs/tasks/pendulum_swingup.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/base/error.hpp"
#include "envs/physics.hpp"

namespace planet {

void PendulumSwingup::start(Rng& rng) {
  theta_ = rng.uniform(-physics::pi, physics::pi);
  omega_ = rng.uniform(-1, 1);
}

std::array<double, 2> PendulumSwingup::advance(double theta, double omega, double torque,
                                               double h) {
  constexpr double m = 1, l = 1, g = 10;
  const double alpha = 3 * g / (2 * l) * std::sin(theta) + 3 / (m * l * l) * torque;
  const double next = std::clamp(omega + alpha * h, -max_speed, max_speed);
  return {theta + next * h, next};
}

TaskStep PendulumSwingup::step(std::span<const double> action, std::span<const double>) {
  const double torque = max_torque * action[0];
  const auto [theta, omega] = advance(theta_, omega_, torque, dt);
  theta_ = theta, omega_ = omega;
  return {reward(theta_, omega_, torque), false};
}

// Gymnasium's cost, scaled by its largest value pi^2 + 0.1 * 8^2 + 0.001 * 2^2 into [0, 1].
double PendulumSwingup::reward(double theta, double omega, double torque) {
  constexpr double worst = 16.2736044;
  const double angle = physics::wrap_angle(theta);
  return 1 - (angle * angle + 0.1 * omega * omega + 0.001 * torque * torque) / worst;
}

// The torque is not drawn, because the picture must not reveal the action.
void PendulumSwingup::draw(Scene& scene) const {
  const Vec2 tip{std::sin(theta_), std::cos(theta_)};
  scene.clear();
  scene.look_at({0, 0}, 2.7);
  scene.capsule({0, 0}, tip, 0.09, palette::body);
  scene.disc(tip, 0.22, palette::tip);
  scene.disc({0, 0}, 0.10, palette::rail);
}

void PendulumSwingup::set_state(std::span<const double> state) {
  require(std::abs(state[1]) <= max_speed, "[pendulum_swingup] omega is ", state[1],
          "; no episode is faster than ", max_speed, " rad/s");
  theta_ = state[0];
  omega_ = state[1];
}

EnvSpec pendulum_swingup_spec() {
  EnvSpec spec;
  spec.name = "pendulum_swingup";
  spec.description = "swing a rod upright with a motor that is too weak to lift it";
  spec.time_limit = 200;
  spec.action_repeat = 2;
  spec.dt = PendulumSwingup::dt;
  spec.view = 2.7;
  spec.max_return = 200;
  spec.scale = ScoreScale{{125.3, 15.2, 100}, {189.4, 8.0, 10}};
  spec.make_task = [](const TaskValues&) -> std::unique_ptr<Task> {
    return std::make_unique<PendulumSwingup>();
  };
  return spec;
}

}  // namespace planet
