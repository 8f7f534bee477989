// Every random number of a training comes from the stream that has its consumer's name, and no two
// consumers share one. Each is held against numbers drawn here, straight from that stream: a
// consumer that drew from another one's would make other numbers, or leave its own untouched.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "apps/common/options/config_file.hpp"
#include "apps/common/run/acting.hpp"
#include "autograd/kernels/random.hpp"
#include "nn/init.hpp"
#include "rssm/trainer.hpp"

using namespace planet;

namespace {

RunConfig small_run() {
  return config_from_text(
      "seed = 7\nimage_size = 16\nseed_episodes = 2\nbatch_size = 2\nbatch_length = 4\n"
      "deter_size = 8\nstoch_size = 5\nhidden_size = 8\nreward_units = 8\nhorizon = 3\n"
      "iterations = 2\ncandidates = 10\nelites = 2\novershooting_distance = 3\n"
      "env_option = [\"time_limit=20\"]\n",
      "small");
}

std::vector<float> normals(Stream stream, std::uint32_t substream, std::ptrdiff_t n) {
  Rng rng(7, stream, substream);
  std::vector<float> x(static_cast<std::size_t>(n));
  kernels::fill_normal(rng, x.data(), n);
  return x;
}

std::vector<float> values(Var x) { return {x.value<float>().begin(), x.value<float>().end()}; }

Replay random_episodes(const RunConfig& config, Env& env) {
  Replay replay(1 << 24);
  for (int k = 0; k < 2; ++k) replay.add(collect_random(env, config, k).episode);
  return replay;
}

}  // namespace

TEST_CASE("an update draws windows, pixels' noise and both noises from streams of their names") {
  const RunConfig config = small_run();
  const auto env = make_env(config.env, config.make_env_options());
  Replay replay = random_episodes(config, *env);
  WorldModel model(config.model, config.seed);
  Trainer trainer(model, config.trainer());
  for (const std::uint32_t k : {0u, 3u}) {
    const Sequence batch = trainer.batch(replay, k);
    const std::ptrdiff_t L = 4, B = 2, D = 3, D_s = 5;
    CHECK(values(batch.noise) == normals(Stream::posterior, k, L * B * D_s));
    CHECK(values(batch.overshoot_noise) == normals(Stream::overshoot, k, D * L * B * D_s));
    Rng choose(7, Stream::replay, k), dequantise(7, Stream::dequantise, k), none(7, Stream::test);
    Tape tape(Precision::f32);
    const Sequence again =
        make_sequence(tape, replay.sample(B, L, choose), config.model, dequantise, none);
    CHECK(values(batch.action) == values(again.action));
    CHECK(values(batch.image) == values(again.image));
  }
}

TEST_CASE("initial weights come from the stream of their name") {
  const RunConfig config = small_run();
  const WorldModel model(config.model, config.seed);
  const Param& first = *model.params().find("encoder/0/weight");
  ParamStore store(Precision::f32);
  Param& drawn = store.add("drawn", first.shape);
  Rng rng(7, Stream::init);
  init_glorot_uniform(drawn, rng);
  const auto n = first.shape.size();
  CHECK(std::equal(drawn.value<float>(), drawn.value<float>() + n, first.value<float>()));
}

TEST_CASE("random episodes draw actions from one stream and the world's seed from another") {
  const RunConfig config = small_run();
  const auto env = make_env(config.env, config.make_env_options());
  for (const std::uint32_t k : {0u, 5u}) {
    const Episode e = collect_random(*env, config, k).episode;
    Rng actions(7, Stream::random_action, k);
    for (std::size_t t = 1; t < e.action.size(); ++t)
      CHECK(e.action[t] == static_cast<float>(actions.uniform(-1, 1)));
    const std::uint64_t seed = Rng(7, Stream::training_env, k).bits() | std::uint64_t{1} << 63;
    CHECK(training_env_seed(7, k) == seed);
    CHECK(env->save().seed == seed);
  }
}

TEST_CASE("an agent draws as much from each of its streams as each of its consumers needs") {
  const RunConfig config = small_run();
  const auto env = make_env(config.env, config.make_env_options());
  WorldModel model(config.model, config.seed);
  MpcAgent agent(model, config.planner, AgentStreams::collecting(config.seed));
  Limits limits(config, RunState{});
  REQUIRE(collect(*env, agent, config, 3, limits));
  const AgentStreams& s = agent.streams();
  const std::uint64_t decisions = 10, pixels = 16 * 16 * 3 / 4, posterior = (5 + 3) / 4;
  CHECK(s.agent.position() == decisions * (pixels + posterior));
  CHECK(s.explore.position() == decisions);  // of one action
  // Two iterations of 3 x 10 numbers, and the imagined states of as many.
  const std::uint64_t actions = (30 + 3) / 4, states = (10 * 5 + 3) / 4;
  CHECK(s.planner.position() >= decisions * 2 * (actions + 3 * states));
  CHECK(s.planner.position() % decisions == 0);
  CHECK(s.agent.stream() == Stream::agent);
  CHECK(s.planner.stream() == Stream::planner);
  CHECK(s.explore.stream() == Stream::explore);
  for (const Rng& rng : {s.agent, s.planner, s.explore}) {
    CHECK(rng.seed() == 7);
    CHECK(rng.substream() == 3);
  }
}

TEST_CASE("no two episodes of an evaluation share a stream, nor two consumers in one") {
  std::set<std::uint32_t> taken;
  for (std::uint32_t k = 0; k < 20; ++k) {
    const AgentStreams s = AgentStreams::evaluating(7, k);
    for (const Rng& rng : {s.agent, s.planner, s.explore}) {
      CHECK(rng.stream() == Stream::evaluate);
      CHECK(taken.insert(rng.substream()).second);
    }
  }
}
