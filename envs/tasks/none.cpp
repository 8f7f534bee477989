#include "envs/tasks/none.hpp"

#include "autograd/base/error.hpp"

namespace planet {
namespace {

class NoTask final : public Task {
 public:
  explicit NoTask(int A) : A_(A) {}
  std::string name() const override { return no_environment; }
  int action_size() const override { return A_; }
  std::vector<std::string> state_names() const override { return {}; }
  void start(Rng&) override { refuse(); }
  TaskStep step(std::span<const double>, std::span<const double>) override { refuse(); }
  void draw(Scene&) const override {}
  std::vector<double> state() const override { return {}; }
  void set_state(std::span<const double>) override { refuse(); }
  std::unique_ptr<Task> clone() const override { return std::make_unique<NoTask>(*this); }

 private:
  [[noreturn]] static void refuse() {
    fail(
        "with --env none there is no environment in which an episode could be played; the episodes "
        "are those that were recorded (--episodes FOLDER)");
  }
  int A_;
};

}  // namespace

EnvSpec none_spec() {
  EnvSpec spec;
  spec.name = no_environment;
  spec.description = "no environment: a model learned from recorded episodes alone";
  spec.time_limit = 1'000'000;  // recorded episodes may have any length
  spec.dt = 0.1;
  spec.options = {{"action_size", "1", "numbers in a recorded action", {}, 1, 1e4, true}};
  spec.make_task = [](const TaskValues& values) -> std::unique_ptr<Task> {
    return std::make_unique<NoTask>(static_cast<int>(values.number("action_size")));
  };
  return spec;
}

}  // namespace planet
