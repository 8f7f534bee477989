// Layers, gradients and Adam together: two problems that are learned only if all three work.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "autograd/base/parallel.hpp"
#include "autograd/ops.hpp"
#include "nn/adam.hpp"
#include "nn/layers.hpp"

using namespace planet;

namespace {

struct Result {
  double first_loss = 0, last_loss = 0;
  std::vector<float> weights, outputs;
};

// XOR is the smallest problem that no linear layer can solve: its best loss is 1/2 * 4 * 0.25.
Result learn_xor(std::uint64_t seed, std::vector<std::ptrdiff_t> hidden, int steps = 400) {
  ParamStore store(Precision::f32);
  Rng rng(seed, Stream::init);
  const Mlp mlp(store, rng, "xor", 2, std::move(hidden), 1, Activation::tanh);
  Adam adam(store, {0.02});
  const float x[] = {0, 0, 0, 1, 1, 0, 1, 1}, y[] = {0, 1, 1, 0};
  Result result;
  Tape tape(Precision::f32);
  for (int step = 0; step < steps; ++step) {
    tape.reset();
    store.zero_grad();
    const Var out = mlp(tape.constant(x, {4, 2}));
    const Var loss = sum(half_squared_error(out, tape.constant(y, {4, 1})));
    tape.backward(loss);
    adam.step(clip_by_global_norm(store, 1000));
    result.last_loss = loss.item();
    if (step == 0) result.first_loss = result.last_loss;
    result.outputs.assign(out.value<float>().begin(), out.value<float>().end());
  }
  result.weights.assign(store.values<float>(), store.values<float>() + store.size());
  return result;
}

}  // namespace

TEST_CASE("an Mlp learns XOR and a Linear cannot") {
  for (const std::uint64_t seed : std::initializer_list<std::uint64_t>{1, 2, 3}) {
    const Result mlp = learn_xor(seed, {8});
    CHECK(mlp.first_loss > 0.2);
    CHECK(mlp.last_loss < 1e-3);
    for (int i = 0; i < 4; ++i)
      CHECK(std::fabs(mlp.outputs[static_cast<std::size_t>(i)] - (i == 1 || i == 2 ? 1 : 0)) < 0.1);
    CHECK(learn_xor(seed, {}).last_loss >= 0.5 - 1e-4);
  }
}

TEST_CASE("training has the same bits at every run and at any thread count") {
  std::vector<Result> runs;
  for (const int n : {1, 1, 2}) {
    set_threads(n);
    runs.push_back(learn_xor(5, {300, 300}, 5));  // wide enough to be split among threads
  }
  set_threads(0);
  for (const Result& r : runs) {
    REQUIRE(r.weights.size() == runs[0].weights.size());
    CHECK(std::memcmp(r.weights.data(), runs[0].weights.data(), r.weights.size() * sizeof(float)) ==
          0);
  }
  CHECK(std::isfinite(runs[0].last_loss));
}

TEST_CASE("a GruCell learns to remember the sign of its first input") {
  const int T = 8, B = 16, H = 8;
  ParamStore store(Precision::f32);
  Rng rng(1, Stream::init), data(1, Stream::test);
  const GruCell gru(store, rng, "gru", 1, H);
  const Linear readout(store, rng, "out", H, 1);
  Adam adam(store, {0.01});
  Tape tape(Precision::f32);
  double loss_now = 0;
  for (int step = 0; step < 300; ++step) {
    tape.reset();
    store.zero_grad();
    std::vector<float> x(T * B), target(B);
    for (float& v : x) v = static_cast<float>(data.normal());
    for (std::size_t b = 0; b < B; ++b) {
      target[b] = data.uniform() < 0.5 ? -1.0f : 1.0f;
      x[b] = 2 * target[b];  // row 0; noise of the same size follows
    }
    const Var xs = tape.constant(x, {T, B, 1});
    Var h = tape.zeros({B, H});
    for (int t = 0; t < T; ++t) h = gru(at(xs, t), h);
    const Var loss = mean(half_squared_error(readout(h), tape.constant(target, {B, 1})));
    tape.backward(loss);
    adam.step(clip_by_global_norm(store, 10));
    loss_now = loss.item();
  }
  CHECK(loss_now < 0.05);  // always answering 0 costs 0.5
}
