// A custom environment in thirty lines, between the two marks: envs/README.md shows it,
// tests/envs/custom_env.cpp checks it, tests/apps/custom_env.cpp learns in it.
#pragma once

#include <algorithm>
#include <cmath>

// [begin]
#include "envs/task_env.hpp"

/// A boat on a current: steer it to the buoy and stay there.
class Boat final : public planet::Task {
 public:
  std::string name() const override { return "boat"; }
  int action_size() const override { return 2; }
  std::vector<std::string> state_names() const override { return {"x", "y"}; }
  void start(planet::Rng& rng) override { p_ = {rng.uniform(-1, 1), rng.uniform(-1, 1)}; }

  planet::TaskStep step(std::span<const double> u, std::span<const double>) override {
    p_.x = std::clamp(p_.x + 0.10 * u[0] + 0.03, -1.0, 1.0);
    p_.y = std::clamp(p_.y + 0.10 * u[1], -1.0, 1.0);
    return {.reward = std::exp(-4 * (p_.x * p_.x + p_.y * p_.y)), .terminated = false};
  }
  void draw(planet::Scene& scene) const override {
    scene.look_at({0, 0}, 2.6);
    scene.disc({0, 0}, 0.25, planet::palette::goal);
    scene.disc(p_, 0.20, planet::palette::tip);
  }
  std::vector<double> state() const override { return {p_.x, p_.y}; }
  void set_state(std::span<const double> s) override { p_ = {s[0], s[1]}; }
  std::unique_ptr<Task> clone() const override { return std::make_unique<Boat>(*this); }

 private:
  planet::Vec2 p_;
};
// [end]
