// --precision bf16: another model is trained, it is used as it was trained, and what is typed wins.
#include <doctest/doctest.h>

#include <string>

#include "apps/common/run/checkpoint.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

// The returns of `eval --json`.
std::string returns(const Scratch& scratch, const Args& args) {
  const Result r = run(scratch, "eval", args + Args{"--json", "--episodes", "2"});
  INFO(r.err);
  REQUIRE(r.status == 0);
  const std::size_t begin = r.out.find("\"returns\"");
  return r.out.substr(begin, r.out.find(']', begin) - begin);
}

}  // namespace

TEST_CASE("a run in bf16 is saved resumed and evaluated as one") {
  const Scratch scratch;
  const fs::path whole = scratch / "whole", halves = scratch / "halves", f32 = scratch / "f32";
  const Args bf16{"--precision", "bf16"};
  const Result first = run(scratch, "train", smallest(halves, bf16));
  INFO(first.err);
  REQUIRE(first.status == 0);
  CHECK(has(first.err, "\nproducts of bfloat16 numbers, "));
  CHECK(has(text_of(halves / "config.toml"), "\nprecision = \"bf16\""));
  REQUIRE(run(scratch, "train", smallest(whole, bf16 + Args{"--total-episodes", "6"})).status == 0);
  REQUIRE(run(scratch, "train", {"--resume", halves.string(), "--total-episodes", "6"}).status ==
          0);
  CHECK(same_tensors(latest(whole) / "model.safetensors", latest(halves) / "model.safetensors"));
  const Result other = run(scratch, "train", {"--resume", halves.string(), "--precision", "f32"});
  CHECK(other.status == 2);
  CHECK(has(other.err, "--precision is f32, but the run began with bf16"));

  REQUIRE(run(scratch, "train", smallest(f32, {"--total-episodes", "6"})).status == 0);
  CHECK(!same_tensors(latest(f32) / "model.safetensors", latest(whole) / "model.safetensors"));

  CHECK(load_model(whole).model->precision() == Precision::bf16);
  CHECK(load_model(whole, "f32").model->precision() == Precision::f32);
  CHECK(load_model(f32).model->precision() == Precision::f32);
  const std::string trained = returns(scratch, {whole.string()});
  CHECK(returns(scratch, Args{whole.string()} + bf16) == trained);
  returns(scratch,
          {whole.string(), "--precision", "f32"});  // the same plans, perhaps, but it works
}

TEST_CASE("--precision names what it takes and where it has no effect") {
  const Scratch scratch;
  const auto complaint = [&](const std::string& program, const Args& args) {
    const Result r = run(scratch, program, args);
    CHECK(r.status == 2);
    return r.err;
  };
  CHECK(complaint("train", {"--precision", "bf61"}) ==
        "train: --precision is 'bf61'; it is one of f32, bf16 (did you mean 'bf16'?)\n");
  CHECK(has(complaint("eval", {"--oracle", "--env", "pendulum_swingup", "--precision", "bf16"}),
            "--precision is a model's; the oracle has no model"));
  CHECK(has(complaint("play", {"--precision", "bf16", "--policy", "random"}),
            "--precision is a model's"));
  CHECK(has(complaint("bench", {"--ladder", "--precision", "bf16"}), "--precision is for"));
  CHECK(has(complaint("bench", {"--peer", "python3 apps/peer/torch.py"}), "it is a Python"));
}
