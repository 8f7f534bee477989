#include "envs/tasks/point_mass.hpp"

#include <algorithm>
#include <cmath>

#include "envs/physics.hpp"

namespace planet {
namespace {

constexpr physics::SoftStop soft_wall{2 * PointMass::dt};

}  // namespace

void PointMass::start(Rng& rng) {
  for (double& x : x_) x = rng.uniform(-wall, wall);
  v_ = {};
}

TaskStep PointMass::step(std::span<const double> action, std::span<const double>) {
  for (std::size_t i = 0; i < 2; ++i) {
    const double free = (rules_.gain * action[i] - damping * v_[i]) / mass;
    const double a = soft_wall.within(-wall, wall, x_[i], v_[i], free, 1);
    v_[i] += dt * mass * a / (mass + dt * damping);
    x_[i] += dt * v_[i];
  }
  return {reward(rules_, x_, action), false};
}

double PointMass::reward(const PointMassRules& rules, std::array<double, 2> x,
                         std::span<const double> action) {
  using physics::Falloff;
  using physics::tolerance;
  const double near = tolerance(std::sqrt(x[0] * x[0] + x[1] * x[1]), 0, rules.size, rules.margin);
  double small = 0;
  for (const double u : action) small += tolerance(u, 0, 0, 1, Falloff::quadratic, 0) / 2;
  return near * (4 + small) / 5;
}

// Goal and mass are drawn larger than in dm_control (0.015, 0.01), where they are one pixel at 32 x
// 32.
void PointMass::draw(Scene& scene) const {
  scene.clear();
  scene.look_at({0, 0}, 0.64);
  scene.disc({0, 0}, 0.05, palette::goal);
  scene.disc({x_[0], x_[1]}, 0.045, palette::tip);
}

void PointMass::set_state(std::span<const double> state) {
  x_ = {state[0], state[1]};
  v_ = {state[2], state[3]};
}

EnvSpec point_mass_easy_spec() {
  EnvSpec spec;
  spec.name = PointMass::easy.name;
  spec.description = "push a mass into the middle of a walled square and hold it there";
  spec.time_limit = 400;
  spec.action_repeat = 4;
  spec.dt = PointMass::dt;
  spec.view = 0.64;
  spec.max_return = 400;
  spec.scale = ScoreScale{{70.4, 77.8, 100}, {384.9, 8.5, 10}};
  spec.make_task = [](const TaskValues&) -> std::unique_ptr<Task> {
    return std::make_unique<PointMass>(PointMass::easy);
  };
  return spec;
}

EnvSpec point_mass_dmc_spec() {
  EnvSpec spec = point_mass_easy_spec();
  spec.name = PointMass::dmc.name;
  spec.description = "dm_control's point mass: a weak motor and a goal of 15 mm";
  spec.time_limit = 1000;
  spec.max_return = 1000;
  spec.scale = ScoreScale{{11, 60, 100}, {868, 97, 10}};
  spec.make_task = [](const TaskValues&) -> std::unique_ptr<Task> {
    return std::make_unique<PointMass>(PointMass::dmc);
  };
  return spec;
}

}  // namespace planet
