// The tape: handles that outlive their record, inference mode, views, gradients that add up.
#include "autograd/tape.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "autograd/base/philox.hpp"
#include "autograd/ops.hpp"

namespace planet {
namespace {

using V = std::vector<double>;

V values(Var v) { return v.values(); }
V grads(Tape& t, Var v) { return {t.grad<double>(v).begin(), t.grad<double>(v).end()}; }
Var variable(Tape& t, V x) { return t.variable(x, {static_cast<std::ptrdiff_t>(x.size())}); }

}  // namespace

// ---- lifetime ----------------------------------------------------------------------------------

TEST_CASE("a Var that outlived reset gives an error") {
  Tape t(Precision::f64);
  const auto a = variable(t, {1, 2});
  t.reset();
  const char* sentence =
      "stale Var: record #1 was dropped by reset() or rewind(); the tape is at #1";
  CHECK_THROWS_WITH_AS(a.value<double>(), sentence, Error);
  CHECK_THROWS_WITH_AS(a.shape(), sentence, Error);
  CHECK_THROWS_WITH_AS(square(a), (std::string("[square] input 0 is a ") + sentence).c_str(),
                       Error);
  variable(t, {3, 4});  // the same slot, filled again
  CHECK_THROWS_WITH_AS(a.value<double>(), doctest::Contains("the tape is at #2"), Error);
}

TEST_CASE("a Var that outlived rewind gives the same error and earlier ones stay valid") {
  Tape t(Precision::f64, Mode::inference);
  const auto a = variable(t, {1, 2});
  Var inside;
  {
    RewindScope scope(t);
    inside = square(a);
    CHECK(values(inside) == V{1, 4});
    CHECK(t.size() == 2);
  }
  CHECK(t.size() == 1);
  CHECK_THROWS_AS(inside.value<double>(), Error);
  const auto refilled = square(a);
  CHECK(refilled.node == inside.node);
  CHECK_THROWS_WITH_AS(inside.value<double>(), doctest::Contains("stale Var: record #2"), Error);
  CHECK(values(a) == V{1, 2});
  const auto mark = t.mark();
  t.reset();
  CHECK_THROWS_WITH_AS(t.rewind(mark), "[rewind] the mark is ahead of the tape", Error);
}

TEST_CASE("rewind returns memory") {
  Tape t(Precision::f64, Mode::inference);
  const auto a = t.zeros({1000});
  for (int i = 0; i < 3; ++i) {
    RewindScope scope(t);
    square(a);
  }
  const std::size_t before = t.memory();
  for (int i = 0; i < 1000; ++i) {
    RewindScope scope(t);
    square(square(a));
  }
  CHECK(t.memory() == before);
}

TEST_CASE("P34 the tape is bounded over a thousand steps") {
  ParamStore params(Precision::f64);
  auto& w = params.add("w", {32});
  Tape t(Precision::f64);
  std::size_t after_warm_up = 0;
  for (int i = 0; i < 1000; ++i) {
    t.reset();
    auto x = t.use(w);
    for (int k = 0; k < 50; ++k) x = tanh(add_constant(x, 0.1));
    t.backward(sum(x));
    if (i == 3) after_warm_up = t.memory() + t.peak_gradient_memory();
  }
  CHECK(after_warm_up >= 101 * 32 * sizeof(double));
  CHECK(t.memory() + t.peak_gradient_memory() == after_warm_up);
}

TEST_CASE("gradient memory is reused along a chain") {
  Tape t(Precision::f64);
  const std::ptrdiff_t n = 1000;
  auto x = t.variable(V(static_cast<std::size_t>(n), 0.5), {n});
  const int length = 200;
  for (int k = 0; k < length; ++k) x = tanh(x);
  t.backward(sum(x));
  const auto one = static_cast<std::size_t>(n) * sizeof(double);
  CHECK(t.peak_gradient_memory() >= 2 * one);
  CHECK(t.peak_gradient_memory() <= 4 * one);  // of a sum of 200
}

TEST_CASE("returned gradient memory joins its neighbours") {
  GradPool pool;
  pool.prepare(1024);
  void* a = pool.take(64);
  void* b = pool.take(1);  // takes 64
  void* c = pool.take(64);
  void* d = pool.take(64);
  CHECK(static_cast<std::byte*>(b) - static_cast<std::byte*>(a) == 64);
  CHECK(pool.peak() == 256);
  pool.give(b, 1);
  pool.give(a, 64);            // before a gap
  CHECK(pool.take(128) == a);  // both in one piece
  pool.give(a, 128);
  pool.give(c, 64);  // after a gap
  CHECK(pool.take(192) == a);
  pool.give(b, 64);
  pool.give(d, 64);  // after one gap of many
  pool.give(a, 64);
  pool.give(c, 64);  // between two gaps: everything is free again
  CHECK(pool.take(1024) == a);
  CHECK(pool.peak() == 1024);
  CHECK_THROWS_WITH_AS(pool.take(64), doctest::Contains("of 1024 bytes is too small"), Error);
}

// ---- inference ---------------------------------------------------------------------------------

TEST_CASE("inference computes the same and keeps no gradient") {
  ParamStore params(Precision::f64);
  auto& w = params.add("w", {2});
  Tape t(Precision::f64, Mode::inference);
  const auto y = sum(square(t.use(w)));
  CHECK(y.item() == 0);
  CHECK_THROWS_WITH_AS(
      t.backward(y), "[backward] this tape is in inference mode; it recorded no gradients", Error);
  CHECK_THROWS_AS(std::ignore = t.grad<double>(variable(t, {1})), Error);
}

// ---- gradients ---------------------------------------------------------------------------------

TEST_CASE("a value used several times gets the sum of its gradients") {
  Tape t(Precision::f64);
  const auto x = variable(t, {3, -2});
  const auto y = x * x + x;  // dy/dx = 2x + 1
  t.backward(sum(y * y));    // 2 y (2x + 1)
  CHECK(grads(t, x) == V{2 * 12 * 7.0, 2 * 2 * -3.0});
}

TEST_CASE("a cotangent weights the rows of the Jacobian") {
  Tape t(Precision::f64);
  const auto x = variable(t, {3, -2, 5});
  const auto y = square(x);
  t.backward(y, V{1, 10, 100});
  CHECK(grads(t, x) == V{6, -40, 1000});
  CHECK_THROWS_WITH_AS(
      t.backward(y),
      "[backward] the loss has shape [3]; it must have one element, or a cotangent "
      "must be given",
      Error);
  CHECK_THROWS_WITH_AS(t.backward(y, V{1}),
                       "[backward] 1 cotangents were given for a result of shape [3]", Error);
}

TEST_CASE("backward works from a leaf and from a view of a leaf") {
  Tape t(Precision::f64);
  const auto x = variable(t, {3, -2, 5});
  t.backward(x, V{1, 2, 3});
  t.backward(slice_first(x, 1, 3), V{10, 20});
  CHECK(grads(t, x) == V{1, 12, 23});
}

TEST_CASE("a view shares value and gradient with its owner") {
  Tape t(Precision::f64);
  const auto x = variable(t, {1, 2, 3, 4, 5, 6});
  const auto y = scale(x, 2);
  const auto m = reshape(y, {3, 2});
  const auto last = at(m, 2);                                 // [5,6] doubled
  const auto middle = reshape(slice_first(m, 1, 2), {2, 1});  // a view of a view of a view
  CHECK(last.value<double>().data() == y.value<double>().data() + 4);
  CHECK(middle.value<double>().data() == y.value<double>().data() + 2);
  CHECK(values(last) == V{10, 12});
  t.backward(sum(last) + scale(sum(middle), 10) + sum(y));
  CHECK(grads(t, x) == V{2, 2, 22, 22, 4, 4});
}

TEST_CASE("overlapping views of one owner add up") {
  Tape t(Precision::f64);
  const auto x = variable(t, {1, 2, 3});
  t.backward(sum(slice_first(x, 0, 2) * slice_first(x, 1, 3)));  // x0 x1 + x1 x2
  CHECK(grads(t, x) == V{2, 1 + 3, 2});
}

TEST_CASE("no gradient passes stop_gradient or its views") {
  Tape t(Precision::f64);
  const auto x = variable(t, {2, 3});
  const auto stopped = stop_gradient(square(x));
  t.backward(sum(x * reshape(stopped, {2})));
  CHECK(grads(t, x) == V{4, 9});
  CHECK_THROWS_WITH_AS(t.backward(sum(stopped)),
                       "[backward] nothing that takes a gradient was used to compute this value",
                       Error);
}

TEST_CASE("a value that the loss does not need keeps a zero gradient") {
  Tape t(Precision::f64);
  const auto x = variable(t, {2}), unused = variable(t, {1, 2, 3});
  square(unused);
  const auto loss = square(x);
  exp(loss);  // recorded after the loss
  t.backward(loss);
  CHECK(grads(t, x) == V{4});
  CHECK(grads(t, unused) == V{0, 0, 0});
  CHECK_THROWS_WITH_AS(std::ignore = t.grad<double>(loss),
                       "[grad] only variables and parameters keep their gradient after backward()",
                       Error);
}

TEST_CASE("a constant gets no gradient and can refer to existing memory") {
  Tape t(Precision::f64);
  const V fixed = {1, 2};
  const auto c = t.borrow(fixed.data(), {2});
  const auto x = variable(t, {3, 4});
  t.backward(sum(x * c));
  CHECK(c.value<double>().data() == fixed.data());
  CHECK(grads(t, x) == fixed);
  CHECK_THROWS_AS(std::ignore = t.grad<double>(c), Error);
  CHECK_THROWS_WITH_AS(t.constant(V{1, 2, 3}, {2, 2}),
                       "[constant] 3 values do not fill the shape [2,2]", Error);
}

// ---- parameters --------------------------------------------------------------------------------

TEST_CASE("a parameter used fifty times is one leaf") {
  ParamStore params(Precision::f64);
  auto& w = params.add("w", {1});
  w.value<double>()[0] = 1.01;
  Tape t(Precision::f64);
  auto y = t.constant(V{1}, {1});
  for (int k = 0; k < 50; ++k) y = y * t.use(w);
  CHECK(t.size() == 1 + 1 + 50);
  CHECK(t.use(w).value<double>().data() == w.value<double>());
  t.backward(y);
  CHECK(w.grad<double>()[0] == doctest::Approx(50 * std::pow(1.01, 49)).epsilon(1e-12));
}

TEST_CASE("backward adds to a parameter's gradient until it is zeroed") {
  ParamStore params(Precision::f64);
  auto &a = params.add("a", {2}), &b = params.add("b", {2});
  std::fill_n(a.value<double>(), 2, 3.0);
  Tape t(Precision::f64);
  const auto loss = sum(square(t.use(a)));
  t.backward(loss);
  t.backward(loss);
  CHECK(a.grad<double>()[0] == 12);
  t.reset();
  t.backward(sum(square(t.use(a))));
  CHECK(a.grad<double>()[1] == 18);
  CHECK(b.grad<double>()[0] == 0);
  params.zero_grad();
  CHECK(a.grad<double>()[1] == 0);
}

TEST_CASE("two stores keep their leaves apart and a leaf survives rewind") {
  ParamStore first(Precision::f64), second(Precision::f64);
  auto &a = first.add("w", {1}), &b = second.add("w", {1});
  a.value<double>()[0] = 2;
  b.value<double>()[0] = 5;
  Tape t(Precision::f64);
  Var early;
  {
    RewindScope scope(t);
    early = t.use(a);
  }
  CHECK_THROWS_AS(early.value<double>(), Error);
  CHECK(values(t.use(b)) == V{5});  // in the slot that `early` had
  CHECK(values(t.use(a)) == V{2});
  t.backward(t.use(a) * t.use(b));
  CHECK(a.grad<double>()[0] == 5);
  CHECK(b.grad<double>()[0] == 2);
}

TEST_CASE("parameters have unique names and a shape") {
  ParamStore params(Precision::f64);
  params.add("w", {2, 3});
  CHECK_THROWS_WITH_AS(params.add("w", {1}), "the parameter name 'w' is already used", Error);
  CHECK_THROWS_WITH_AS(params.add("", {1}), "the parameter name '' is empty", Error);
  CHECK_THROWS_WITH_AS(params.add("v", {2, 0}),
                       "parameter v has shape [2,0]; every axis must have at least one element",
                       Error);
  REQUIRE(params.find("w") != nullptr);
  CHECK(params.find("w")->shape == Shape{2, 3});
  CHECK(params.find("v") == nullptr);
  CHECK(params.size() == 6);
}

namespace {

// |d loss / d h_1| after fifty steps of a GRU with Glorot weights and the given gate bias.
double gradient_norm_of_first_state(double gate_bias) {
  const std::ptrdiff_t X = 8, H = 16, B = 4;
  ParamStore params(Precision::f64);
  auto &W = params.add("weight", {X + H, 3 * H}), &b = params.add("bias", {3 * H});
  Rng rng(1, Stream::test);
  const double limit = std::sqrt(6.0 / static_cast<double>(X + H + 3 * H));
  for (std::ptrdiff_t i = 0; i < W.shape.size(); ++i)
    W.value<double>()[i] = rng.uniform(-limit, limit);
  std::fill_n(b.value<double>(), 2 * H, gate_bias);
  const auto noise = [&](std::ptrdiff_t n) {
    V x(static_cast<std::size_t>(n));
    for (double& v : x) v = rng.normal();
    return x;
  };
  Tape t(Precision::f64);
  const auto h_1 = t.variable(noise(B * H), {B, H});
  auto h_t = h_1;
  for (int step = 2; step <= 50; ++step)
    h_t = gru_cell(t.constant(noise(B * X), {B, X}), h_t, t.use(W), t.use(b));
  t.backward(h_t, noise(B * H));
  double square = 0;
  for (const double g : t.grad<double>(h_1)) square += g * g;
  return std::sqrt(square);
}

}  // namespace

// h' = u h + (1 - u) c: an open update gate u carries the gradient. With PlaNet's bias of 1 about
// 3e-4 of it is left after 49 steps; with gates that start closed, nothing is.
TEST_CASE("P32 the gradient of a loss at step 50 reaches the first state of a GRU") {
  CHECK(gradient_norm_of_first_state(1) > 1e-5);
  CHECK(gradient_norm_of_first_state(1) < 1);
  CHECK(gradient_norm_of_first_state(-1) < 1e-12);
}

}  // namespace planet
