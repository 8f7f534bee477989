// Duel: every line of its step by hand, the opponent's probabilities, the best and worst returns.
#include "envs/tasks/duel.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "autograd/base/error.hpp"
#include "tests/envs/support.hpp"

using namespace planet;
using test::contains;
using test::sentence;

namespace {

using State = std::vector<double>;

std::unique_ptr<Env> make() {
  EnvOptions options;
  options.image_size = 16;
  auto env = make_env("duel", options);
  env->reset(1);
  return env;
}

struct After {
  State state;
  double reward;
};

// No lunge begins with w0 = 0.9.
After one_step(const State& state, double u, double w0 = 0.9, double w1 = 0) {
  const auto env = make();
  env->set_state(state);
  const double reward = env->step_with(std::array{u}, std::array{w0, w1}, nullptr).reward;
  return {env->state(), reward};
}

// Linear through (0, 1), (0.7, 0.95), (1.2, 0), from the other side of each piece.
double paid(double gap) {
  return gap < 0.7 ? 0.95 + 0.05 * (0.7 - gap) / 0.7 : 0.95 * (1.2 - gap) / 0.5;
}

}  // namespace

TEST_CASE("the phases of the opponent follow each other") {
  CHECK(Duel::next_phase(0, 0.2, 0.1) == 0);
  CHECK(Duel::next_phase(0, 0.19999, 0.49999) == 1);
  CHECK(Duel::next_phase(0, 0.19999, 0.5) == 11);
  for (const double w : {0.0, 0.9}) {  // once begun, a lunge does not depend on chance
    for (const int phase : {1, 2, 3, 4, 5, 11, 12, 13, 14, 15})
      CHECK(Duel::next_phase(phase, w, w) == phase + 1);
    CHECK(Duel::next_phase(6, w, w) == 0);
    CHECK(Duel::next_phase(16, w, w) == 0);
  }
  const double lunge[] = {-0.35, -0.7, -0.7, -0.5, -0.3, -0.1};
  const double back[] = {0.12, 0.25, 0.35, 0.35, 0.2, 0.1};
  CHECK(Duel::place(0) == 0.5);
  for (int k = 0; k < 6; ++k) {
    CHECK(Duel::place(1 + k) == 0.5 + lunge[k]);
    CHECK(Duel::place(11 + k) == 0.5 + back[k]);
    CHECK(Duel::lunging(1 + k));
    CHECK_FALSE(Duel::lunging(11 + k));
  }
  CHECK_FALSE(Duel::lunging(0));
}

TEST_CASE("duel steps computed by hand") {
  // Far away, moving: gap = 0.2 - x.
  const After far = one_step({-0.9, 0, 0}, 0.5);
  CHECK(far.state == State{-0.9 + 0.1 * 0.5, 0, 0});
  CHECK(far.reward == doctest::Approx(paid(0.2 + 0.85)).epsilon(1e-12));
  // The safe distance, and the best place.
  CHECK(one_step({-0.5, 0, 0}, 0).reward == doctest::Approx(0.95).epsilon(1e-12));
  CHECK(one_step({0.2, 0, 0}, 0).reward == 1);
  CHECK(one_step({-1, 0, 0}, 0).reward == doctest::Approx(0).epsilon(1e-12));
  CHECK(one_step({-1, 0, 0}, -1).state[0] == -1);  // the bar ends
  // A calm opponent is a wall, at rest and in a step back: o - 0.3.
  const After wall = one_step({0.15, 0, 0}, 1);
  CHECK(wall.state == State{0.5 - 0.3, 0, 0});
  CHECK(wall.reward == 1);
  CHECK(one_step({0.45, 12, 0}, 1).state == State{0.5, 13, 0});  // o = 0.85, o - 0.3 > 0.5
  CHECK(one_step({0.45, 15, 0}, 1).state == State{0.6 - 0.3, 16, 0});
  CHECK(one_step({0.45, 15, 0}, 1).reward == 1);
  // The lunge comes to 0.15 at once: from 0 it hits, from -0.2 it does not; at its top it hits.
  const After hit = one_step({0, 0, 0}, 0, 0.1, 0.1);
  CHECK(hit.state == State{-1, 1, 12});
  CHECK(hit.reward == 0);
  const After spared = one_step({-0.2, 0, 0}, 0, 0.1, 0.1);
  CHECK(spared.state == State{-0.2, 1, 0});
  CHECK(spared.reward == doctest::Approx(paid(0.4)).epsilon(1e-12));
  CHECK(one_step({-0.2, 1, 0}, 0).state == State{-1, 2, 12});
  CHECK(one_step({-0.55, 1, 0}, 0).state == State{-0.55, 2, 0});  // -0.2 + 0.55 > 0.3
  // Also on its way back it is hostile: at phase 6 it stands at 0.4.
  CHECK(one_step({0.15, 5, 0}, 0).state == State{-1, 6, 12});
  CHECK(one_step({0.15, 6, 0}, 0).state == State{0.15, 0, 0});
}

TEST_CASE("stun lasts twelve steps without motion or reward") {
  const auto env = make();
  env->set_state(State{0, 0, 0});
  const auto step = [&](double u) {
    return env->step_with(std::array{u}, std::array{0.9, 0.9}, nullptr).reward;
  };
  env->step_with(std::array{1.0}, std::array{0.0, 0.0}, nullptr);
  CHECK(env->state() == State{-1, 1, 12});
  for (int k = 11; k >= 0; --k) {
    CHECK(step(1) == doctest::Approx(0).epsilon(1e-12));
    CHECK(env->state()[0] == -1);
    CHECK(env->state()[2] == k);
  }
  CHECK(step(1) > 0.1);
  CHECK(env->state()[0] == -0.9);
  // While stunned it cannot be hit again, a calm opponent pushes it all the same, and it earns
  // nothing until the stun is over.
  CHECK(one_step({0.4, 1, 5}, 1).state == State{0.4, 2, 4});
  CHECK(one_step({0.4, 0, 5}, 1).state == State{0.5 - 0.3, 0, 4});
  CHECK(one_step({0.2, 0, 2}, 1).reward == 0);
  CHECK(one_step({0.2, 0, 1}, 1).reward == 1);
}

TEST_CASE("no return exceeds that of the best course of chance") {
  // The opponent never moves; from -0.8 the agent approaches by 0.1 per step, paid(gap) after each.
  const auto env = make();
  env->set_state(State{-0.8, 0, 0});
  double total = 0, expected = 0;
  for (int t = 1; t <= 150; ++t) {
    total += env->step_with(std::array{1.0}, std::array{0.9, 0.9}, nullptr).reward;
    expected += paid(std::max(1.0 - 0.1 * t, 0.0));
  }
  CHECK(total == doctest::Approx(expected).epsilon(1e-9));
  CHECK(total < env_spec("duel").max_return);
  CHECK(total > 146);
  // And for any action a step pays between 0 and 1.
  const test::Episode episode = test::random_episode(*env, 3, false);
  for (const double r : episode.rewards) CHECK((r >= 0 && r <= 1));
}

TEST_CASE("the opponent moves with its stated probabilities") {
  const auto env = make();
  long rest = 0, lunges = 0, backs = 0;
  env->reset(2);
  for (int episode = 0; episode < 100; ++episode) {
    const std::uint64_t before = env->save().rng_position;
    double phase = 0;
    for (StepResult r; !r.done();) {
      r = env->step(std::array{-1.0});
      const double now = env->state()[1];
      if (phase == 0) ++rest;
      if (phase == 0 && now == 1) ++lunges;
      if (phase == 0 && now == 11) ++backs;
      phase = now;
    }
    CHECK(env->save().rng_position == before + 2 * 150);  // two per step, used or not
    env->reset();
    CHECK(env->save().rng_position == before + 2 * 150 + 1);
    CHECK((env->state()[0] >= -1 && env->state()[0] < -0.8));
  }
  const auto n = static_cast<double>(rest), starts = static_cast<double>(lunges + backs);
  CHECK(n > 5000);
  CHECK(std::abs(starts - 0.2 * n) < 4 * std::sqrt(n * 0.2 * 0.8));  // four standard errors
  CHECK(std::abs(static_cast<double>(lunges) - starts / 2) < 4 * std::sqrt(starts / 4));
}

TEST_CASE("duel pictures show stun and hide the phase") {
  const auto picture = [](const State& state) {
    const auto env = make();
    env->set_state(state);
    return env->render();
  };
  CHECK(picture({-0.5, 0, 0}) != picture({-0.5, 0, 3}));
  CHECK(picture({-0.5, 0, 1}) == picture({-0.5, 0, 12}));
  CHECK(picture({-0.9, 2, 0}) == picture({-0.9, 3, 0}));  // the top of the lunge, twice
  CHECK(picture({-0.9, 1, 0}) != picture({-0.9, 2, 0}));
}

TEST_CASE("duel refuses states that no episode reaches") {
  const auto error = [](const State& s) {
    const auto env = make();
    return sentence([&] { env->set_state(s); });
  };
  CHECK(error({0.5, 16, 12}).empty());
  CHECK(contains(error({0.51, 0, 0}), "x is 0.51"));
  CHECK(contains(error({-1.01, 0, 0}), "x is -1.01"));
  for (const double phase : {-1.0, 7.0, 10.0, 17.0, 1.5})
    CHECK(contains(error({0, phase, 0}), "it is 0 at rest, 1 to 6 in a lunge"));
  for (const double stun : {-1.0, 13.0, 0.5}) CHECK(contains(error({0, 0, stun}), "stun is"));
}
