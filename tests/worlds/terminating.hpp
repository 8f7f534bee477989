// Terminating: a ball on a ridge that ends the episode when it rolls off. For agents that must
// learn, plan and store episodes of different lengths.
//
//   x' = 1.1 x + 0.15 u;   the episode ends when |x'| >= 1;   reward 1 - x'^2, and 0 for the end
//
// Pushing against the motion always saves the ball (0.1 |x| < 0.15); a random policy soon loses it.
#pragma once

#include "envs/registry.hpp"
#include "envs/task.hpp"

namespace planet::test {

class Terminating final : public Task {
 public:
  std::string name() const override { return "terminating"; }
  int action_size() const override { return 1; }
  std::vector<std::string> state_names() const override { return {"x"}; }
  void start(Rng& rng) override { x_ = rng.uniform(-0.5, 0.5); }
  TaskStep step(std::span<const double> action, std::span<const double> w) override;
  void draw(Scene& scene) const override;
  std::vector<double> state() const override { return {x_}; }
  void set_state(std::span<const double> state) override { x_ = state[0]; }
  std::unique_ptr<Task> clone() const override { return std::make_unique<Terminating>(*this); }

 private:
  double x_ = 0;
};

EnvSpec terminating_spec();

}  // namespace planet::test
