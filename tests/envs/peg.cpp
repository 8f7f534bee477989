// The peg family: steps worked out by hand, both sides of every switch, chance, starts, the
// maximum.
#include "envs/tasks/peg.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "autograd/base/error.hpp"
#include "envs/task_env.hpp"
#include "tests/envs/support.hpp"

namespace peg_tests {

using namespace planet;
using test::contains;
using test::sentence;

namespace {

const char* const family[] = {"peg_catch", "peg_memory", "peg_cued", "peg_dodge"};

std::unique_ptr<Env> make(const std::string& name, const std::string& hidden = "") {
  EnvOptions options;
  options.image_size = 16;
  if (!hidden.empty()) options.values["hidden"] = hidden;
  auto env = make_env(name, options);
  env->reset(1);
  return env;
}

struct After {
  std::vector<double> state;
  double reward;
};

After one_step(Env& env, const std::vector<double>& state, double u, double w) {
  env.set_state(state);
  const double reward = env.step_with(std::array{u}, std::array{w}, nullptr).reward;
  return {env.state(), reward};
}

using State = std::vector<double>;

}  // namespace

TEST_CASE("peg steps computed by hand") {
  const auto env = make("peg_catch");
  // Free fall: the paddle moves by 0.1 u, the ball by 0.09; w is not used.
  for (const double w : {0.1, 0.9}) {
    const After a = one_step(*env, {0, 0.9, 0, 0.25, 0, 0}, 0.5, w);
    CHECK(a.state == State{0, 0.9 - 0.09, 0, 0.25 + 0.1 * 0.5, 1, 0});
    CHECK(a.reward == 0);
  }
  // The peg at k = 7: the side is chosen, and the ball has not moved yet. 0.5 is already right.
  CHECK(one_step(*env, {0, 0.36, 0, 0, 6, 0}, 0, 0.49999).state ==
        State{0, 0.36 - 0.09, -0.06, 0, 7, 0});
  CHECK(one_step(*env, {0, 0.36, 0, 0, 6, 0}, 0, 0.5).state ==
        State{0, 0.36 - 0.09, 0.06, 0, 7, 0});
  // One step earlier and later it is not.
  CHECK(one_step(*env, {0, 0.45, 0, 0, 5, 0}, 0, 0.1).state[2] == 0);
  CHECK(one_step(*env, {0, 0.27, 0.06, 0, 7, 0}, 0, 0.1).state ==
        State{0.06, 0.27 - 0.09, 0.06, 0, 8, 0});
  // k = 16 pays nothing; k = 17 pays 1 within 0.2 and 0.1 at a distance of 0.4 more.
  CHECK(one_step(*env, {0.48, -0.45, 0.06, 0.5, 15, 0}, 0, 0).reward == 0);
  CHECK(one_step(*env, {0.54, -0.54, 0.06, 0.5, 16, 0}, 0, 0).reward == 1);
  CHECK(one_step(*env, {0.54, -0.54, 0.06, 0, 16, 0}, 0, 0).reward ==
        doctest::Approx(0.1).epsilon(1e-12));
  CHECK(one_step(*env, {0.54, -0.54, 0.06, 0.2, 16, 0}, 0, 0).reward ==
        doctest::Approx(std::pow(0.1, 0.25)).epsilon(1e-12));
  // k = 20 still pays, the 21st step begins the next drop and pays nothing.
  CHECK(one_step(*env, {0.72, -0.81, 0.06, 0.8, 19, 0}, 0, 0).reward == 1);
  const After wrapped = one_step(*env, {0.78, -0.9, 0.06, 0, 20, 0}, -1, 0);
  CHECK(wrapped.state == State{0, 0.9, 0, -0.1, 0, 0});
  CHECK(wrapped.reward == 0);
  // The paddle stops at 0.8, and an action beyond 1 is one of 1.
  CHECK(one_step(*env, {0, 0.9, 0, 0.75, 0, 0}, 1, 0).state[3] == 0.8);
  CHECK(one_step(*env, {0, 0.9, 0, -0.75, 0, 0}, -1, 0).state[3] == -0.8);
  CHECK(one_step(*env, {0, 0.9, 0, 0, 0, 0}, 7, 0).state[3] == 0.1);
}

TEST_CASE("peg_dodge steps computed by hand") {
  const auto env = make("peg_dodge");
  const double V = 0.5 / 6;
  CHECK(one_step(*env, {0, -0.27, 0, 0.1, 13, 0}, 1, 0.2).state ==
        State{0, -0.27 - 0.09, -V, 0.1 + 0.03, 14, 0});
  CHECK(one_step(*env, {0, 0.36, 0, 0, 6, 0}, 0, 0.2).state[2] == 0);  // no peg there
  // Paid from k = 18 for the distance: 0 up to 0.2, 1 from 0.35 on, linear between.
  CHECK(one_step(*env, {0.2, -0.54, V, 0.9 - 0.2, 16, 0}, 0, 0).reward == 0);
  const auto reward = [&](double distance) {
    return one_step(*env, {0, -0.63, V, V - distance, 17, 0}, 0, 0).reward;
  };
  CHECK(reward(0.1) == 0);
  CHECK(reward(0.19999) == 0);
  CHECK(reward(0.275) == doctest::Approx(0.5).epsilon(1e-12));
  CHECK(reward(-0.275) == doctest::Approx(0.5).epsilon(1e-12));
  CHECK(reward(0.36) == 1);
}

TEST_CASE("the cue decides the side and the next one is drawn with the next drop") {
  const auto env = make("peg_cued");
  for (const double w : {0.1, 0.9})
    for (const double cue : {-1.0, 1.0}) {
      // At the peg the number is not used, at the drop's end it is.
      const After at_peg = one_step(*env, {0, 0.36, 0, 0, 6, cue}, 0, w);
      CHECK(at_peg.state == State{0, 0.36 - 0.09, 0.06 * cue, 0, 7, cue});
      const After next = one_step(*env, {0.78 * cue, -0.9, 0.06 * cue, 0, 20, cue}, 0, w);
      CHECK(next.state == State{0, 0.9, 0, 0, 0, w < 0.5 ? -1.0 : 1.0});
      CHECK(one_step(*env, {0, 0.9, 0, 0, 0, cue}, 0, w).state[5] == cue);
    }
}

TEST_CASE("a longer screen is passed more slowly and left at the same place") {
  for (const char* name : {"peg_memory", "peg_cued"}) {
    std::vector<State> leaving;
    for (const int hidden : {8, 16, 32}) {
      CAPTURE(hidden);
      const auto env = make(name, std::to_string(hidden));
      const int drop = 13 + hidden;
      CHECK(env->episode_length() == 120 * drop / 21);  // 120, 165, 257
      // The first two control steps behind the screen, by hand.
      const State in =
          one_step(*env, {0.06, 0.18, 0.06, 0, 8, name == family[2] ? 1.0 : 0}, 0, 0).state;
      CHECK(in[0] == 0.06 + 0.06 * 8 / hidden);
      CHECK(in[1] == 0.18 - 0.09 * 8 / hidden);
      env->reset(3);
      double most = 0;
      for (int k = 1; k <= drop; ++k) {
        const double reward = env->step_with(std::array{0.0}, std::array{0.9}, nullptr).reward;
        CHECK(env->state()[4] == (k == drop ? 0 : k));
        if (k == 9 + hidden) leaving.push_back(env->state());
        // Rewards for the four steps k = 9 + hidden .. 12 + hidden.
        if (k < 9 + hidden || k == drop) CHECK(reward == 0);
        most = std::max(most, reward);
      }
      CHECK(most > 0);
    }
    for (std::size_t i : {0u, 1u, 3u})
      for (const State& state : leaving)
        CHECK(state[i] == doctest::Approx(leaving[0][i]).epsilon(1e-12));
  }
  CHECK(make("peg_memory")->episode_length() == 120);
  CHECK(make("peg_memory", "16")->episode_length() == 165);
  CHECK(make("peg_memory", "32")->episode_length() == 257);
  // An explicit time limit is kept.
  EnvOptions options;
  options.values["hidden"] = "16";
  options.time_limit = 60;
  CHECK(make_env("peg_cued", options)->episode_length() == 60);
}

TEST_CASE("a perfect player reaches the maximum return and no more") {
  for (const char* name : family)
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      CAPTURE(name);
      CAPTURE(seed);
      const auto env = make(name);
      env->reset(seed);
      double total = 0;
      StepResult result;
      while (!result.done()) {
        const State s = env->state();
        const bool dodges = std::string(name) == "peg_dodge";
        const double goal =
            dodges ? (s[3] < 0 ? -0.8 : 0.8) : s[0] + 4 * s[2];  // under the ball, slightly ahead
        result = env->step(std::array{(goal - s[3]) * 10});
        CHECK(result.reward >= 0);
        CHECK(result.reward <= 1);
        total += result.reward;
      }
      // Three or four paid steps in each of the drops that fit.
      if (std::string(name) == "peg_dodge") CHECK(total <= 27);
      else CHECK(total == 20);
    }
  for (const char* hidden : {"16", "32"}) {
    const auto env = make("peg_memory", hidden);
    double total = 0;
    for (StepResult r; !r.done(); total += r.reward) {
      const State s = env->state();
      r = env->step(std::array{(s[0] + 4 * s[2] - s[3]) * 10});
    }
    CHECK(total == env_spec("peg_memory").max_return);
  }
  // peg_dodge: the maximum can be reached when the ball always goes to the other side.
  const auto env = make("peg_dodge");
  double total = 0;
  for (StepResult r; !r.done(); total += r.reward) {
    const bool right = env->state()[3] >= 0;
    r = env->step_with(std::array{right ? 1.0 : -1.0}, std::array{right ? 0.0 : 0.9}, nullptr);
  }
  CHECK(total == env_spec("peg_dodge").max_return);
}

TEST_CASE("both sides are equally likely and every step draws one number") {
  for (const char* name : family) {
    CAPTURE(name);
    const auto env = make(name);
    const bool cued = std::string(name) == "peg_cued";
    env->reset(5);
    CHECK(env->save().rng_position == (cued ? 2u : 1u));  // paddle, and the first cue
    int left = 0, drops = 0;
    std::set<double> starts;
    for (int episode = 0; episode < 300; ++episode) {
      const std::uint64_t before = env->save().rng_position;
      int steps = 0;
      for (StepResult r; !r.done(); ++steps) {
        r = env->step(std::array{0.0});
        const State s = env->state();
        if (s[4] != (std::string(name) == "peg_dodge" ? 14 : 7)) continue;
        ++drops;
        if (s[2] < 0) ++left;
      }
      CHECK(env->save().rng_position == before + static_cast<std::uint64_t>(steps));
      env->reset();
      starts.insert(env->state()[3]);
      CHECK(std::abs(env->state()[3]) <= (std::string(name) == "peg_dodge" ? 0.4 : 0.8));
      CHECK(env->state()[5] * env->state()[5] == (cued ? 1 : 0));
    }
    CHECK(drops >= 1800);
    CHECK(std::abs(left - drops / 2.0) < 4 * std::sqrt(drops / 4.0));  // four standard errors
    CHECK(*starts.rbegin() - *starts.begin() >
          0.9 * (std::string(name) == "peg_dodge" ? 0.8 : 1.6));
  }
}

TEST_CASE("the first random numbers of a peg task are unchanged") {
  // Fixed order: the paddle, then the cue, then one number per step.
  for (const char* name : family) {
    CAPTURE(name);
    Rng rng(42, Stream::env);
    const double range = std::string(name) == "peg_dodge" ? 0.4 : 0.8;
    const double p = rng.uniform(-range, range);
    const bool cued = std::string(name) == "peg_cued";
    const double cue = cued ? (rng.uniform() < 0.5 ? -1 : 1) : 0;
    const auto env = make(name);
    env->reset(42);
    CHECK(env->state() == State{0, 0.9, 0, p, 0, cue});
    const int peg = std::string(name) == "peg_dodge" ? 14 : 7;
    double w = 0;
    for (int k = 0; k < peg; ++k) w = rng.uniform(), env->step(std::array{0.0});
    const double side = cued ? cue : w < 0.5 ? -1 : 1;
    CHECK(env->state()[2] * side > 0);
  }
}

TEST_CASE("the screen hides the ball") {
  // Behind it the picture is the same wherever the ball is; in peg_catch it is not. Where the ball
  // goes in and comes out (k = 9 and 16) a soft edge may still show a trace of it.
  for (const int n : {16, 32, 64}) {
    const auto worst = [n](const char* name, double x, double y, double k) {
      EnvOptions options;
      options.image_size = n;
      const auto env = make_env(name, options);
      std::vector<std::uint8_t> side[2];
      for (const int right : {0, 1}) {
        const double sign = right == 1 ? 1 : -1;
        env->set_state(State{sign * x, y, sign * 0.06, 0.1, k, 0});
        side[right] = env->render();
      }
      int difference = 0;
      for (std::size_t i = 0; i < side[0].size(); ++i)
        difference = std::max(difference, std::abs(int{side[0][i]} - int{side[1][i]}));
      return difference;
    };
    for (int k = 8; k <= 17; ++k) {
      CAPTURE(n);
      CAPTURE(k);
      const double x = 0.06 * (k - 7), y = 0.9 - 0.09 * k;
      const int seen = worst("peg_memory", x, y, k);
      if (k == 8 || k == 17) CHECK(seen > 50);
      if (k == 9 || k == 16) CHECK(seen < 40);
      if (k > 9 && k < 16) CHECK(seen <= (n == 16 ? 3 : 0));
      CHECK(worst("peg_catch", x, y, k) > 60);
    }
  }
}

TEST_CASE("the lamp shows the cue in the first two pictures of a drop alone") {
  const auto picture = [](double k, double cue) {
    const auto env = make("peg_cued");
    env->set_state(State{0, 0.9 - 0.09 * k, 0, 0.1, k, cue});
    return env->render();
  };
  for (const int k : {0, 1}) CHECK(picture(k, 1) != picture(k, -1));
  for (const int k : {2, 3, 6}) CHECK(picture(k, 1) == picture(k, -1));
}

TEST_CASE("the peg tasks refuse states that no episode reaches") {
  const auto error = [](const char* name, const State& s, const char* hidden = "") {
    const auto env = make(name, hidden);
    return sentence([&] { env->set_state(s); });
  };
  CHECK(error("peg_catch", {0, 0.9, 0, 0.8, 0, 0}).empty());
  CHECK(contains(error("peg_catch", {0, 0.9, 0, 0.81, 0, 0}), "p is 0.81"));
  CHECK(contains(error("peg_catch", {0, 0.91, 0, 0, 0, 0}), "y is 0.91"));
  CHECK(contains(error("peg_catch", {0, -1, 0, 0, 0, 0}), "y is -1"));
  CHECK(contains(error("peg_catch", {0.79, 0, 0, 0, 0, 0}), "x is 0.79"));
  CHECK(contains(error("peg_dodge", {0.51, 0, 0, 0, 0, 0}), "x is 0.51"));
  CHECK(contains(error("peg_catch", {0, 0, 0.05, 0, 0, 0}), "vx is 0.05; it is 0, or 0.06"));
  CHECK(contains(error("peg_catch", {0, 0, 0, 0, 21, 0}), "k is 21"));
  CHECK(contains(error("peg_catch", {0, 0, 0, 0, -1, 0}), "k is -1"));
  CHECK(contains(error("peg_catch", {0, 0, 0, 0, 2.5, 0}), "k is 2.5"));
  CHECK(contains(error("peg_catch", {0, 0, 0, 0, 0, 1}), "has no cue"));
  CHECK(contains(error("peg_cued", {0, 0, 0, 0, 0, 0}), "cue is 0; it is -1 or 1"));
  CHECK(error("peg_memory", {0, 0, 0, 0, 44, 0}, "32").empty());
  CHECK(contains(error("peg_memory", {0, 0, 0, 0, 44, 0}, "16"), "between 0 and 28"));
  // Every state of an episode is accepted.
  for (const char* name : family)
    for (const char* hidden : {"8", "32"}) {
      const bool screened = std::string(name) == "peg_memory" || std::string(name) == "peg_cued";
      const auto env = make(name, screened ? hidden : "");
      const auto other = env->clone();
      for (StepResult r; !r.done();) {
        r = env->step(std::array{0.3});
        CHECK_NOTHROW(other->set_state(env->state()));
      }
    }
}

TEST_CASE("the option hidden belongs to the two tasks with a screen") {
  EnvOptions options;
  CHECK(contains(sentence([&] { set_env_option(env_spec("peg_catch"), options, "hidden=16"); }),
                 "has no option 'hidden'"));
  CHECK(contains(sentence([&] { set_env_option(env_spec("peg_memory"), options, "hidden=12"); }),
                 "hidden is '12'; it is one of 8, 16, 32"));
  set_env_option(env_spec("peg_memory"), options, "hidden=16");
  CHECK_FALSE(env_score(env_spec("peg_memory"), options, 15).has_value());
  options.values["hidden"] = "8";
  CHECK(*env_score(env_spec("peg_memory"), options, 18.9) == doctest::Approx(1));
}

}  // namespace peg_tests
