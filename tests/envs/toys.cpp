// The two test environments: counting must reveal an off-by-one error, terminating must end.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "autograd/base/error.hpp"
#include "envs/registry.hpp"
#include "tests/envs/support.hpp"
#include "tests/worlds/counting.hpp"
#include "tests/worlds/terminating.hpp"

using namespace planet;
using namespace planet::test;

TEST_CASE("a counting picture shows its step and the action that led to it") {
  for (const int n : {16, 32, 64})
    for (const int actions : {1, 2, 3, 4}) {
      CAPTURE(n);
      CAPTURE(actions);
      EnvOptions options;
      options.image_size = n;
      options.values["actions"] = std::to_string(actions);
      const auto env = make_env(counting_spec(), options);
      const test::Episode episode = random_episode(*env, 3);
      REQUIRE(episode.pictures.size() == 21);
      for (std::size_t t = 0; t < episode.pictures.size(); ++t) {
        const CountingReading seen = Counting::read(episode.pictures[t], n, actions);
        CHECK(seen.count == static_cast<int>(t));
        CHECK(seen.episode == static_cast<int>(episode.states[0][1]));
        for (std::size_t i = 0; i < static_cast<std::size_t>(actions); ++i) {
          const double led_here = t == 0 ? 0.0 : episode.actions[t - 1][i];
          CHECK(std::abs(seen.action[i] - led_here) <= 1.01 / 255);
        }
      }
    }
}

TEST_CASE("an off-by-one in a record of the counting task is visible") {
  EnvOptions options;
  options.image_size = 16;
  const auto env = make_env(counting_spec(), options);
  const test::Episode episode = random_episode(*env, 8);
  const auto mismatch = [&](std::size_t shift) {
    double worst = 0;
    for (std::size_t t = 1; t + 1 < episode.pictures.size(); ++t) {
      const CountingReading seen = Counting::read(episode.pictures[t], 16, 1);
      worst = std::max(worst, std::abs(seen.action[0] - episode.actions[t - 1 + shift][0]));
    }
    return worst;
  };
  CHECK(mismatch(0) <= 1.01 / 255);
  CHECK(mismatch(1) > 0.5);
}

TEST_CASE("counting rewards depend on the frame chosen by the option") {
  for (const std::string word : {"arrival", "departure", "count"}) {
    CAPTURE(word);
    EnvOptions options;
    options.image_size = 16;
    options.values["reward"] = word;
    const auto env = make_env(counting_spec(), options);
    const test::Episode e = random_episode(*env, 5);
    double worst_other = 0;
    for (std::size_t t = 1; t < e.pictures.size(); ++t) {
      const double shown = Counting::read(e.pictures[t], 16, 1).action[0];
      const double before = Counting::read(e.pictures[t - 1], 16, 1).action[0];
      const double arrival = (1 + shown) / 2, departure = (1 + before) / 2;
      const double expected = word == "arrival"     ? arrival
                              : word == "departure" ? departure
                                                    : static_cast<double>(t) / 255;
      CHECK(std::abs(e.rewards[t - 1] - expected) <= 1.01 / 510);
      worst_other = std::max(worst_other, std::abs(arrival - departure));
    }
    CHECK(worst_other > 0.3);  // the kinds differ in this episode
  }
}

TEST_CASE("a picture of another task is refused") {
  std::vector<std::uint8_t> grey(16 * 16 * 3, 128);
  CHECK_THROWS_AS(Counting::read(grey, 16, 1), Error);
  CHECK_THROWS_AS(Counting::read(std::vector<std::uint8_t>(20 * 20 * 3), 20, 1), Error);
}

TEST_CASE(
    "the terminating task ends early under random actions and lasts when the ball is pushed back") {
  const auto env = make_env(terminating_spec());
  int early = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    if (random_episode(*env, seed, false).last.terminated) ++early;
  CHECK(early >= 15);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    env->reset(seed);
    StepResult last;
    double total = 0;
    int decisions = 0;
    while (!last.done()) {
      last = env->step(std::array{-5 * env->state()[0]});
      total += last.reward;
      ++decisions;
    }
    CHECK_FALSE(last.terminated);
    CHECK(decisions == 30);
    CHECK(total > 55);
    CHECK(total <= terminating_spec().max_return);
  }
}
