// train --learning-rate-drops: given from the start, or to a run before it comes to them.
#include <doctest/doctest.h>

#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

TEST_CASE("a drop of the learning rate that a run is given on its way is one that it began with") {
  const Scratch scratch;
  const fs::path whole = scratch / "whole", told = scratch / "told",
                 constant = scratch / "constant";
  const Args six{"--total-episodes", "6"}, drop{"--learning-rate-drops", "6:1e-4"};
  REQUIRE(run(scratch, "train", smallest(whole, six + drop)).status == 0);
  REQUIRE(run(scratch, "train", smallest(constant, six)).status == 0);
  REQUIRE(run(scratch, "train", smallest(told)).status == 0);
  REQUIRE(latest(told).filename() == "000000006");

  const auto resume = [&](const Args& more) {
    return run(scratch, "train", Args{"--resume", told.string()} + six + more);
  };
  const auto refused = [&](const char* drops, const char* used) {
    const Result r = resume({"--learning-rate-drops", drops});
    INFO(r.err);
    CHECK(r.status == 2);
    CHECK(has(r.err,
              std::string("--learning-rate-drops is ") + used + ", but the run began with none; "));
  };
  refused("5:1e-4", "5:1e-04");
  refused("1:1e-3 6:1e-4", "1:0.001");
  const Result r = resume(drop);
  INFO(r.err);
  REQUIRE(r.status == 0);
  CHECK(text_of(whole / "config.toml") == text_of(told / "config.toml"));
  for (const char* file : {"model.safetensors", "optimizer.safetensors"}) {
    CHECK(same_tensors(latest(whole) / file, latest(told) / file));
    CHECK(!same_tensors(latest(whole) / file, latest(constant) / file));
  }
  CHECK(contents(whole / "episodes") == contents(told / "episodes"));
}
