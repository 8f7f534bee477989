// Planners chosen on a command line: of a run, over a checkpoint's own, in the true simulator.
#include <doctest/doctest.h>

#include "apps/common/simulator/simulator_dynamics.hpp"
#include "envs/numbers.hpp"
#include "nn/files/json.hpp"
#include "tests/apps/csv.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

std::vector<double> returns(const Scratch& scratch, const fs::path& path, const Args& more) {
  const Result r = run(scratch, "eval", Args{path.string(), "--json"} + more);
  INFO(r.err);
  REQUIRE(r.status == 0);
  const Json json = Json::parse(r.out);
  std::vector<double> x;
  for (const Json& value : json.at("returns").as_array()) x.push_back(value.as_double());
  return x;
}

const Args planners[] = {{"--planner", "icem", "--icem-beta", "1"},
                         {"--planner", "mppi", "--mppi-temperature", "0.2"},
                         {"--planner", "random"},
                         {"--cem-covariance", "full"},
                         {"--warm-start"},
                         {"--samples-per-candidate", "4"},
                         {"--start-state", "per-candidate"},
                         {"--candidates", "9"}};

}  // namespace

TEST_CASE("a checkpoint is evaluated and played with the planner that was typed") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  REQUIRE(run(scratch, "train", smallest(path)).status == 0);
  const auto own = returns(scratch, path, {});
  CHECK(returns(scratch, path, {"--planner", "cem"}) == own);
  for (const Args& planner : planners) {
    INFO(planner[0], " ", planner.back());
    const auto other = returns(scratch, path, planner);
    CHECK(other != own);
    const Args episode{path.string(), "--seed", "1000", "--trajectory", "t.csv"};
    const Result played = run(scratch, "play", episode + planner);
    CHECK(has(played.out, "return " + fixed(other[0], 2) + " in"));
    CHECK(return_of(scratch / "t.csv", 2) == other[0]);
  }
}

TEST_CASE("P33 a run with a planner that carries its last plan resumes bit for bit") {
  const Scratch scratch;
  const Args planner{
      "--planner", "icem",          "--warm-start", "true", "--samples-per-candidate",
      "2",         "--start-state", "per-candidate"};
  const fs::path whole = scratch / "whole", halves = scratch / "halves";
  const auto total = [](const char* n) { return Args{"--total-episodes", n}; };
  REQUIRE(run(scratch, "train", smallest(whole, planner + total("6"))).status == 0);
  REQUIRE(run(scratch, "train", smallest(halves, planner + total("4"))).status == 0);
  REQUIRE(run(scratch, "train", Args{"--resume", halves.string()} + total("6")).status == 0);
  CHECK(same_tensors(latest(whole) / "model.safetensors", latest(halves) / "model.safetensors"));
  CHECK(returns(scratch, whole, {}) == returns(scratch, halves, {}));
  CHECK(returns(scratch, whole, planner) == returns(scratch, whole, {}));  // it is the run's own
  // A planner that is typed over it begins with its own defaults.
  CHECK(returns(scratch, whole, {"--planner", "cem"}) != returns(scratch, whole, {}));
}

TEST_CASE("the oracle plans with the planner that was typed") {
  const Scratch scratch;
  const Args budget{"--horizon", "4", "--iterations", "2", "--candidates", "20",
                    "--elites",  "3", "--episodes",   "1"};
  const auto env = make_env("pendulum_swingup");
  const std::uint64_t seeds[] = {1000};
  std::vector<double> seen;
  for (const std::string& method : planner_methods()) {
    Args args{"--planner", method};
    for (std::size_t i = 0; i < budget.size(); i += 2)
      if (method != "random" || budget[i] != "--elites")
        args = args + Args{budget[i], budget[i + 1]};
    const Result r = run(scratch, "eval", Args{"--oracle"} + args + Args{"--csv", method + ".csv"});
    INFO(r.err);
    REQUIRE(r.status == 0);
    const PlannerConfig config{method, 4, 2, 20, method == "random" ? 100 : 3};  // not read
    const double expected = oracle_returns(*env, config, seeds)[0];
    CHECK(has(text_of(scratch / (method + ".csv")),
              "version\n1000," + number_text(expected) + ",pendulum_swingup,,oracle," + method + " "));
    for (const double other : seen) CHECK(other != expected);
    seen.push_back(expected);
  }
}

TEST_CASE("planner options that would do nothing are refused by every program") {
  const Scratch scratch;
  const auto error = [&](const char* program, const Args& args) {
    const Result r = run(scratch, program, args);
    CHECK(r.status == 2);
    return r.err;
  };
  CHECK(has(error("eval", {"--oracle", "--policy", "random", "--planner", "icem"}),
            "--planner is for --policy oracle; random plans nothing"));
  CHECK(has(error("eval", {"--oracle", "--icem-beta", "1"}), "it is for --planner icem"));
  CHECK(has(error("eval", {"--oracle", "--start-state", "per-candidate"}),
            "the planner in the true simulator knows the state"));
  CHECK(has(error("eval", {"--oracle", "--planner", "icme"}), "did you mean 'icem'"));
  CHECK(has(error("eval", {"--oracle", "--planer", "icem"}), "did you mean '--planner'"));
  CHECK(has(error("play", {"--policy", "zero", "--horizon", "3"}),
            "--horizon is for a policy that plans"));
  CHECK(has(error("eval", {"--oracle", "--start-state", "per-candidate"}), "knows the state"));
  CHECK(has(error("train", {"--planner", "random", "--elites", "3"}),
            "--planner random does not read it"));
  CHECK(has(error("train", {"--model", "rnn", "--samples-per-candidate", "2"}),
            "all futures of an rnn are the same"));
}
