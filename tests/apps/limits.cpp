// Limits and counters across a stop: each of them goes on where the earlier process left it.
#include "apps/common/run/limits.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "apps/common/console/console.hpp"
#include "nn/files/atomic_file.hpp"
#include "nn/files/json.hpp"
#include "tests/apps/csv.hpp"

using namespace planet;
using namespace planet::test;

namespace {

RunState counters(const fs::path& run) {
  return RunState::from_json(Json::parse(text_of(latest(run) / "state.json")));
}

}  // namespace

TEST_CASE("a time limit counts the seconds of earlier processes") {
  RunConfig config;
  config.total_episodes = 0;
  config.time_limit = {1000};
  RunState state;
  state.seconds = 600;
  const Limits limits(config, state);
  const double now = process_seconds();
  CHECK(limits.elapsed() >= 600 + now);
  CHECK(limits.elapsed() < 601 + now);
  CHECK(limits.remaining() == doctest::Approx(400 - now).epsilon(1e-3));
  CHECK(limits.fraction(state) == doctest::Approx((600 + now) / 1000).epsilon(1e-3));
  CHECK_FALSE(limits.reached(state));
  state.seconds = 1000;
  CHECK(Limits(config, state).reached(state));
  CHECK(Limits(config, state).reason(state) == "time limit 1000s");
}

TEST_CASE("episodes and frames of earlier processes count towards their limits") {
  RunConfig config;
  config.total_episodes = 10;
  config.steps = 2000;
  RunState state;
  state.episodes = 9, state.env_frames = 1999;
  CHECK_FALSE(Limits(config, state).reached(state));
  state.episodes = 10;
  CHECK(Limits(config, state).reached(state));
  state.episodes = 9, state.env_frames = 2000;
  CHECK(Limits(config, state).reached(state));
  CHECK(Limits(config, state).reason(state) == "2,000 environment frames");
}

TEST_CASE("state.json brings back every counter") {
  RunState s;
  s.updates = 1, s.episodes = 5, s.decisions = 3, s.env_frames = 4, s.episodes_in_memory = 2;
  s.ranks = 14;
  s.seconds = 6, s.evaluated_episodes = 7, s.evaluated_updates = 8, s.evaluated_seconds = 9;
  s.evaluation_cost = 10, s.metrics_rows = 11, s.best_return = 12, s.best = "000000013";
  const Json json = s.to_json();
  for (const auto& [key, value] : json.as_object()) {
    INFO(key);
    CHECK(RunState::from_json(json).to_json().at(key) == value);
    if (key != "format" && key != "round") CHECK(RunState{}.to_json().at(key) != value);
  }
}

TEST_CASE("a run in three processes has the counters of one, and one clock") {
  const Scratch scratch;
  const fs::path whole = scratch / "whole", parts = scratch / "parts";
  const Args looks{"--eval-every", "2", "--checkpoint-every", "1"};
  REQUIRE(run(scratch, "train", smallest(whole, looks + Args{"--total-episodes", "8"})).status ==
          0);
  REQUIRE(run(scratch, "train", smallest(parts, looks + Args{"--total-episodes", "4"})).status ==
          0);
  double seconds = counters(parts).seconds;
  CHECK(seconds > 0);
  // 6 episodes of 10 decisions of 2 frames, and after them 8 in all.
  for (const Args& more : {Args{"--total-episodes", "0", "--steps", "120"},
                           Args{"--total-episodes", "8", "--steps", "0"}}) {
    const Result r = run(scratch, "train", Args{"--resume", parts.string()} + more);
    INFO(r.err);
    REQUIRE(r.status == 0);
    CHECK(counters(parts).seconds > seconds);
    seconds = counters(parts).seconds;
  }
  const auto a = read_csv(whole / "metrics.csv"), b = read_csv(parts / "metrics.csv");
  REQUIRE(a.size() == b.size());
  double elapsed = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (const auto& [column, cell] : a[i])
      if (!column.starts_with("time/")) CHECK(b[i].at(column) == cell);
    CHECK(std::stod(b[i].at("time/elapsed")) > elapsed);
    elapsed = std::stod(b[i].at("time/elapsed"));
  }
  CHECK(counters(parts).env_frames == 160);
  CHECK(counters(parts).evaluated_seconds > 0);
}

TEST_CASE("a time limit is used up by processes that each take a part of it") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  REQUIRE(run(scratch, "train", smallest(path, {"--total-episodes", "3"})).status == 0);
  // As if the earlier process had taken an hour.
  const fs::path file = latest(path) / "state.json";
  Json state = Json::parse(text_of(file));
  state.set("seconds", 3600.0);
  write_text_atomically(file, state.dump(2));
  const Args hour{"--resume", path.string(), "--total-episodes", "0", "--time-limit", "1h"};
  const Result r = run(scratch, "train", hour);
  INFO(r.err);
  CHECK(r.status == 0);
  CHECK(r.out.find("is finished: time limit 1h reached") != std::string::npos);
  CHECK(counters(path).updates == 3);
}

TEST_CASE("P33 a round of several episodes goes on where it was stopped") {
  const Scratch scratch;
  const fs::path whole = scratch / "whole", parts = scratch / "parts";
  const Args three{"--episodes-per-round", "3"};  // after two seed episodes: 3 + 3 + 1
  REQUIRE(run(scratch, "train", smallest(whole, three + Args{"--total-episodes", "9"})).status ==
          0);
  REQUIRE(run(scratch, "train", smallest(parts, three + Args{"--total-episodes", "6"})).status ==
          0);
  CHECK(latest(parts).filename() == "000000006");
  REQUIRE(run(scratch, "train", {"--resume", parts.string(), "--total-episodes", "9"}).status == 0);
  for (const char* file : {"model.safetensors", "optimizer.safetensors"})
    CHECK(same_tensors(latest(whole) / file, latest(parts) / file));
  CHECK(contents(whole / "episodes") == contents(parts / "episodes"));
  CHECK(latest(whole).filename() == "000000009");  // three rounds of three updates
  const auto rows = read_csv(whole / "metrics.csv");
  REQUIRE(rows.size() == 8);  // an episode each, and the evaluation
  for (std::size_t i = 0; i < 7; ++i) {
    CHECK(rows[i].at("counter/episodes") == std::to_string(i + 3));
    CHECK_FALSE(rows[i].at("train/return").empty());
    CHECK(rows[i].at("loss/total").empty() == (i % 3 != 0));  // the round's first episode
  }
  const Result none =
      run(scratch, "train", smallest(scratch / "none", {"--episodes-per-round", "0"}));
  CHECK(none.status == 2);
  CHECK(none.err.find("episodes_per_round is 0; it must be at least 1") != std::string::npos);
}
