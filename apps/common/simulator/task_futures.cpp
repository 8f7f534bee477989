#include "apps/common/simulator/task_futures.hpp"

#include <array>
#include <cmath>

#include "autograd/base/error.hpp"
#include "envs/task_env.hpp"
#include "envs/tasks/duel.hpp"
#include "envs/tasks/peg.hpp"

namespace planet {
namespace {

// The task behind an environment if it is of this kind, otherwise null.
template <class Kind>
const Kind* task_of(const Env& env) {
  const auto* task_env = dynamic_cast<const TaskEnv*>(&env);
  return task_env == nullptr ? nullptr : dynamic_cast<const Kind*>(&task_env->task());
}

// A task that differs from `Real` only in its step.
template <class Real>
class Imagined : public Task {
 public:
  explicit Imagined(const Real& real) : real_(real) {}
  std::string name() const override { return real_.name(); }
  int action_size() const override { return real_.action_size(); }
  std::vector<std::string> state_names() const override { return real_.state_names(); }
  void start(Rng& rng) override { real_.start(rng); }
  void draw(Scene& scene) const override { real_.draw(scene); }
  std::vector<double> state() const override { return real_.state(); }
  void set_state(std::span<const double> state) override { real_.set_state(state); }

 protected:
  Real real_;
};

class AveragePeg final : public Imagined<Peg> {
 public:
  using Imagined::Imagined;
  TaskStep step(std::span<const double> action, std::span<const double>) override {
    return {real_.advance(action[0], 0, 0), false};
  }
  std::unique_ptr<Task> clone() const override { return std::make_unique<AveragePeg>(*this); }
};

// Many opponents with the same initial state; the agent fights their mean. Only set_state() begins
// a course.
class AverageDuel final : public Imagined<Duel> {
 public:
  static constexpr std::size_t opponents = 256;

  using Imagined::Imagined;
  int uniforms() const override { return 2 * static_cast<int>(opponents); }
  TaskStep step(std::span<const double> action, std::span<const double> w) override {
    double mean = 0;
    for (std::size_t i = 0; i < opponents; ++i) {
      phase_[i] = Duel::next_phase(phase_[i], w[2 * i], w[2 * i + 1]);
      mean += Duel::place(phase_[i]) / static_cast<double>(opponents);
    }
    const bool hostile = !(mean > place_);
    place_ = mean;
    return {real_.meet(action[0], place_, hostile), false};
  }
  void set_state(std::span<const double> state) override {
    Imagined::set_state(state);
    phase_.fill(static_cast<int>(state[1]));
    place_ = Duel::place(phase_[0]);
  }
  std::unique_ptr<Task> clone() const override { return std::make_unique<AverageDuel>(*this); }

 private:
  std::array<int, opponents> phase_{};
  double place_ = Duel::place(0);
};

}  // namespace

std::unique_ptr<Env> average_world(const Env& env) {
  const auto as_env = [&](std::unique_ptr<Task> task) {
    return std::make_unique<TaskEnv>(std::move(task), dynamic_cast<const TaskEnv&>(env).settings());
  };
  if (const Peg* peg = task_of<Peg>(env)) return as_env(std::make_unique<AveragePeg>(*peg));
  if (const Duel* duel = task_of<Duel>(env)) return as_env(std::make_unique<AverageDuel>(*duel));
  return nullptr;
}

bool can_forget(const Env& env) {
  const Peg* peg = task_of<Peg>(env);
  return peg != nullptr && peg->has_screen();
}

void guess_hidden(const Env& env, std::vector<double>& state, double w) {
  const Peg* peg = task_of<Peg>(env);
  const double k = state[4];
  if (peg == nullptr || !peg->hides_ball(static_cast<int>(k))) return;
  const double side = w < 0.5 ? -1 : 1;
  for (double* entry : {&state[0], &state[2]}) *entry = side * std::abs(*entry);  // x and vx
}

}  // namespace planet
