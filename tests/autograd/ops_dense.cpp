// Matrix product, linear layer and GRU cell against plain loops written from the definitions.
#include <cmath>
#include <span>
#include <vector>

#include "ops_support.hpp"

using namespace planet;
using namespace planet::test;

namespace {

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

// One step of the GRU for one row, element by element from the equations in autograd/ops.hpp.
std::vector<double> gru_reference(const std::vector<double>& x, const std::vector<double>& h,
                                  const std::vector<double>& W, const std::vector<double>& b) {
  const std::size_t X = x.size(), H = h.size();
  const auto product = [&](const std::vector<double>& second, std::size_t column) {
    double z = b[column];
    for (std::size_t i = 0; i < X; ++i) z += x[i] * W[i * 3 * H + column];
    for (std::size_t i = 0; i < H; ++i) z += second[i] * W[(X + i) * 3 * H + column];
    return z;
  };
  std::vector<double> r(H), u(H), reset(H), next(H);
  for (std::size_t j = 0; j < H; ++j) r[j] = sigmoid_of(product(h, j));
  for (std::size_t j = 0; j < H; ++j) u[j] = sigmoid_of(product(h, H + j));
  for (std::size_t j = 0; j < H; ++j) reset[j] = r[j] * h[j];
  for (std::size_t j = 0; j < H; ++j)
    next[j] = u[j] * h[j] + (1 - u[j]) * std::tanh(product(reset, 2 * H + j));
  return next;
}

std::vector<double> row(const std::vector<double>& m, std::size_t r, std::size_t columns) {
  const auto first = m.begin() + static_cast<std::ptrdiff_t>(r * columns);
  return {first, first + static_cast<std::ptrdiff_t>(columns)};
}

}  // namespace

TEST_CASE("matmul has the value and gradients of a hand calculation") {
  Tape tape(Precision::f64);
  const auto a = var<double>(tape, {1, 2, 3, 4}, {2, 2}),
             b = var<double>(tape, {5, 6, 7, 8}, {2, 2});
  const auto y = matmul(a, b);
  check_close(y.value<double>(), {19, 22, 43, 50});
  tape.backward(y, std::vector<double>{1, 0, 0, 1});
  check_close(tape.grad<double>(a), {5, 7, 6, 8});
  check_close(tape.grad<double>(b), {1, 3, 2, 4});
  tape.backward(matmul(a, a), std::vector<double>{1, 0, 0, 1});  // d trace(A A) = 2 A^T
  check_close(tape.grad<double>(a), {5 + 2, 7 + 6, 6 + 4, 8 + 8});
}

TEST_CASE("linear is act of x W plus b for every rank of x and every activation") {
  const std::vector<double> xs = numbers(2 * 3 * 4, 1), Ws = numbers(4 * 5, 2), bs = numbers(5, 3);
  for (const Activation act : {Activation::none, Activation::relu, Activation::elu,
                               Activation::tanh, Activation::sigmoid, Activation::softplus}) {
    INFO("activation ", name(act));
    Tape tape(Precision::f64);
    const auto W = var(tape, Ws, {4, 5}), b = var(tape, bs, {5});
    for (const Shape& shape : {Shape{2, 3, 4}, Shape{6, 4}, Shape{1, 6, 1, 4}}) {
      const auto x = var(tape, xs, shape);
      const auto y = linear(x, W, b, act);
      CHECK(y.shape() == shape.with_last(5));
      // the same by separate ops
      const auto z = activate(matmul(reshape(x, {6, 4}), W) + under_every_row(b, 6), act);
      check_close(y.value<double>(), z.values());
    }
  }
}

TEST_CASE("linear has the gradients of its parts") {
  const std::vector<double> xs = numbers(3 * 4, 4), Ws = numbers(4 * 5, 5), bs = numbers(5, 6);
  const std::vector<double> dy = numbers(15, 7);
  for (const Activation act : {Activation::none, Activation::relu, Activation::elu,
                               Activation::tanh, Activation::sigmoid, Activation::softplus}) {
    INFO("activation ", name(act));
    Tape fused(Precision::f64), parts(Precision::f64);
    const auto x = var(fused, xs, {3, 4}), W = var(fused, Ws, {4, 5}), b = var(fused, bs, {5});
    const auto u = var(parts, xs, {3, 4}), V = var(parts, Ws, {4, 5}), c = var(parts, bs, {5});
    fused.backward(linear(x, W, b, act), dy);
    parts.backward(activate(matmul(u, V) + under_every_row(c, 3), act), dy);
    check_close(fused.grad<double>(x),
                {parts.grad<double>(u).begin(), parts.grad<double>(u).end()});
    check_close(fused.grad<double>(W),
                {parts.grad<double>(V).begin(), parts.grad<double>(V).end()});
    check_close(fused.grad<double>(b),
                {parts.grad<double>(c).begin(), parts.grad<double>(c).end()});
  }
}

TEST_CASE("linear with one variable as input and as weight") {
  Tape tape(Precision::f64);
  const auto x = var<double>(tape, {1, 2, 3, 4}, {2, 2}), b = var<double>(tape, {0, 0}, {2});
  const auto y = linear(x, x, b);  // x x
  check_close(y.value<double>(), {7, 10, 15, 22});
  tape.backward(y, std::vector<double>{1, 0, 0, 1});
  check_close(tape.grad<double>(x), {2, 6, 4, 8});  // 2 x^T
  check_close(tape.grad<double>(b), {1, 1});
}

TEST_CASE("inputs without a gradient are left alone") {
  Tape tape(Precision::f64);
  const std::vector<double> ones(4, 1);
  const auto x = tape.constant(std::span<const double>(ones), {2, 2});
  const auto W = var<double>(tape, {1, 2, 3, 4}, {2, 2});
  const auto b = tape.zeros({2});
  tape.backward(linear(x, W, b, Activation::relu), std::vector<double>{1, 2, 3, 4});
  check_close(tape.grad<double>(W), {4, 6, 4, 6});
}

TEST_CASE("the GRU follows its equations with the reset gate before the product") {
  const std::size_t B = 3, X = 4, H = 5;
  const std::vector<double> x = numbers(B * X, 1), h = numbers(B * H, 2),
                            W = numbers((X + H) * 3 * H, 3), b = numbers(3 * H, 4);
  Tape tape(Precision::f64);
  const auto y = gru_cell(var(tape, x, {3, 4}), var(tape, h, {3, 5}), var(tape, W, {9, 15}),
                          var(tape, b, {15}));
  CHECK(y.shape() == Shape{3, 5});
  std::vector<double> want;
  for (std::size_t i = 0; i < B; ++i)
    for (const double v : gru_reference(row(x, i, X), row(h, i, H), W, b)) want.push_back(v);
  check_close(y.value<double>(), want, 1e-14);
}

TEST_CASE("the GRU has the gradients of its equations written with separate ops") {
  const std::vector<double> xs = numbers(3 * 4, 5), hs = numbers(3 * 2, 6), Ws = numbers(6 * 6, 7),
                            bs = numbers(6, 8), dy = numbers(6, 9);
  Tape fused(Precision::f64), parts(Precision::f64);
  const auto x = var(fused, xs, {3, 4}), h = var(fused, hs, {3, 2}), W = var(fused, Ws, {6, 6}),
             b = var(fused, bs, {6});
  fused.backward(gru_cell(x, h, W, b), dy);

  const auto px = var(parts, xs, {3, 4}), ph = var(parts, hs, {3, 2}), pW = var(parts, Ws, {6, 6}),
             pb = var(parts, bs, {6});
  const auto bias = [&](int k) {
    return reshape(columns(reshape(pb, {1, 6}), 2 * k, 2 * k + 2), {2});
  };
  const auto weight = [&](int k) { return columns(pW, 2 * k, 2 * k + 2); };
  const auto r = linear(concat(px, ph), weight(0), bias(0), Activation::sigmoid);
  const auto u = linear(concat(px, ph), weight(1), bias(1), Activation::sigmoid);
  const auto c = linear(concat(px, r * ph), weight(2), bias(2), Activation::tanh);
  parts.backward(u * ph + add_constant(scale(u, -1), 1) * c, dy);

  check_close(fused.grad<double>(x),
              {parts.grad<double>(px).begin(), parts.grad<double>(px).end()});
  check_close(fused.grad<double>(h),
              {parts.grad<double>(ph).begin(), parts.grad<double>(ph).end()});
  check_close(fused.grad<double>(W),
              {parts.grad<double>(pW).begin(), parts.grad<double>(pW).end()});
  check_close(fused.grad<double>(b),
              {parts.grad<double>(pb).begin(), parts.grad<double>(pb).end()});
}

TEST_CASE("a GRU whose state is its input gets both gradients") {
  const std::vector<double> hs = numbers(2 * 3, 1), Ws = numbers(6 * 9, 2), bs = numbers(9, 3),
                            dy = numbers(6, 4);
  Tape once(Precision::f64), twice(Precision::f64);
  const auto s = var(once, hs, {2, 3});
  once.backward(gru_cell(s, s, var(once, Ws, {6, 9}), var(once, bs, {9})), dy);
  const auto x = var(twice, hs, {2, 3}), h = var(twice, hs, {2, 3});
  twice.backward(gru_cell(x, h, var(twice, Ws, {6, 9}), var(twice, bs, {9})), dy);
  std::vector<double> want;
  for (std::size_t i = 0; i < 6; ++i)
    want.push_back(twice.grad<double>(x)[i] + twice.grad<double>(h)[i]);
  check_close(once.grad<double>(s), want);
}

TEST_CASE("the GRU at the size of the paper has 240600 parameters") {
  Tape tape(Precision::f32);
  const auto x = tape.zeros({1, 200}), h = tape.zeros({1, 200}), b = tape.zeros({600});
  const auto W = tape.zeros({400, 600});
  CHECK(W.shape().size() + b.shape().size() == 240600);
  CHECK(gru_cell(x, h, W, b).shape() == Shape{1, 200});
}

TEST_CASE("shape errors of dense ops name both shapes and the rule") {
  Tape tape(Precision::f64);
  const auto x = tape.zeros({50, 1224}), W = tape.zeros({1230, 1024}), b = tape.zeros({1024});
  NameScope rssm(tape, "rssm"), prior(tape, "prior"), layer(tape, "fc1");
  CHECK(message([&] { linear(x, W, b); }) ==
        "[linear] rssm/prior/fc1: x is [50,1224], W is [1230,1024]; the inner sizes 1224 and 1230 "
        "must be equal");
  const auto m = tape.zeros({2, 3}), n = tape.zeros({3, 4}), v = tape.zeros({3});
  CHECK(message([&] { linear(m, v, v); }) ==
        "[linear] rssm/prior/fc1: x is [2,3], W is [3]; W must be a matrix [in,out]");
  CHECK(message([&] { linear(m, n, v); }) ==
        "[linear] rssm/prior/fc1: W is [3,4], b is [3]; b must be [4], one element per column of "
        "W");
  CHECK(message([&] { matmul(n, m); }) ==
        "[matmul] rssm/prior/fc1: a is [3,4], b is [2,3]; the inner sizes 4 and 2 must be equal");
  CHECK(message([&] { matmul(m, v); }) ==
        "[matmul] rssm/prior/fc1: a is [2,3], b is [3]; both must be matrices, [M,K] and [K,N]");
  const auto h = tape.zeros({2, 4});
  CHECK(message([&] { gru_cell(m, n, W, b); }) ==
        "[gru_cell] rssm/prior/fc1: x is [2,3], h is [3,4]; they must be [B,X] and [B,H] with the "
        "same B");
  CHECK(message([&] { gru_cell(m, h, n, b); }) ==
        "[gru_cell] rssm/prior/fc1: x is [2,3], h is [2,4], W is [3,4]; W must be [X+H,3H] = "
        "[7,12]");
  CHECK(message([&] {
          gru_cell(m, h, tape.zeros({7, 12}), v);
        }) == "[gru_cell] rssm/prior/fc1: h is [2,4], b is [3]; b must be [3H] = [12]");
}
