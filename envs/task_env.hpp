// TaskEnv turns a Task into an Env: order of calls, clipping, action repeat and time limit.
//
//   reset -> running -> (terminated by the task | truncated after T / R decisions) -> reset ...
//
// The repeat is applied within the limit, as in PlaNet: a decision holds its action for R control
// steps, sums their rewards and stops early when the task ends; an episode has T / R decisions by
// integer division, so with T = 1000 and R = 6 the last four control steps are never played.
#pragma once

#include <memory>

#include "envs/env.hpp"
#include "envs/task.hpp"

namespace planet {

struct EpisodeSettings {
  int image_size = 64;    // n, 1..1024
  int action_repeat = 1;  // R >= 1
  int time_limit = 1000;  // T >= R, in control steps
  double view = 0;        // width of the picture in the task's units; 0: the task's own
};

class TaskEnv final : public Env {
 public:
  /// Error: a null task, settings out of their ranges.
  TaskEnv(std::unique_ptr<Task> task, const EpisodeSettings& settings);

  std::string name() const override { return name_; }
  int action_size() const override { return action_size_; }
  int image_size() const override { return settings_.image_size; }
  int action_repeat() const override { return settings_.action_repeat; }
  int episode_length() const override { return settings_.time_limit / settings_.action_repeat; }
  std::vector<std::string> state_names() const override { return task_->state_names(); }

  void reset(std::optional<std::uint64_t> seed = std::nullopt) override;
  using Env::step;
  StepResult step(std::span<const double> action) override {
    return decide(action, std::nullopt, nullptr);
  }
  StepResult step_traced(std::span<const double> action, std::vector<ControlStep>& trace) override {
    return decide(action, std::nullopt, &trace);
  }
  int uniforms() const override { return static_cast<int>(drawn_.size()); }
  StepResult step_with(std::span<const double> action, std::span<const double> w,
                       std::vector<ControlStep>* trace) override {
    return decide(action, w, trace);
  }
  using Env::render;
  void render(std::span<std::uint8_t> pixels) const override;

  std::vector<double> state() const override;
  void set_state(std::span<const double> state) override;
  std::unique_ptr<Env> clone() const override;
  EnvSnapshot save() const override;
  void load(const EnvSnapshot& snapshot) override;

  /// Inspection, for code that knows the task's class.
  const Task& task() const { return *task_; }
  const EpisodeSettings& settings() const { return settings_; }

 private:
  using Phase = EnvSnapshot::Phase;
  using Numbers = std::span<const double>;
  /// Draws the random numbers from the stream if none are given.
  StepResult decide(Numbers action, std::optional<Numbers> given, std::vector<ControlStep>* trace);
  void clip(Numbers action);
  void check_given(Numbers w) const;
  Numbers draw();
  void adopt(std::span<const double> state);

  std::unique_ptr<Task> task_;
  EpisodeSettings settings_;
  std::string name_;  // kept for errors, so that a step without one costs nothing
  int action_size_;
  std::size_t state_size_;
  std::vector<double> clipped_;  // the current action; kept so that a step allocates nothing
  std::vector<double> drawn_;    // random numbers of a control step, [uniforms()]
  Rng rng_{0, Stream::env};
  bool seeded_ = false;
  int control_steps_ = 0;
  Phase phase_ = Phase::unstarted;
};

}  // namespace planet
