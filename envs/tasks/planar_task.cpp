#include "envs/tasks/planar_task.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "envs/physics.hpp"

namespace planet {

using planar::Vec;

std::vector<std::string> PlanarTask::state_names() const {
  std::vector<std::string> names = model().joint_names;
  for (const std::string& joint : model().joint_names) names.push_back(joint + "_dot");
  return names;
}

TaskStep PlanarTask::step(std::span<const double> action, std::span<const double>) {
  for (int k = 0; k < physics_steps_; ++k) simulation_.step(action);
  return {reward(), false};
}

std::vector<double> PlanarTask::state() const {
  std::vector<double> out(q(), q() + model().dofs);
  out.insert(out.end(), v(), v() + model().dofs);
  return out;
}

Vec2 PlanarTask::at(int link, Vec local) const {
  const Vec p = simulation_.point(link, local);
  return {p.x, p.z};
}

void PlanarTask::start_anywhere(Rng& rng, bool free_hinges) {
  std::array<double, 2 * planar::max_dofs> state{};
  for (int j = 0; j < model().dofs; ++j) {
    const planar::Model::Dof& dof = model().dof[j];
    double& q = state[static_cast<std::size_t>(j)];
    if (dof.limited) q = rng.uniform(dof.range.low, dof.range.high);
    else if (free_hinges && !dof.slide) q = rng.uniform(-physics::pi, physics::pi);
    else q = dof.ref;
  }
  simulation_.set_state({state.data(), static_cast<std::size_t>(2 * model().dofs)});
}

void PlanarTask::settle(int steps) {
  const std::array<double, planar::max_dofs> still{};
  const auto motors = static_cast<std::size_t>(model().motors);
  for (int k = 0; k < steps; ++k) simulation_.step(std::span(still).first(motors));
}

void draw_striped_ground(Scene& scene) {
  constexpr double period = 4.5;
  struct Stripe {
    double from, to;
  };
  // Gaps of 0.9, 0.6, 0.5 and 0.3 m, stripes of 0.4, 0.3, 0.7 and 0.8 m.
  constexpr std::array<Stripe, 4> stripes{{{0.9, 1.3}, {1.9, 2.2}, {2.7, 3.4}, {3.7, 4.5}}};
  scene.half_plane({0, 0}, {0, 1}, palette::floor);
  const Camera& camera = scene.camera();
  // With a margin on either side: the view may be widened later, up to twice the period.
  const double left = camera.centre.x - period, right = camera.centre.x + period;
  for (double x = period * std::floor(left / period); x < right; x += period)
    for (const Stripe& s : stripes) {
      if (x + s.to < left || x + s.from > right) continue;
      scene.box({x + 0.5 * (s.from + s.to), -2}, {0.5 * (s.to - s.from), 2}, palette::stripe);
    }
}

}  // namespace planet
