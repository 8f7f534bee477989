// train --initial-model MODEL: a run that begins with the parameters of a trained model.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

// The options of smallest() without those of the model.
Args begin(const fs::path& logdir, const fs::path& model, const Args& more = {}) {
  Args args = smallest(logdir, more + Args{"--initial-model", model.string(), "--seed", "2"});
  for (const char* flag :
       {"--image-size", "--deter-size", "--stoch-size", "--hidden-size", "--reward-units"}) {
    if (std::ranges::count(more, flag) > 0) continue;
    const auto at = std::ranges::find(args, flag);
    args.erase(at, at + 2);
  }
  return args;
}

std::vector<std::pair<std::string, std::string>> seed_episodes(const fs::path& run) {
  auto all = contents(run / "episodes");
  all.resize(2);
  return all;
}

}  // namespace

TEST_CASE("a run begins with the parameters of a trained model, which plays its seed episodes") {
  const Scratch scratch;
  const fs::path first = scratch / "first";
  REQUIRE(run(scratch, "train", smallest(first)).status == 0);
  const fs::path trained = latest(first) / "model.safetensors";

  SUBCASE("they are what it learns from") {
    for (const Args& averaged : {Args{}, Args{"--average-decay", "0.9"}}) {
      const Result r = run(scratch, "train",
                           begin(scratch / "b", first, Args{"--learning-rate", "0"} + averaged));
      INFO(r.err);
      REQUIRE(r.status == 0);
      CHECK(has(r.err, "begins   with the parameters of"));
      CHECK(same_tensors(trained, latest(scratch / "b") / "model.safetensors"));
      if (!averaged.empty())
        CHECK(same_tensors(trained, latest(scratch / "b") / "learner.safetensors"));
      fs::remove_all(scratch / "b");
    }
  }
  SUBCASE("its episodes are those of the seed alone only if they are random") {
    REQUIRE(run(scratch, "train", smallest(scratch / "usual", {"--seed", "2"})).status == 0);
    REQUIRE(run(scratch, "train", begin(scratch / "played", first)).status == 0);
    REQUIRE(
        run(scratch, "train", begin(scratch / "random", first, {"--collect", "random"})).status ==
        0);
    CHECK(seed_episodes(scratch / "usual") != seed_episodes(scratch / "played"));
    CHECK(seed_episodes(scratch / "usual") == seed_episodes(scratch / "random"));
  }
  SUBCASE("resumed, it is the run that never stopped, and needs the model no more") {
    REQUIRE(run(scratch, "train", begin(scratch / "whole", trained, {"--total-episodes", "6"}))
                .status == 0);
    REQUIRE(run(scratch, "train", begin(scratch / "halves", trained, {"--total-episodes", "4"}))
                .status == 0);
    fs::remove_all(first);
    const Result r =
        run(scratch, "train", {"--resume", (scratch / "halves").string(), "--total-episodes", "6"});
    INFO(r.err);
    REQUIRE(r.status == 0);
    CHECK(same_tensors(latest(scratch / "whole") / "model.safetensors",
                       latest(scratch / "halves") / "model.safetensors"));
  }
  SUBCASE("several seeds begin with it") {
    Args args = begin(scratch / "one", first);
    REQUIRE(run(scratch, "train", args).status == 0);
    *std::ranges::find(args, (scratch / "one").string()) = (scratch / "several").string();
    const auto at = std::ranges::find(args, "--seed");
    args.erase(at, at + 2);
    REQUIRE(run(scratch, "train", args + Args{"--seeds", "2"}).status == 0);
    CHECK(same_tensors(latest(scratch / "one") / "model.safetensors",
                       latest(scratch / "several" / "seed2") / "model.safetensors"));
  }
  SUBCASE("what does not fit is refused, and nothing is made") {
    const auto says = [&](const Args& args, const std::string& words) {
      const Result r = run(scratch, "train", args);
      INFO(r.err);
      CHECK(r.status == 2);
      CHECK(has(r.err, words));
      CHECK(!fs::exists(scratch / "x"));
    };
    says(begin(scratch / "x", "nowhere"), "nowhere");
    says(begin(scratch / "x", "first", {"--deter-size", "9"}),
         "--deter-size is 9, and from --initial-model first follows 8; leave it out");
    says({"--env", "walker_walk", "--logdir", (scratch / "x").string(), "--initial-model", "first"},
         "first is a model of pendulum_swingup with 1 action, and walker_walk has 6 actions");
  }
}
