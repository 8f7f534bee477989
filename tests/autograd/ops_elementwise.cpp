// Elementwise ops and broadcasts: hand-computed values and gradients, NaN, aliasing, messages.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "ops_support.hpp"

using namespace planet;
using namespace planet::test;

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

TEST_CASE("arithmetic has the values and gradients of a hand calculation") {
  Tape tape(Precision::f64);
  const auto a = var<double>(tape, {1, -2, 3}, {3}), b = var<double>(tape, {4, 5, -8}, {3});
  const std::vector<double> dy = {1, 10, 100};

  check_close(add(a, b).value<double>(), {5, 3, -5});
  check_close(sub(a, b).value<double>(), {-3, -7, 11});
  check_close(mul(a, b).value<double>(), {4, -10, -24});
  check_close(div(a, b).value<double>(), {0.25, -0.4, -0.375});
  check_close((a + b).value<double>(), {5, 3, -5});
  check_close((a - b).value<double>(), {-3, -7, 11});
  check_close((a * b).value<double>(), {4, -10, -24});
  check_close((a / b).value<double>(), {0.25, -0.4, -0.375});

  tape.backward(sub(a, b), dy);
  check_close(tape.grad<double>(a), {1, 10, 100});
  check_close(tape.grad<double>(b), {-1, -10, -100});
  tape.backward(mul(a, b), dy);  // gradients add up over calls
  check_close(tape.grad<double>(a), {1 + 4, 10 + 50, 100 - 800});
  check_close(tape.grad<double>(b), {-1 + 1, -10 - 20, -100 + 300});

  Tape other(Precision::f64);
  const auto c = var<double>(other, {1, -2, 3}, {3}), d = var<double>(other, {4, 5, -8}, {3});
  other.backward(div(c, d), dy);
  check_close(other.grad<double>(c), {0.25, 2, -12.5});
  check_close(other.grad<double>(d), {-1.0 / 16, 20.0 / 25, -300.0 / 64});
}

TEST_CASE("functions of one value have the values and slopes of a hand calculation") {
  Tape tape(Precision::f64);
  const auto x = var<double>(tape, {0.5, 2}, {2});
  const double e = std::exp(1.0);
  struct Row {
    Var y;
    std::vector<double> value, slope;
  };
  const std::vector<Row> rows = {
      {scale(x, -3), {-1.5, -6}, {-3, -3}},
      {add_constant(x, 0.1), {0.6, 2.1}, {1, 1}},
      {square(x), {0.25, 4}, {1, 4}},
      {exp(x), {std::sqrt(e), e * e}, {std::sqrt(e), e * e}},
      {log(x), {-std::log(2.0), std::log(2.0)}, {2, 0.5}},
      {-x, {-0.5, -2}, {-1, -1}},
      {x + 1, {1.5, 3}, {1, 1}},
      {1 + x, {1.5, 3}, {1, 1}},
      {x - 1, {-0.5, 1}, {1, 1}},
      {1 - x, {0.5, -1}, {-1, -1}},
      {2 * x, {1, 4}, {2, 2}},
      {x * 0.5, {0.25, 1}, {0.5, 0.5}},
      {x / 4, {0.125, 0.5}, {0.25, 0.25}},
      {4 / x, {8, 2}, {-16, -1}},
  };
  for (const Row& row : rows) {
    check_close(row.y.value<double>(), row.value);
    const std::vector<double> had(tape.grad<double>(x).begin(), tape.grad<double>(x).end());
    tape.backward(row.y, std::vector<double>{1, 1});
    check_close(tape.grad<double>(x), {had[0] + row.slope[0], had[1] + row.slope[1]});
  }
}

TEST_CASE("activations have the values and slopes of a hand calculation") {
  Tape tape(Precision::f64);
  const auto x = var<double>(tape, {-1, 0, 2}, {3});
  const double e1 = std::exp(-1.0), t = std::tanh(1.0), t2 = std::tanh(2.0);
  const double s1 = 1 / (1 + std::exp(1.0)), s2 = 1 / (1 + std::exp(-2.0));
  struct Row {
    Activation act;
    std::vector<double> value, slope;
  };
  const std::vector<Row> rows = {
      {Activation::none, {-1, 0, 2}, {1, 1, 1}},
      {Activation::relu, {0, 0, 2}, {0, 0, 1}},
      {Activation::elu, {e1 - 1, 0, 2}, {e1, 1, 1}},
      {Activation::tanh, {-t, 0, t2}, {1 - t * t, 1, 1 - t2 * t2}},
      {Activation::sigmoid, {s1, 0.5, s2}, {s1 * (1 - s1), 0.25, s2 * (1 - s2)}},
      {Activation::softplus,
       {std::log1p(e1), std::log(2.0), 2 + std::log1p(std::exp(-2.0))},
       {s1, 0.5, s2}},
  };
  for (const Row& row : rows) {
    INFO("activation ", name(row.act));
    const std::vector<double> had(tape.grad<double>(x).begin(), tape.grad<double>(x).end());
    const auto y = activate(x, row.act);
    check_close(y.value<double>(), row.value, 1e-14);
    tape.backward(y, std::vector<double>{1, 1, 1});
    check_close(tape.grad<double>(x),
                {had[0] + row.slope[0], had[1] + row.slope[1], had[2] + row.slope[2]}, 1e-14);
  }
}

TEST_CASE(
    "P30 softplus plus its floor never falls below the floor and stays finite with its gradient") {
  const auto check = []<class T>(T) {
    Tape tape(precision_of<T>());
    const std::vector<T> xs = {T(-1e4), T(-100), T(-20), T(-1), 0, 1, 20, 100, T(1e4)};
    const Var x = var<T>(tape, xs, {9});
    const Var sigma = add_constant(softplus(x), 0.1);
    for (const T s : sigma.value<T>()) {
      CHECK(s >= T(0.1));
      CHECK(std::isfinite(s));
    }
    CHECK(sigma.value<T>()[0] == T(0.1));
    CHECK(sigma.value<T>()[8] == T(1e4) + T(0.1));
    tape.backward(sum(sigma));
    const auto g = tape.grad<T>(x);
    for (std::size_t i = 0; i < g.size(); ++i) {
      const double want = 1 / (1 + std::exp(-static_cast<double>(xs[i])));
      CHECK(std::abs(static_cast<double>(g[i]) - want) <= 1e-6);
    }
  };
  check(double{});
  check(float{});
}

TEST_CASE("maximum passes the gradient above its bound only and keeps NaN") {
  Tape tape(Precision::f64);
  const auto x = var<double>(tape, {-1, 3, 5, nan_value}, {4});
  const auto y = maximum(x, 3);
  CHECK(y.value<double>()[0] == 3);
  CHECK(y.value<double>()[1] == 3);
  CHECK(y.value<double>()[2] == 5);
  CHECK(std::isnan(y.value<double>()[3]));
  tape.backward(y, std::vector<double>{1, 1, 1, 1});
  CHECK(tape.grad<double>(x)[0] == 0);
  CHECK(tape.grad<double>(x)[1] == 0);  // at the bound: none
  CHECK(tape.grad<double>(x)[2] == 1);
  CHECK(tape.grad<double>(x)[3] == 1);  // NaN is not clipped, so its gradient passes
  CHECK(message([&] { maximum(x, nan_value); }) ==
        "[maximum] x is [4], the bound is NaN; it must be a number");
}

TEST_CASE("no activation hides a NaN") {
  for (const Activation act : {Activation::none, Activation::relu, Activation::elu,
                               Activation::tanh, Activation::sigmoid, Activation::softplus}) {
    INFO("activation ", name(act));
    Tape tape(Precision::f32);
    // in the body of a vector register and in its tail
    std::vector<float> xs(37, 0.5f);
    xs[3] = xs[36] = static_cast<float>(nan_value);
    const auto y = activate(var<float>(tape, xs, {37}), act);
    CHECK(std::isnan(y.value<float>()[3]));
    CHECK(std::isnan(y.value<float>()[36]));
    CHECK(std::isfinite(y.value<float>()[4]));
  }
}

TEST_CASE("one variable as both inputs gets both gradients") {
  Tape tape(Precision::f64);
  const auto x = var<double>(tape, {3, -2}, {2});
  const std::vector<double> dy = {1, 10};
  tape.backward(mul(x, x), dy);
  check_close(tape.grad<double>(x), {6, -40});
  tape.backward(add(x, x), dy);
  check_close(tape.grad<double>(x), {6 + 2, -40 + 20});
  tape.backward(sub(x, x), dy);
  check_close(tape.grad<double>(x), {8, -20});
  tape.backward(div(x, x), dy);
  check_close(tape.grad<double>(x), {8, -20});
}

TEST_CASE("overlapping views as inputs add up where they overlap") {
  // Larger than one parallel range, so that the two views are written from several threads.
  const std::ptrdiff_t n = 3 << 15;
  Tape tape(Precision::f64);
  const auto x = var<double>(tape, numbers(n + 1, 1), {n + 1});
  const auto y = mul(slice_first(x, 0, n), slice_first(x, 1, n + 1));
  tape.backward(sum(y));
  const auto v = x.value<double>(), g = tape.grad<double>(x);
  std::ptrdiff_t wrong = 0;
  for (std::size_t i = 0; i <= static_cast<std::size_t>(n); ++i) {
    const double want = (i > 0 ? v[i - 1] : 0) + (i < static_cast<std::size_t>(n) ? v[i + 1] : 0);
    wrong += !(std::abs(g[i] - want) <= 1e-15);
  }
  CHECK(wrong == 0);
}

TEST_CASE("shape errors of elementwise ops name the op both shapes and the rule") {
  Tape tape(Precision::f64);
  const auto a = tape.zeros({2, 3}), b = tape.zeros({3, 2});
  const std::string rule = "a is [2,3], b is [3,2]; the shapes must be equal";
  CHECK(message([&] { add(a, b); }) == "[add] " + rule);
  CHECK(message([&] { sub(a, b); }) == "[sub] " + rule);
  CHECK(message([&] { mul(a, b); }) == "[mul] " + rule);
  CHECK(message([&] { div(a, b); }) == "[div] " + rule);
  NameScope outer(tape, "rssm"), inner(tape, "prior");
  CHECK(message([&] { add(a, b); }) == "[add] rssm/prior: " + rule);
  CHECK(message([&] { exp(Var{}); }) == "[exp] input 0 is an empty Var");
  CHECK(tape.size() == 2);  // a record that failed leaves nothing behind
}
