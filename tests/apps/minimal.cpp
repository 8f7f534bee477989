// The front page: what it learns in three rounds, and that Trainer makes the same updates.
#define main minimal_main
#include "apps/minimal.cpp"
#undef main

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "rssm/trainer.hpp"
#include "tests/apps/programs.hpp"

TEST_CASE("the page's losses fall and the trainer gives the same parameters bit for bit") {
  constexpr int rounds = 3, C = 20;
  const auto env = make_env("pendulum_swingup", {.image_size = 32, .time_limit = 100});
  WorldModel page(model_preset("tiny"), seed), model(model_preset("tiny"), seed);
  Replay D(std::size_t{1} << 28), replay(std::size_t{1} << 28);
  algorithm_1(*env, page, D, S + rounds, C);

  REQUIRE(D.episodes().size() == S + rounds);
  for (const Episode& e : D.episodes()) {
    CHECK(std::isfinite(e.episode_return()));
    CHECK(e.rows() == env->episode_length() + 1);
  }

  Trainer trainer(model, {seed, B, L, max_norm, {.learning_rate = alpha}});
  double before = std::numeric_limits<double>::infinity();
  for (int round = 0; round < rounds; ++round) {
    while (std::ssize(replay.episodes()) < S + round)
      replay.add(D.episodes()[replay.episodes().size()]);
    double loss = 0;  // mean over the round
    for (int s = 0; s < C; ++s)
      loss += static_cast<double>(trainer.update(replay, round * C + s).elbo.loss.item()) / C;
    INFO("round ", round, ": loss ", loss, " after ", before);
    CHECK(loss < before);
    before = loss;
  }
  const auto theta = [](const WorldModel& m) {
    return std::vector<float>(m.params().values<float>(),
                              m.params().values<float>() + m.params().size());
  };
  CHECK(theta(page) == theta(model));
  CHECK(theta(page) != theta(WorldModel(model_preset("tiny"), seed)));
}

TEST_CASE("minimal prints its usage") {
  const test::Scratch scratch;
  for (const test::Args& args : {test::Args{"5"}, test::Args{"many"}, test::Args{"8", "9"}}) {
    const test::Result r = test::run(scratch, "minimal", args);
    CHECK(r.status == 2);
    CHECK(r.err == "usage: minimal [EPISODES], more than 5\n");
  }
}
