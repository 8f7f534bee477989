// Every program in one binary, with the tasks that only tests use, as a project of its own would
// have them: `worlds train --env another_pendulum`.
#include "tests/worlds/worlds.hpp"

#include <limits>

#include "apps/programs.hpp"

namespace {

/// A task that breaks a rule: its reward is no number.
class Broken final : public planet::Task {
 public:
  std::string name() const override { return "broken"; }
  int action_size() const override { return 1; }
  std::vector<std::string> state_names() const override { return {"x"}; }
  void start(planet::Rng& rng) override { x_ = rng.uniform(); }
  planet::TaskStep step(std::span<const double>, std::span<const double>) override {
    return {std::numeric_limits<double>::quiet_NaN(), false};
  }
  void draw(planet::Scene& scene) const override { scene.disc({x_, 0}, 0.2, planet::palette::tip); }
  std::vector<double> state() const override { return {x_}; }
  void set_state(std::span<const double> s) override { x_ = s[0]; }
  std::unique_ptr<Task> clone() const override { return std::make_unique<Broken>(*this); }

 private:
  double x_ = 0;
};

planet::EnvSpec broken_spec() {
  planet::EnvSpec spec;
  spec.name = "broken";
  spec.description = "a reward that is no number";
  spec.time_limit = 20;
  spec.dt = 0.1;
  spec.view = 2;
  spec.make_task = [](const planet::TaskValues&) -> std::unique_ptr<planet::Task> {
    return std::make_unique<Broken>();
  };
  return spec;
}

}  // namespace

int main(int argc, char** argv) {
  planet::EnvSpec another = planet::env_spec("pendulum_swingup");
  another.name = "another_pendulum";
  return planet::run(
      argc, argv,
      {another, planet::test::counting_spec(), planet::test::terminating_spec(), broken_spec()});
}
