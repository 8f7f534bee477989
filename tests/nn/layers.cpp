// Layers: names, shapes and counts, values against plain loops, gradients, and errors with a path.
#include "nn/layers.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "autograd/ops.hpp"
#include "nn/init.hpp"
#include "tests/support/scratch_folder.hpp"

using namespace planet;
using planet::test::contains;
using planet::test::error_of;

namespace {

Var random_constant(Tape& tape, Shape shape, Rng& rng) {
  std::vector<double> x(index(shape.size()));
  for (double& value : x) value = rng.normal();
  return tape.constant(x, shape);
}

// Biases of a new layer are zero, which would hide a forgotten one.
void randomise(ParamStore& store, Rng& rng) {
  for (std::ptrdiff_t i = 0; i < store.size(); ++i) store.values<double>()[i] = 0.5 * rng.normal();
}

void check_near(Var y, const std::vector<double>& expected) {
  REQUIRE(y.value<double>().size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    CHECK(y.value<double>()[i] == doctest::Approx(expected[i]).epsilon(1e-12));
}

}  // namespace

TEST_CASE("layers have the parameter counts of the paper's model") {
  ParamStore store(Precision::f32);
  Rng rng(1, Stream::init);
  auto count = [&, before = std::ptrdiff_t{0}]() mutable {
    return store.size() - std::exchange(before, store.size());
  };
  Conv2d(store, rng, "conv0", 3, 32, 4, 2);
  CHECK(count() == 1'568);
  Conv2d(store, rng, "conv1", 32, 64, 4, 2);
  CHECK(count() == 32'832);
  Conv2d(store, rng, "conv2", 64, 128, 4, 2);
  CHECK(count() == 131'200);
  Conv2d(store, rng, "conv3", 128, 256, 4, 2);
  CHECK(count() == 524'544);
  Linear(store, rng, "in", 31, 200);
  CHECK(count() == 6'400);
  GruCell(store, rng, "gru", 200, 200);
  CHECK(count() == 240'600);
  Linear(store, rng, "fc", 230, 1024);
  CHECK(count() == 236'544);
  ConvTranspose2d(store, rng, "up0", 1024, 128, 5, 2);
  CHECK(count() == 3'276'928);
  ConvTranspose2d(store, rng, "up1", 128, 64, 5, 2);
  CHECK(count() == 204'864);
  ConvTranspose2d(store, rng, "up2", 64, 32, 6, 2);
  CHECK(count() == 73'760);
  ConvTranspose2d(store, rng, "up3", 32, 3, 6, 2);
  CHECK(count() == 3'459);
  Mlp(store, rng, "reward", 230, {300, 300, 300}, 1, Activation::relu);
  CHECK(count() == 250'201);
  Mlp(store, rng, "small_reward", 230, {200, 200}, 1, Activation::relu);
  CHECK(count() == 86'601);
}

TEST_CASE("parameter names, shapes and first values of every layer") {
  ParamStore store(Precision::f64);
  Rng rng(2, Stream::init);
  const Mlp mlp(store, rng, "rssm/prior", 5, {7}, 3, Activation::elu);
  const Conv2d conv(store, rng, "encoder/0", 3, 8, 4, 2);
  const ConvTranspose2d up(store, rng, "decoder/0", 8, 2, 5, 2);
  const GruCell gru(store, rng, "rssm/gru", 6, 4);
  const struct {
    const char* name;
    Shape shape;
  } expected[] = {{"rssm/prior/0/weight", {5, 7}},     {"rssm/prior/0/bias", {7}},
                  {"rssm/prior/1/weight", {7, 3}},     {"rssm/prior/1/bias", {3}},
                  {"encoder/0/weight", {4, 4, 3, 8}},  {"encoder/0/bias", {8}},
                  {"decoder/0/weight", {5, 5, 2, 8}},  {"decoder/0/bias", {2}},
                  {"rssm/gru/weight", {6 + 4, 3 * 4}}, {"rssm/gru/bias", {12}}};
  REQUIRE(store.params().size() == std::size(expected));
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    CHECK(store.params()[i].name == expected[i].name);
    CHECK(store.params()[i].shape == expected[i].shape);
  }
  CHECK(gru.in() == 6);
  CHECK(gru.hidden() == 4);
  for (int i = 0; i < 12; ++i) CHECK(gru.bias().value<double>()[i] == (i < 8 ? 1 : 0));  // r, u | c
  for (int i = 0; i < 8; ++i) CHECK(conv.bias().value<double>()[i] == 0);
  for (const Param* w : {&conv.weight(), &up.weight(), &gru.weight()}) {
    double largest = 0;
    for (std::ptrdiff_t i = 0; i < w->shape.size(); ++i)
      largest = std::max(largest, std::fabs(w->value<double>()[i]));
    CHECK(largest > 0);
    // The GRU's two matrices are drawn with their own fans: [10,8] and [10,4].
    CHECK(largest <= (w == &gru.weight() ? std::sqrt(6.0 / 14) : glorot_limit(fans(w->shape))));
  }
  double r_u = 0, c = 0;
  for (int row = 0; row < 10; ++row) {
    for (int column = 0; column < 12; ++column) {
      double& largest = column < 8 ? r_u : c;
      largest = std::max(largest, std::fabs(gru.weight().value<double>()[row * 12 + column]));
    }
  }
  CHECK(r_u <= std::sqrt(6.0 / 18));
  CHECK(c > std::sqrt(6.0 / 18));  // 40 draws within +-0.65, none beyond 0.58: p = 0.01
}

TEST_CASE("Linear and Mlp agree with their formulas") {
  ParamStore store(Precision::f64);
  Rng rng(3, Stream::test);
  const Linear layer(store, rng, "l", 2, 3, Activation::relu);
  const double w[] = {1, -2, 3, 4, 5, -6}, b[] = {0.5, 0.25, -1};
  std::copy(w, w + 6, store.values<double>());
  std::copy(b, b + 3, store.values<double>() + 6);
  Tape tape(Precision::f64);
  const double x[] = {1, 2, -1, 0.5};
  check_near(layer(tape.constant(x, {2, 2})), {9.5, 8.25, 0, 1.5, 4.75, 0});
  CHECK(layer(tape.constant(x, {2, 1, 2})).shape() == Shape{2, 1, 3});

  const Mlp mlp(store, rng, "m", 2, {4}, 1, Activation::tanh);
  randomise(store, rng);
  const auto values = [&](const char* name) { return store.find(name)->value<double>(); };
  const double *W0 = values("m/0/weight"), *b0 = values("m/0/bias"), *W1 = values("m/1/weight");
  double y = values("m/1/bias")[0];
  for (int j = 0; j < 4; ++j) y += W1[j] * std::tanh(x[0] * W0[j] + x[1] * W0[4 + j] + b0[j]);
  check_near(mlp(tape.constant(std::span(x, 2), {1, 2})), {y});
}

TEST_CASE("Conv2d is the sum over its window") {
  ParamStore store(Precision::f64);
  Rng rng(4, Stream::test);
  const int H = 7, W = 6, C = 2, F = 3, k = 4, stride = 2, out_h = 2, out_w = 2;
  const Conv2d conv(store, rng, "c", C, F, k, stride, Activation::relu);
  randomise(store, rng);
  Tape tape(Precision::f64);
  const Var x = random_constant(tape, {2, H, W, C}, rng);
  const Var y = conv(x);
  REQUIRE(y.shape() == Shape{2, out_h, out_w, F});
  std::vector<double> expected;
  for (int n = 0; n < 2; ++n)
    for (int i = 0; i < out_h; ++i)
      for (int j = 0; j < out_w; ++j)
        for (int f = 0; f < F; ++f) {
          double sum = conv.bias().value<double>()[f];
          for (int a = 0; a < k; ++a)
            for (int b = 0; b < k; ++b)
              for (int c = 0; c < C; ++c)
                sum += x.value<double>()[static_cast<std::size_t>(
                           ((n * H + i * stride + a) * W + j * stride + b) * C + c)] *
                       conv.weight().value<double>()[((a * k + b) * C + c) * F + f];
          expected.push_back(std::max(sum, 0.0));
        }
  check_near(y, expected);
}

TEST_CASE("ConvTranspose2d adds a scaled kernel for every input pixel") {
  ParamStore store(Precision::f64);
  Rng rng(5, Stream::test);
  const int H = 3, W = 2, C = 3, F = 2, k = 5, stride = 2;
  const int out_h = (H - 1) * stride + k, out_w = (W - 1) * stride + k;
  const ConvTranspose2d up(store, rng, "u", C, F, k, stride);
  randomise(store, rng);
  Tape tape(Precision::f64);
  const Var x = random_constant(tape, {2, H, W, C}, rng);
  const Var y = up(x);
  REQUIRE(y.shape() == Shape{2, out_h, out_w, F});
  std::vector<double> expected(y.value<double>().size());
  for (std::size_t i = 0; i < expected.size(); ++i) expected[i] = up.bias().value<double>()[i % F];
  for (int n = 0; n < 2; ++n)
    for (int i = 0; i < H; ++i)
      for (int j = 0; j < W; ++j)
        for (int c = 0; c < C; ++c)
          for (int a = 0; a < k; ++a)
            for (int b = 0; b < k; ++b)
              for (int f = 0; f < F; ++f)
                expected[static_cast<std::size_t>(
                    ((n * out_h + i * stride + a) * out_w + j * stride + b) * F + f)] +=
                    x.value<double>()[static_cast<std::size_t>(((n * H + i) * W + j) * C + c)] *
                    up.weight().value<double>()[((a * k + b) * F + f) * C + c];
  check_near(y, expected);
}

TEST_CASE("GruCell is PlaNet's cell and not PyTorch's") {
  ParamStore store(Precision::f64);
  Rng rng(6, Stream::test);
  const int X = 3, N = 2, B = 4;
  const GruCell gru(store, rng, "g", X, N);
  randomise(store, rng);
  Tape tape(Precision::f64);
  const Var x = random_constant(tape, {B, X}, rng), h = random_constant(tape, {B, N}, rng);
  const double *Wt = gru.weight().value<double>(), *b = gru.bias().value<double>();
  const auto sigmoid_of = [](double z) { return 1 / (1 + std::exp(-z)); };
  std::vector<double> expected;
  for (std::size_t row = 0; row < B; ++row) {
    const auto pre = [&](int column, const double* factor) {  // [x, factor*h] W + b, one column
      double sum = b[column];
      for (int i = 0; i < X; ++i)
        sum += x.value<double>()[row * X + static_cast<std::size_t>(i)] * Wt[i * 3 * N + column];
      for (int i = 0; i < N; ++i)
        sum += factor[i] * h.value<double>()[row * N + static_cast<std::size_t>(i)] *
               Wt[(X + i) * 3 * N + column];
      return sum;
    };
    const double ones[N] = {1, 1};
    const double r[N] = {sigmoid_of(pre(0, ones)), sigmoid_of(pre(1, ones))};
    for (int j = 0; j < N; ++j) {
      const double u = sigmoid_of(pre(N + j, ones)), c = std::tanh(pre(2 * N + j, r));
      expected.push_back(u * h.value<double>()[row * N + static_cast<std::size_t>(j)] +
                         (1 - u) * c);
    }
  }
  check_near(gru(x, h), expected);
}

TEST_CASE("layers give the same bits on a recording and on an inference tape") {
  ParamStore store(Precision::f32);
  Rng rng(7, Stream::test);
  const Conv2d conv(store, rng, "c", 3, 8, 4, 2, Activation::relu);
  const Mlp mlp(store, rng, "m", 2 * 2 * 8, {16}, 6, Activation::elu);
  const GruCell gru(store, rng, "g", 6, 5);
  const ConvTranspose2d up(store, rng, "u", 5, 3, 5, 2, Activation::sigmoid);
  std::vector<float> results[2];
  for (const Mode mode : {Mode::record, Mode::inference}) {
    Tape tape(Precision::f32, mode);
    Rng inputs(8, Stream::test);
    const Var e = mlp(reshape(conv(random_constant(tape, {3, 6, 6, 3}, inputs)), {3, 32}));
    const Var h = gru(e, random_constant(tape, {3, 5}, inputs));
    const Var y = up(reshape(h, {3, 1, 1, 5}));
    results[static_cast<int>(mode)].assign(y.value<float>().begin(), y.value<float>().end());
  }
  REQUIRE(results[0].size() == 3 * 5 * 5 * 3);
  CHECK(std::memcmp(results[0].data(), results[1].data(), results[0].size() * sizeof(float)) == 0);
}

TEST_CASE("errors inside a layer carry its path") {
  ParamStore store(Precision::f32);
  Rng rng(9, Stream::test);
  const Linear layer(store, rng, "rssm/prior/0", 4, 3);
  const GruCell gru(store, rng, "rssm/gru", 3, 5);
  const Conv2d conv(store, rng, "encoder/0", 3, 8, 4, 2);
  const ConvTranspose2d up(store, rng, "decoder/0", 3, 8, 4, 2);
  Tape tape(Precision::f32);
  const Var y = layer(tape.zeros({2, 4}));
  const std::string shape_error = error_of([&] { layer(y); });
  CHECK(contains(shape_error, "[linear] rssm/prior/0"));
  CHECK(contains(shape_error, "[2,3]"));
  CHECK(contains(shape_error, "[4,3]"));
  CHECK(tape.scope_path().empty());  // the scope ended with the exception
  CHECK(contains(error_of([&] { gru(y, tape.zeros({2, 4})); }), "rssm/gru"));
  CHECK(contains(error_of([&] { conv(tape.zeros({2, 3, 3, 3})); }), "encoder/0"));
  CHECK(contains(error_of([&] { up(tape.zeros({2, 3, 3, 4})); }), "decoder/0"));
  CHECK(contains(error_of([&] { conv(Var{}); }), "encoder/0 was given a Var that is on no"));

  tape.check_finite(true);
  store.values<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  CHECK(contains(error_of([&] { layer(tape.zeros({2, 4})); }), "rssm/prior/0"));
}

TEST_CASE("the path in a record outlives the layer that made it") {
  ParamStore store(Precision::f32);
  Rng rng(9, Stream::test);
  auto layer = std::make_unique<Linear>(store, rng, "a/path/that/is/too/long/for/the/stack", 4, 3,
                                        Activation::tanh);
  Tape tape(Precision::f32);
  tape.check_finite(true);
  const float zeros[8] = {};
  const Var y = (*layer)(tape.variable(zeros, {2, 4}));
  layer.reset();
  std::vector<float> cotangent(6, std::numeric_limits<float>::quiet_NaN());
  CHECK(contains(error_of([&] { tape.backward(y, cotangent); }),
                 "a/path/that/is/too/long/for/the/stack"));
}

TEST_CASE("layers with impossible sizes are refused by name") {
  ParamStore store(Precision::f32);
  Rng rng(10, Stream::test);
  const auto error = [](auto make) { return error_of(make); };
  CHECK(contains(error([&] { Linear(store, rng, "a", 0, 3); }),
                 "layer a: the input size is 0; it must be at least 1"));
  CHECK(contains(error([&] { Linear(store, rng, "b", 3, -1); }), "output size is -1"));
  CHECK(contains(error([&] { Conv2d(store, rng, "c", 3, 8, 0, 2); }), "kernel size is 0"));
  CHECK(contains(error([&] { Conv2d(store, rng, "d", 3, 8, 4, 0); }), "stride is 0"));
  CHECK(contains(error([&] { ConvTranspose2d(store, rng, "e", 0, 8, 4, 1); }),
                 "number of input channels is 0"));
  CHECK(contains(error([&] { GruCell(store, rng, "f", 4, 0); }), "state size is 0"));
  CHECK(contains(error([&] {
                   Mlp(store, rng, "g", 4, {3, 0}, 1, Activation::relu);
                 }),
                 "layer g/1: the output size is 0"));
  Linear(store, rng, "twice", 2, 2);
  CHECK(contains(error([&] { Linear(store, rng, "twice", 2, 2); }),
                 "'twice/weight' is already used"));
}
