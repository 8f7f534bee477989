#include "tests/worlds/terminating.hpp"

#include <cmath>

namespace planet::test {

TaskStep Terminating::step(std::span<const double> action, std::span<const double>) {
  x_ = 1.1 * x_ + 0.15 * action[0];
  if (std::abs(x_) >= 1) return {0, true};
  return {1 - x_ * x_, false};
}

void Terminating::draw(Scene& scene) const {
  scene.clear();
  scene.look_at({0, 0}, 2.7);
  scene.box({0, -0.35}, {1.0, 0.12}, palette::rail);
  scene.half_plane({-1, 0}, {1, 0}, palette::opponent);
  scene.half_plane({1, 0}, {-1, 0}, palette::opponent);
  scene.disc({x_, 0}, 0.22, palette::tip);
}

EnvSpec terminating_spec() {
  EnvSpec spec;
  spec.name = "terminating";
  spec.description = "keep a ball on a ridge; the episode ends when it rolls off";
  spec.time_limit = 60;
  spec.action_repeat = 2;
  spec.dt = 0.05;
  spec.view = 2.7;
  spec.max_return = 60;
  spec.make_task = [](const TaskValues&) -> std::unique_ptr<Task> {
    return std::make_unique<Terminating>();
  };
  return spec;
}

}  // namespace planet::test
