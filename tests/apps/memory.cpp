// What a run needs does not grow while it runs.
#include <doctest/doctest.h>

#include <fstream>

#include "apps/common/run/acting.hpp"
#include "rssm/trainer.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

// Resident memory of this process, in KiB.
long resident() {
  std::ifstream status("/proc/self/status");
  for (std::string key; status >> key;) {
    long kib = 0;
    if (key == "VmRSS:" && status >> kib) return kib;
    std::getline(status, key);
  }
  return 0;
}

}  // namespace

TEST_CASE("P34 updates and episodes leak no memory") {
  RunConfig config = task_defaults("pendulum_swingup");
  config.env_options["time_limit"] = "20";
  config.model = model_preset("tiny", 16);
  config.planner = {.horizon = 3, .iterations = 2, .candidates = 10, .elites = 2};
  config.batch_size = 4;
  config.batch_length = 6;
  WorldModel model(config.model, 1);
  Trainer trainer(model, config.trainer());
  const auto env = make_env(config.env, config.make_env_options());
  MpcAgent agent(model, config.planner, AgentStreams::collecting(1));
  RunState state;
  Limits limits(config, state);
  Replay replay(200'000);  // a few episodes: the oldest go
  replay.add(collect_random(*env, config, 0).episode);
  std::size_t tape_memory = 0;
  long before = 0;
  for (std::int64_t k = 0; k < 400; ++k) {
    trainer.update(replay, k);
    if (k % 4 == 0) replay.add(collect(*env, agent, config, k, limits)->episode);
    if (k == 100) {
      tape_memory = trainer.tape().memory();
      before = resident();
    }
  }
  CHECK(trainer.tape().memory() == tape_memory);
  CHECK(replay.bytes() <= replay.budget());
  CHECK(replay.first_index() > 50);
  REQUIRE(before > 0);
  if (!under_address_sanitizer)         // it keeps what was freed, to see who still uses it
    CHECK(resident() - before < 2048);  // 300 more updates and 75 more episodes
}
