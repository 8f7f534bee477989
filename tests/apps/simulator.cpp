// CEM in the true simulator: the planner's first integration test, for here no model can be wrong.
#include <doctest/doctest.h>

#include <cmath>

#include "apps/common/options/recipes.hpp"
#include "apps/common/simulator/simulator_dynamics.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"
#include "envs/task_env.hpp"
#include "tests/support/scratch_folder.hpp"

using namespace planet;
using planet::test::error_of;

namespace {

std::vector<std::uint64_t> seeds(std::uint64_t first, std::size_t n) {
  std::vector<std::uint64_t> s;
  for (std::size_t k = 0; k < n; ++k) s.push_back(first + k);
  return s;
}

struct Summary {
  double mean = 0, std = 0;
};
Summary summary(const std::vector<double>& x) {
  Summary s;
  for (const double v : x) s.mean += v / static_cast<double>(x.size());
  for (const double v : x) s.std += (v - s.mean) * (v - s.mean);
  s.std = std::sqrt(s.std / static_cast<double>(x.size() - 1));
  return s;
}

// A world of pure chance: the reward is a fresh uniform number, whatever is done. Ends after
// `length` steps by itself if that is set.
class Chance final : public Task {
 public:
  explicit Chance(int length = 0) : length_(length) {}
  std::string name() const override { return "chance"; }
  int action_size() const override { return 1; }
  std::vector<std::string> state_names() const override { return {"steps"}; }
  void start(Rng&) override { steps_ = 0; }
  int uniforms() const override { return 1; }
  TaskStep step(std::span<const double>, std::span<const double> w) override {
    steps_ += 1;
    return {w[0], length_ > 0 && steps_ >= length_};
  }
  void draw(Scene& scene) const override { scene.clear(); }
  std::vector<double> state() const override { return {steps_}; }
  void set_state(std::span<const double> state) override { steps_ = state[0]; }
  std::unique_ptr<Task> clone() const override { return std::make_unique<Chance>(*this); }

 private:
  int length_;
  double steps_ = 0;
};

std::vector<float> random_actions(std::ptrdiff_t n) {
  std::vector<float> a(static_cast<std::size_t>(n));
  Rng rng(5, Stream::test);
  for (float& x : a) x = static_cast<float>(rng.uniform(-1, 1));
  return a;
}

std::vector<double> imagine(SimulatorDynamics& dynamics, std::ptrdiff_t H, std::ptrdiff_t J,
                            const std::vector<float>& actions, std::uint64_t seed = 1) {
  Rng rng(seed, Stream::planner);
  std::vector<double> returns(static_cast<std::size_t>(J));
  dynamics.imagine({H, J, 1, actions.data()}, rng, returns.data());
  return returns;
}

}  // namespace

TEST_CASE("a rollout in the simulator is an episode played there") {
  for (const char* name : {"pendulum_swingup", "cartpole_swingup"}) {
    constexpr std::ptrdiff_t H = 5, J = 37;
    const auto actions = random_actions(H * J);
    const auto env = make_env(name);
    SimulatorDynamics dynamics(*env);
    for (const std::uint64_t seed : {3u, 4u}) {
      env->reset(seed);
      env->step(std::vector<double>{0.7});
      dynamics.start(*env);
      const EnvSnapshot before = env->save();
      const auto returns = imagine(dynamics, H, J, actions);
      CHECK(env->save() == before);  // only read
      for (std::size_t j = 0; j < J; ++j) {
        const auto copy = env->clone();
        double sum = 0;
        for (std::size_t t = 0; t < H; ++t) {
          const double a[] = {static_cast<double>(actions[t * J + j])};
          sum += copy->step(std::span<const double>(a)).reward;
        }
        CHECK(returns[j] == sum);
      }
    }
  }
}

TEST_CASE("a plan in the simulator has the same bits on any number of threads") {
  EnvOptions hundred;
  hundred.time_limit = 100;
  const auto env = make_env("cartpole_swingup", hundred);
  PlannerConfig cem;
  cem.candidates = 100, cem.elites = 10, cem.iterations = 2;
  const int before = threads();
  std::vector<std::vector<double>> all;
  for (const int n : {1, 2, 3, 7}) {
    set_threads(n);
    all.push_back(oracle_returns(*env, cem, seeds(1000, 3)));
  }
  EnvOptions ten;
  ten.time_limit = 10;
  const auto duel = make_env("duel", ten);
  std::vector<std::vector<double>> shared;
  for (const int n : {1, 2, 3, 7}) {
    set_threads(n);
    shared.push_back(oracle_returns(*duel, cem, seeds(1000, 2), {}, {Future::shared, 4}));
  }
  set_threads(before);
  for (const auto& returns : all) CHECK(returns == all[0]);
  for (const auto& returns : shared) CHECK(returns == shared[0]);
  // P21: side by side or alone.
  CHECK(oracle_returns(*env, cem, seeds(1001, 1))[0] == all[0][1]);
}

TEST_CASE("a planner that knows its state roughly returns less, the rougher the less") {
  const auto env = make_env("point_mass_easy");
  const PlannerConfig cem{"cem", 12, 3, 50, 5};
  const auto mean_return = [&](double error) {
    return summary(oracle_returns(*env, cem, seeds(1000, 4), {}, {}, error)).mean;
  };
  const double exact = mean_return(0), rough = mean_return(0.3), rougher = mean_return(3);
  CHECK(exact == summary(oracle_returns(*env, cem, seeds(1000, 4))).mean);
  CHECK(exact > rough);
  CHECK(rough > rougher + 20);
}

TEST_CASE("every candidate has its own random numbers") {
  TaskEnv env(std::make_unique<Chance>(), {16, 1, 100, 0});
  env.reset(1);
  SimulatorDynamics dynamics(env);
  dynamics.start(env);
  const std::vector<float> actions(3 * 200);
  const auto once = imagine(dynamics, 3, 200, actions);
  CHECK(once == imagine(dynamics, 3, 200, actions));
  CHECK(once != imagine(dynamics, 3, 200, actions, 2));
  double mean = 0;
  for (std::size_t j = 0; j < 200; ++j) {
    mean += static_cast<double>(once[j]) / 200;
    for (std::size_t i = 0; i < j; ++i) REQUIRE(once[i] != once[j]);
  }
  CHECK(std::abs(mean - 1.5) < 4.5 * 0.5 / std::sqrt(200.0));  // three uniforms: variance 1/4
  // The true future is none of them.
  double truth = 0;
  for (int t = 0; t < 3; ++t) truth += env.step(std::vector<double>{0}).reward;
  for (const double r : once) CHECK(r != truth);
}

TEST_CASE("a plan respects the task's end but not the time limit") {
  const std::vector<float> actions(10 * 8);
  TaskEnv limited(std::make_unique<Chance>(), {16, 1, 20, 0});
  limited.reset(1);
  for (int t = 0; t < 18; ++t) limited.step(std::vector<double>{0});
  SimulatorDynamics a(limited);
  a.start(limited);
  for (const double r : imagine(a, 10, 8, actions)) CHECK(r > 2.0);  // ten steps, not two

  TaskEnv ending(std::make_unique<Chance>(3), {16, 1, 20, 0});
  ending.reset(1);
  ending.step(std::vector<double>{0});
  SimulatorDynamics b(ending);
  b.start(ending);
  for (const double r : imagine(b, 10, 8, actions)) CHECK(r < 2.0);  // two steps remain
  CHECK(oracle_returns(ending, PlannerConfig{"cem", 4, 1, 10, 2, 1}, seeds(1, 3)).size() == 3);
}

TEST_CASE("the simulator refuses what is not an episode with a sentence") {
  const auto env = make_env("pendulum_swingup");
  SimulatorDynamics dynamics(*env);
  CHECK(error_of([&] { dynamics.start(*env); }) ==
        "[pendulum_swingup] a plan begins within an episode; call reset() first");
  env->reset(1);
  StepResult step;
  while (!step.done()) step = env->step(std::vector<double>{0});
  CHECK(error_of([&] { dynamics.start(*env); }) != "");
  const auto other = make_env("cartpole_swingup");
  other->reset(1);
  CHECK(error_of([&] { dynamics.start(*other); }) != "");
  const std::vector<float> actions(4);
  CHECK(error_of([&] { imagine(dynamics, 1, 2, actions); }) ==
        "[SimulatorDynamics] there is no state to plan from; call start() first");
}

TEST_CASE("random actions reach the lower end of the pendulum's score") {
  // 125.3 +- 15.2 over 100 episodes is registered; 4 combined standard errors.
  const auto env = make_env("pendulum_swingup");
  const Summary s = summary(random_returns(*env, seeds(1, 100)));
  const double error = std::sqrt((15.2 * 15.2 + s.std * s.std) / 100);
  CHECK(std::abs(s.mean - 125.3) < 4 * error);
}

TEST_CASE("CEM in the true pendulum reaches the upper end of its score") {
  // Full budget: H 12, I 10, J 1000, K 100, ten episodes. 189.4 +- 8.0 over ten is registered;
  // within three combined standard errors, or 1 % of the maximum of 200.
  const EnvSpec& spec = env_spec("pendulum_swingup");
  const Summary s =
      summary(oracle_returns(*make_env(spec.name), recipe_of(spec.name).oracle, seeds(1000, 10)));
  const double error = std::sqrt((8.0 * 8.0 + s.std * s.std) / 10);
  MESSAGE("return " << s.mean << " +- " << s.std);
  CHECK(std::abs(s.mean - 189.4) < std::max(3 * error, 2.0));
  CHECK(s.mean > 180);
}

TEST_CASE("CEM with small budgets solves the true point mass and the reacher") {
  // The point mass with J 300, I 6 instead of 1000, 10: 384.5 is published, 384.9 for the full
  // budget; and the shaped reacher at its registered budget, 989 +- 8.
  PlannerConfig cem;
  cem.candidates = 300, cem.iterations = 6, cem.elites = 30;
  const Summary mass = summary(oracle_returns(*make_env("point_mass_easy"), cem, seeds(1000, 4)));
  MESSAGE("point mass " << mass.mean << " +- " << mass.std);
  CHECK(std::abs(mass.mean - 384.5) < 3 * 8.5 * std::sqrt(1.0 / 4 + 1.0 / 10));
  const EnvSpec& spec = env_spec("reacher_shaped");
  const Summary reacher =
      summary(oracle_returns(*make_env(spec.name), recipe_of(spec.name).oracle, seeds(1000, 2)));
  MESSAGE("reacher " << reacher.mean << " +- " << reacher.std);
  CHECK(reacher.mean > 960);
}

TEST_CASE("CEM with a small budget swings the true cart-pole up") {
  // J 200, I 4, K 20. Sixteen episodes of this budget (seeds 1000 to 1015) returned 784 +- 49, so
  // the mean of four is below 700 once in 3000. A random policy returns 119; the full budget's
  // 851 is measured in apps/studies/true_simulator.
  PlannerConfig cem;
  cem.candidates = 200, cem.iterations = 4, cem.elites = 20;
  const Summary s = summary(oracle_returns(*make_env("cartpole_swingup"), cem, seeds(1000, 4)));
  MESSAGE("return " << s.mean << " +- " << s.std);
  CHECK(s.mean > 700);
}
