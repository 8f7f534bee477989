// Gaussians: the closed forms of KL and log-likelihood, values and gradients, and their direction.
#include <cmath>
#include <numbers>
#include <span>
#include <vector>

#include "ops_support.hpp"

using namespace planet;
using namespace planet::test;

namespace {

// One KL of one dimension, and its four gradients, on a tape.
struct Kl {
  double value, q_mean, q_std, p_mean, p_std;
};
template <class T = double>
Kl kl(double m, double s, double n, double t) {
  Tape tape(precision_of<T>());
  const auto leaf = [&](double x) { return var<T>(tape, {static_cast<T>(x)}, {1, 1}); };
  const auto a = leaf(m), b = leaf(s), c = leaf(n), d = leaf(t);
  const auto y = gaussian_kl(a, b, c, d);
  tape.backward(y);
  const auto grad = [&](Var v) { return static_cast<double>(tape.grad<T>(v)[0]); };
  return {y.item(), grad(a), grad(b), grad(c), grad(d)};
}

}  // namespace

TEST_CASE("P3 the KL runs from the posterior to the prior") {
  // KL[N(1, 1/4) || N(0, 1)] = ln 2 + (1/4 + 1)/2 - 1/2; the reverse is -ln 2 + (1 + 1)/(1/2) - 1/2
  CHECK(std::abs(kl(1, 0.5, 0, 1).value - 0.81815) <= 5e-6);
  CHECK(std::abs(kl(0, 1, 1, 0.5).value - 2.80685) <= 5e-6);
  CHECK(std::abs(kl<float>(1, 0.5, 0, 1).value - 0.81815) <= 5e-6);
}

TEST_CASE("P4 the KL is summed over the dimensions of an event") {
  Tape tape(Precision::f64);
  const auto filled = [&](double x) { return var(tape, std::vector<double>(90, x), {3, 1, 30}); };
  const auto y = gaussian_kl(filled(1), filled(0.5), filled(0), filled(1));
  CHECK(y.shape() == Shape{3, 1});
  const double one = kl(1, 0.5, 0, 1).value;
  check_close(y.value<double>(), {30 * one, 30 * one, 30 * one}, 1e-14);
}

TEST_CASE("the KL of a Gaussian with itself is zero and so are its gradients") {
  for (const double s : {0.1, 0.7, 3.0}) {
    const Kl k = kl(1.3, s, 1.3, s);
    CHECK(k.value == 0);
    CHECK(k.q_mean == 0);
    CHECK(k.p_mean == 0);
    CHECK(k.q_std == 0);
    CHECK(k.p_std == 0);
  }
}

TEST_CASE("the KL of tiny and huge standard deviations stays accurate") {
  for (const double s : {1e-30, 1e-25, 1e-20, 1e19, 1e25, 1e30}) {
    const Kl same = kl<float>(0, s, 0, s);
    CHECK(same.value == 0);
    CHECK(same.q_std == 0);
    CHECK(same.p_std == 0);
    CHECK(same.q_mean == 0);
    // KL[N(s, (2s)^2) || N(0, s^2)] does not depend on s; its gradients go with 1/s.
    const Kl k = kl<float>(s, 2 * s, 0, s), one = kl<double>(1, 2, 0, 1);
    CHECK(std::abs(k.value - one.value) <= 1e-6);
    CHECK(std::abs(k.q_mean * s - one.q_mean) <= 1e-5);
    CHECK(std::abs(k.q_std * s - one.q_std) <= 1e-5);
    CHECK(std::abs(k.p_mean * s - one.p_mean) <= 1e-5);
    CHECK(std::abs(k.p_std * s - one.p_std) <= 1e-5);
  }
}

TEST_CASE("the KL has the value and the gradients of the closed form") {
  const std::vector<double> m = numbers(20, 1), n = numbers(20, 2);
  std::vector<double> s = numbers(20, 3), t = numbers(20, 4);
  for (double& x : s) x = 0.2 + std::abs(x) * 3;
  for (double& x : t) x = 0.2 + std::abs(x) * 3;
  for (std::size_t i = 0; i < m.size(); ++i) {
    const Kl k = kl(m[i], s[i], n[i], t[i]);
    const double d = m[i] - n[i], v = t[i] * t[i];
    const std::vector<double> got = {k.value, k.q_mean, k.q_std, k.p_mean, k.p_std};
    check_close(std::span<const double>(got),
                {std::log(t[i] / s[i]) + (s[i] * s[i] + d * d) / (2 * v) - 0.5, d / v,
                 -1 / s[i] + s[i] / v, -d / v, 1 / t[i] - (s[i] * s[i] + d * d) / (v * t[i])},
                1e-13);
    CHECK(k.value >= 0);
  }
}

TEST_CASE("only the posterior moves when the gradient of the prior is stopped") {
  Tape tape(Precision::f64);
  const auto q = var<double>(tape, {1, 2}, {1, 2}), s = var<double>(tape, {0.5, 1}, {1, 2});
  const auto p = var<double>(tape, {0, 0}, {1, 2}), t = var<double>(tape, {1, 1}, {1, 2});
  tape.backward(gaussian_kl(q, s, stop_gradient(p), stop_gradient(t)));
  check_close(tape.grad<double>(q), {1, 2});
  check_close(tape.grad<double>(p), {0, 0});
  check_close(tape.grad<double>(t), {0, 0});
}

TEST_CASE("a sample is mean plus std times noise and its noise takes no gradient") {
  Tape tape(Precision::f64);
  const auto mean = var<double>(tape, {1, 2}, {2}), std = var<double>(tape, {0.5, 3}, {2});
  const auto noise = var<double>(tape, {-1, 2}, {2});
  const auto y = gaussian_sample(mean, std, noise);
  check_close(y.value<double>(), {0.5, 8});
  tape.backward(y, std::vector<double>{10, 100});
  check_close(tape.grad<double>(mean), {10, 100});
  check_close(tape.grad<double>(std), {-10, 200});
  check_close(tape.grad<double>(noise), {0, 0});
}

TEST_CASE("the log-likelihood has its constants and the gradients of its closed form") {
  Tape tape(Precision::f64);
  const auto x = var<double>(tape, {1, 3, 0}, {1, 3}), m = var<double>(tape, {1, 1, 2}, {1, 3});
  const auto s = var<double>(tape, {1, 2, 0.5}, {1, 3});
  const auto y = gaussian_log_likelihood(x, m, s);
  CHECK(y.shape() == Shape{1});
  const double ln_two_pi = std::log(2 * std::numbers::pi);
  // z = 0, 1, -4 and ln s = 0, ln 2, -ln 2
  CHECK(std::abs(y.item() - (-1.5 * ln_two_pi - 0.5 - 8)) <= 1e-13);
  tape.backward(y);
  check_close(tape.grad<double>(x), {0, -0.5, 8});
  check_close(tape.grad<double>(m), {0, 0.5, -8});
  check_close(tape.grad<double>(s), {-1, 0, 30});
}

TEST_CASE("the density integrates to one") {
  Tape tape(Precision::f64);
  const std::ptrdiff_t n = 4001;
  std::vector<double> xs;
  for (std::ptrdiff_t i = 0; i < n; ++i) xs.push_back(-20 + 0.01 * static_cast<double>(i));
  const auto filled = [&](double v) {
    return var(tape, std::vector<double>(static_cast<std::size_t>(n), v), {n, 1});
  };
  const auto p = exp(gaussian_log_likelihood(var(tape, xs, {n, 1}), filled(0.3), filled(1.7)));
  CHECK(std::abs(0.01 * sum(p).item() - 1) <= 1e-10);
}

TEST_CASE("half the squared error is the unit log-likelihood without its constant") {
  Tape tape(Precision::f64);
  const std::vector<double> xs = numbers(24, 1), ts = numbers(24, 2);
  const auto x = var(tape, xs, {2, 3, 4}), target = var(tape, ts, {2, 3, 4});
  const auto loss = half_squared_error(x, target, 2);
  CHECK(loss.shape() == Shape{2, 3});
  const auto ones = var(tape, std::vector<double>(24, 1), {2, 3, 4});
  const auto ll = gaussian_log_likelihood(target, x, ones);
  const double constant = 2 * std::log(2 * std::numbers::pi);
  for (std::size_t i = 0; i < 6; ++i)
    CHECK(std::abs(loss.value<double>()[i] + ll.value<double>()[i] + constant) <= 1e-14);

  tape.backward(loss, std::vector<double>{1, 2, 3, 4, 5, 6});
  std::vector<double> want;
  for (std::size_t i = 0; i < 24; ++i)
    want.push_back(static_cast<double>(i / 4 + 1) * (xs[i] - ts[i]));
  check_close(tape.grad<double>(x), want);
  check_close(tape.grad<double>(target), std::vector<double>(24, 0));
}

TEST_CASE("half the squared error keeps the requested number of axes") {
  Tape tape(Precision::f64);
  const auto x = var(tape, std::vector<double>(16, 1.5), {2, 2, 2, 2});
  const auto target = var(tape, std::vector<double>(16, 1), {2, 2, 2, 2});
  const double each = 0.5 * 0.5 * 0.5;  // half of a squared difference of one half
  CHECK(half_squared_error(x, target).shape() == Shape{2});
  check_close(half_squared_error(x, target).value<double>(), {8 * each, 8 * each});
  CHECK(half_squared_error(x, target, 0).shape() == Shape{1});
  CHECK(half_squared_error(x, target, 0).item() == 16 * each);
  CHECK(half_squared_error(x, target, 4).shape() == Shape{2, 2, 2, 2});
  CHECK(half_squared_error(x, target, 4).value<double>()[15] == each);
}

TEST_CASE("shape errors of Gaussian ops name the inputs and the rule") {
  Tape tape(Precision::f64);
  const auto a = tape.zeros({2, 3}), b = tape.zeros({2, 4});
  CHECK(message([&] { gaussian_kl(a, a, b, a); }) ==
        "[gaussian_kl] q_mean is [2,3], p_mean is [2,4]; the shapes must be equal");
  CHECK(message([&] { gaussian_sample(a, a, b); }) ==
        "[gaussian_sample] mean is [2,3], noise is [2,4]; the shapes must be equal");
  CHECK(message([&] { gaussian_log_likelihood(a, b, a); }) ==
        "[gaussian_log_likelihood] x is [2,3], mean is [2,4]; the shapes must be equal");
  CHECK(message([&] { half_squared_error(a, b); }) ==
        "[half_squared_error] x is [2,3], target is [2,4]; the shapes must be equal");
  CHECK(message([&] { half_squared_error(a, a, 3); }) ==
        "[half_squared_error] x is [2,3], 3 axes are to be kept; that must be 0 to 2");
}
