// Convolutions: values by hand, the adjoint identity, gradients by loops over the definition.
#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "ops_support.hpp"

using namespace planet;
using namespace planet::test;

namespace {

double dot(std::span<const double> a, std::span<const double> b) {
  REQUIRE(a.size() == b.size());
  double s = 0;
  for (std::size_t i = 0; i < a.size(); ++i) s += a[i] * b[i];
  return s;
}

struct Geometry {
  std::ptrdiff_t N, H, W, C, kh, kw, F;
  int stride;
};

const std::vector<Geometry> geometries = {{1, 5, 5, 1, 1, 1, 1, 1},  {2, 6, 5, 3, 2, 3, 4, 1},
                                          {2, 7, 7, 2, 3, 3, 3, 2},  {1, 8, 8, 3, 4, 4, 5, 2},
                                          {3, 9, 11, 2, 5, 5, 2, 2}, {1, 12, 9, 1, 6, 6, 7, 3},
                                          {2, 8, 8, 2, 2, 2, 3, 3},  {1, 6, 6, 17, 4, 4, 19, 2}};

}  // namespace

TEST_CASE("conv2d of a small image equals a hand calculation") {
  Tape tape(Precision::f64);
  const auto x = var<double>(tape, {1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 3, 3, 1});
  const auto w = var<double>(tape, {1, 10, 100, 1000}, {2, 2, 1, 1});
  const auto b = var<double>(tape, {0.5}, {1});
  const auto y = conv2d(x, w, b, 1);
  CHECK(y.shape() == Shape{1, 2, 2, 1});
  // no flip: the first tap of the filter meets the first pixel of the window
  check_close(y.value<double>(), {5421.5, 6532.5, 8754.5, 9865.5});
  tape.backward(y, std::vector<double>{1, 0, 0, 2});
  check_close(tape.grad<double>(x), {1, 10, 0, 100, 1000 + 2, 20, 0, 200, 2000});
  check_close(tape.grad<double>(w), {1 + 2 * 5, 2 + 2 * 6, 4 + 2 * 8, 5 + 2 * 9});
  check_close(tape.grad<double>(b), {3});
}

TEST_CASE("conv2d_transpose of a small image equals a hand calculation") {
  Tape tape(Precision::f64);
  const auto x = var<double>(tape, {1, 2}, {1, 1, 2, 1});
  const auto w =
      var<double>(tape, {1, 10, 100, 1000, 10000, 100000}, {1, 3, 2, 1});  // two channels
  const auto b = var<double>(tape, {0.5, 0.25}, {2});
  const auto y = conv2d_transpose(x, w, b, 2);
  CHECK(y.shape() == Shape{1, 1, 5, 2});
  check_close(y.value<double>(),
              {1.5, 10.25, 100.5, 1000.25, 10002.5, 100020.25, 200.5, 2000.25, 20000.5, 200000.25});
  tape.backward(y, std::vector<double>{1, 0, 0, 0, 1, 0, 0, 0, 0, 1});
  check_close(tape.grad<double>(x), {1 + 10000, 1 + 100000});
  check_close(tape.grad<double>(w), {1 + 2, 0, 0, 0, 1, 2});
  check_close(tape.grad<double>(b), {2, 1});
}

TEST_CASE("pixels that no window reaches get no gradient and in the transpose only the bias") {
  Tape tape(Precision::f64);
  const std::vector<double> ones(5 * 5, 1);
  const auto x = tape.variable(std::span<const double>(ones), {1, 5, 5, 1});
  const auto w = var<double>(tape, {1}, {1, 1, 1, 1}), b = var<double>(tape, {7}, {1});
  tape.backward(sum(conv2d(x, w, b, 3)));
  std::vector<double> want(25, 0);
  want[0] = want[3] = want[15] = want[18] = 1;
  check_close(tape.grad<double>(x), want);
  const auto y = conv2d_transpose(var<double>(tape, {1, 2, 3, 4}, {1, 2, 2, 1}), w, b, 3);
  CHECK(y.shape() == Shape{1, 4, 4, 1});
  check_close(y.value<double>(), {8, 7, 7, 9, 7, 7, 7, 7, 7, 7, 7, 7, 10, 7, 7, 11});
}

TEST_CASE("the transpose is the adjoint of the convolution") {
  for (const Geometry& g : geometries) {
    INFO("window ", g.kh, "x", g.kw, ", stride ", g.stride);
    Tape tape(Precision::f64);
    const Shape w_shape{g.kh, g.kw, g.C, g.F};
    const auto w = var(tape, numbers(w_shape.size(), 2), w_shape);
    const auto none_F = tape.zeros({g.F}), none_C = tape.zeros({g.C});
    const auto y = var(
        tape, numbers(g.N * ((g.H - g.kh) / g.stride + 1) * ((g.W - g.kw) / g.stride + 1) * g.F, 3),
        {g.N, (g.H - g.kh) / g.stride + 1, (g.W - g.kw) / g.stride + 1, g.F});
    const auto up = conv2d_transpose(y, w, none_C, g.stride);
    const auto x = var(tape, numbers(up.shape().size(), 1), up.shape());
    const auto down = conv2d(x, w, none_F, g.stride);
    CHECK(down.shape() == y.shape());
    const double left = dot(down.value<double>(), y.value<double>()),
                 right = dot(x.value<double>(), up.value<double>());
    CHECK(std::abs(left) > 1e-3);
    CHECK(std::abs(left - right) <= 1e-12 * std::max(1.0, std::abs(left)));
  }
}

// Both convolutions are linear in x and in w, so <dy, y(x)> = <dx, x> = <dw, w> (without bias):
// one exact test of every gradient, at sizes for which finite differences would be too slow.
TEST_CASE("gradients of both convolutions satisfy the identity of a bilinear map") {
  for (const Geometry& g : geometries) {
    for (const bool transpose : {false, true}) {
      INFO("window ", g.kh, "x", g.kw, ", stride ", g.stride, ", transpose ", transpose);
      Tape tape(Precision::f64);
      const Shape x_shape{g.N, g.H, g.W, g.C};
      const Shape w_shape = transpose ? Shape{g.kh, g.kw, g.F, g.C} : Shape{g.kh, g.kw, g.C, g.F};
      const auto x = var(tape, numbers(x_shape.size(), 4), x_shape);
      const auto w = var(tape, numbers(w_shape.size(), 5), w_shape);
      const auto b = var(tape, std::vector<double>(static_cast<std::size_t>(g.F), 0), {g.F});
      const auto y = transpose ? conv2d_transpose(x, w, b, g.stride) : conv2d(x, w, b, g.stride);
      const std::vector<double> dy = numbers(y.shape().size(), 6);
      const double want = dot(std::span<const double>(dy), y.value<double>());
      tape.backward(y, dy);
      const double tolerance = 1e-12 * std::max(1.0, std::abs(want));
      CHECK(std::abs(want) > 1e-3);
      CHECK(std::abs(dot(tape.grad<double>(x), x.value<double>()) - want) <= tolerance);
      CHECK(std::abs(dot(tape.grad<double>(w), w.value<double>()) - want) <= tolerance);
      tape.backward(y, numbers(y.shape().size(), 6));  // a second time: everything doubles
      CHECK(std::abs(dot(tape.grad<double>(x), x.value<double>()) - 2 * want) <= 2 * tolerance);
      CHECK(std::abs(dot(tape.grad<double>(w), w.value<double>()) - 2 * want) <= 2 * tolerance);
      double total = 0, biases = 0;
      for (const double d : dy) total += d;
      for (const double d : tape.grad<double>(b)) biases += d;
      CHECK(std::abs(2 * total - biases) <= 1e-12 * std::max(1.0, std::abs(total)));
    }
  }
}

TEST_CASE("a fused activation is the activation of the plain result") {
  const std::vector<double> xs = numbers(2 * 6 * 6 * 2, 1), ws = numbers(3 * 3 * 2 * 3, 2),
                            bs = numbers(3, 3);
  for (const Activation act : {Activation::relu, Activation::elu, Activation::tanh,
                               Activation::sigmoid, Activation::softplus}) {
    INFO("activation ", name(act));
    for (const bool transpose : {false, true}) {
      const Shape w_shape = transpose ? Shape{3, 3, 3, 2} : Shape{3, 3, 2, 3};
      const auto run = [&](Tape& tape, bool fused, std::vector<Var>& in) {
        in = {var(tape, xs, {2, 6, 6, 2}), var(tape, ws, w_shape), var(tape, bs, {3})};
        const Activation inside = fused ? act : Activation::none;
        const auto y = transpose ? conv2d_transpose(in[0], in[1], in[2], 2, inside)
                                 : conv2d(in[0], in[1], in[2], 2, inside);
        const auto result = fused ? y : activate(y, act);
        tape.backward(result, numbers(result.shape().size(), 4));
        return std::vector<double>(result.value<double>().begin(), result.value<double>().end());
      };
      Tape one(Precision::f64), two(Precision::f64);
      std::vector<Var> a, b;
      const auto fused = run(one, true, a), parts = run(two, false, b);
      check_close(std::span<const double>(fused), parts);
      for (std::size_t i = 0; i < 3; ++i)
        check_close(one.grad<double>(a[i]),
                    {two.grad<double>(b[i]).begin(), two.grad<double>(b[i]).end()});
    }
  }
}

TEST_CASE("shape errors of convolutions name the shapes and the rule") {
  Tape tape(Precision::f64);
  const auto x = tape.zeros({1, 4, 4, 3}), b = tape.zeros({8});
  const auto big = tape.zeros({5, 5, 3, 8}), wrong = tape.zeros({2, 2, 4, 8}),
             good = tape.zeros({2, 2, 3, 8});
  CHECK(message([&] { conv2d(x, big, b, 1); }) ==
        "[conv2d] x is [1,4,4,3], w is [5,5,3,8]; the 5x5 window must fit into the 4x4 image");
  CHECK(message([&] { conv2d(x, wrong, b, 1); }) ==
        "[conv2d] x is [1,4,4,3], w is [2,2,4,8]; the input channels 3 and 4 must be equal (w is "
        "[kh,kw,in,out])");
  CHECK(message([&] { conv2d(x, good, x, 1); }) ==
        "[conv2d] w is [2,2,3,8], b is [1,4,4,3]; b must be [8], one element per output channel");
  CHECK(message([&] { conv2d(x, good, b, 0); }) ==
        "[conv2d] x is [1,4,4,3], w is [2,2,3,8], the stride is 0; it must be at least 1");
  CHECK(message([&] { conv2d(b, good, b, 1); }) ==
        "[conv2d] x is [8], w is [2,2,3,8]; both must have four axes, [N,H,W,channels] and "
        "[kh,kw,in,out]");
  CHECK(message([&] { conv2d_transpose(x, good, b, 1); }) ==
        "[conv2d_transpose] x is [1,4,4,3], w is [2,2,3,8]; the input channels 3 and 8 must be "
        "equal (w is [kh,kw,out,in])");
  CHECK(message([&] {
          conv2d_transpose(x, tape.zeros({2, 2, 8, 3}), x, 1);
        }) ==
        "[conv2d_transpose] w is [2,2,8,3], b is [1,4,4,3]; b must be [8], one element per output "
        "channel");
}
