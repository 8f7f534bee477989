#include "envs/tasks/pendulum_dmc.hpp"

#include <cmath>

#include "envs/physics.hpp"

namespace planet {
namespace {

constexpr double g = 9.81;  // m/s^2
const double near_upright = std::cos(8 * physics::pi / 180);

}  // namespace

std::string PendulumDmc::name() const {
  return kind_ == Reward::sparse ? "pendulum_dmc_sparse" : "pendulum_dmc_shaped";
}

void PendulumDmc::start(Rng& rng) {
  theta_ = rng.uniform(-physics::pi, physics::pi);
  omega_ = 0;
}

TaskStep PendulumDmc::step(std::span<const double> action, std::span<const double>) {
  const double f = action[0] + mass * g * length * std::sin(theta_) - damping * omega_;
  omega_ += dt * f / (inertia + dt * damping);
  theta_ += dt * omega_;
  return {reward(kind_, theta_, omega_), false};
}

double PendulumDmc::reward(Reward kind, double theta, double omega) {
  const double upright = std::cos(theta);
  if (kind == Reward::sparse) return upright >= near_upright ? 1 : 0;
  return (1 + upright) / 2 * (1 + physics::tolerance(omega, 0, 0, 5)) / 2;
}

// The picture of pendulum_swingup at half the scale, because the rod is half as long.
void PendulumDmc::draw(Scene& scene) const {
  const Vec2 tip{length * std::sin(theta_), length * std::cos(theta_)};
  scene.clear();
  scene.look_at({0, 0}, 1.35);
  scene.capsule({0, 0}, tip, 0.045, palette::body);
  scene.disc(tip, 0.11, palette::tip);
  scene.disc({0, 0}, 0.05, palette::rail);
}

namespace {

EnvSpec spec_of_both() {
  EnvSpec spec;
  spec.time_limit = 1000;
  spec.action_repeat = 4;
  spec.dt = PendulumDmc::dt;
  spec.view = 1.35;
  spec.max_return = 1000;
  return spec;
}

template <PendulumDmc::Reward kind>
std::unique_ptr<Task> make(const TaskValues&) {
  return std::make_unique<PendulumDmc>(kind);
}

}  // namespace

EnvSpec pendulum_dmc_sparse_spec() {
  EnvSpec spec = spec_of_both();
  spec.name = "pendulum_dmc_sparse";
  spec.description = "dm_control's pendulum: paid within 8 degrees of upright only";
  spec.scale = ScoreScale{{1, 6, 100}, {100, 316, 10}};
  spec.make_task = make<PendulumDmc::Reward::sparse>;
  return spec;
}

EnvSpec pendulum_dmc_shaped_spec() {
  EnvSpec spec = spec_of_both();
  spec.name = "pendulum_dmc_shaped";
  spec.description = "dm_control's pendulum, paid for being high and slow";
  spec.scale = ScoreScale{{41, 29, 100}, {880, 96, 10}};
  spec.make_task = make<PendulumDmc::Reward::shaped>;
  return spec;
}

}  // namespace planet
