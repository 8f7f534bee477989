// P39: the environment of envs/README.md, which nobody registered, is learned from and planned in.
#include <doctest/doctest.h>

#include <cmath>

#include "apps/common/run/acting.hpp"
#include "autograd/base/error.hpp"
#include "rssm/trainer.hpp"
#include "tests/envs/boat.hpp"

using namespace planet;

namespace {

RunConfig small_config(const Env& env) {
  RunConfig config;
  config.model = model_preset("tiny", env.image_size());
  config.model.action_size = env.action_size();
  config.batch_size = 8, config.batch_length = 10;
  config.planner = {"cem", 3, 2, 20, 4};
  return config;
}

}  // namespace

TEST_CASE("P39 a model learns from the thirty-line environment and plans in it") {
  TaskEnv env(std::make_unique<Boat>(),
              {.image_size = 16, .action_repeat = 2, .time_limit = 60, .view = 0});
  const RunConfig config = small_config(env);
  Replay replay(std::size_t{1} << 24);
  for (std::uint64_t seed = 1; seed <= 5; ++seed) replay.add(random_episode(env, seed));

  WorldModel model(config.model, config.seed);
  Trainer trainer(model, config.trainer());
  std::vector<double> losses;
  for (std::int64_t k = 0; k < 30; ++k)
    losses.push_back(trainer.update(replay, k).elbo.loss.item());
  CHECK(losses.back() < 0.7 * losses.front());
  for (const double loss : losses) REQUIRE(std::isfinite(loss));

  MpcAgent agent(model, config.planner, AgentStreams::collecting(config.seed));
  RunState run;
  Limits limits(config, run);
  const std::optional<CollectedEpisode> collected = collect(env, agent, config, 0, limits);
  REQUIRE(collected.has_value());
  CHECK(collected->decisions == 30);
  CHECK(collected->env_frames == 60);
  CHECK(collected->episode.episode_return() > 0);
}
