// Each function against long double over its whole range, in units of the last place; then the
// special values, the tails, and the derivatives written in the result.
#include "autograd/kernels/math.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "support.hpp"

using namespace planet;
using namespace planet::test;

namespace {

template <class T>
using Function = void (*)(const T*, T*, std::ptrdiff_t);

long double exact_sigmoid(long double x) { return 1 / (1 + std::exp(-x)); }
long double exact_softplus(long double x) {
  return (x > 0 ? x : 0) + std::log1p(std::exp(-std::abs(x)));
}
long double exact_elu(long double x) { return x > 0 ? x : std::expm1(x); }

/// Distance between y and the exact value in units of T's last place at the exact value.
template <class T>
double ulps(T y, long double exact) {
  int exponent = 0;
  std::frexp(exact, &exponent);
  exponent = std::max(exponent, std::numeric_limits<T>::min_exponent);
  const long double ulp = std::ldexp(1.0L, exponent - std::numeric_limits<T>::digits);
  return static_cast<double>(std::abs(static_cast<long double>(y) - exact) / ulp);
}

template <class T>
double worst(Function<T> f, long double (*exact)(long double), double low, double high) {
  const auto x = uniform<T>(100000, 11, low, high);
  std::vector<T> y(x.size());
  f(x.data(), y.data(), static_cast<std::ptrdiff_t>(x.size()));
  double most = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double error = ulps(y[i], exact(x[i]));
    if (!(error <= most)) most = error;
  }
  return most;
}

/// Near zero, at powers of two of both signs, where a relative error would be large.
template <class T>
double worst_near_zero(Function<T> f, long double (*exact)(long double)) {
  double most = 0;
  for (int e = -60; e <= 0; ++e) {
    for (T x : {std::ldexp(T(1.37), e), std::ldexp(T(-1.91), e)}) {
      T y;
      f(&x, &y, 1);
      const double error = ulps(y, exact(x));
      if (!(error <= most)) most = error;
    }
  }
  return most;
}

template <class T>
T at(Function<T> f, T x) {
  T y;
  f(&x, &y, 1);
  return y;
}

template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();
template <class T>
constexpr T not_a_number = std::numeric_limits<T>::quiet_NaN();

}  // namespace

TEST_CASE_TEMPLATE("exp is within 2 ulp everywhere", T, float, double) {
  const bool f = sizeof(T) == 4;
  CHECK(worst<T>(kernels::exp, std::exp, f ? -87 : -708, f ? 88.7 : 709.7) <= 2);
  CHECK(worst<T>(kernels::exp, std::exp, -2, 2) <= 2);
  CHECK(worst<T>(kernels::exp, std::exp, f ? -104 : -746, f ? -87 : -708) <= 2);  // subnormal
}

TEST_CASE_TEMPLATE("log is within 2 ulp for every positive argument", T, float, double) {
  const bool f = sizeof(T) == 4;
  CHECK(worst<T>(kernels::log, std::log, f ? 1e-37 : 1e-300, 100) <= 2);
  CHECK(worst<T>(kernels::log, std::log, 0.5, 2) <= 2);
  CHECK(worst<T>(kernels::log, std::log, 1, f ? 3e38 : 1e308) <= 2);
  CHECK(worst<T>(kernels::log, std::log, f ? 2e-45 : 1e-320, f ? 1e-38 : 2e-308) <= 2);
}

TEST_CASE_TEMPLATE("tanh and sigmoid and softplus and elu are within 3 ulp", T, float, double) {
  const bool f = sizeof(T) == 4;
  CHECK(worst<T>(kernels::tanh, std::tanh, -12, 12) <= 3);
  CHECK(worst<T>(kernels::tanh, std::tanh, -0.6, 0.6) <= 3);
  CHECK(worst_near_zero<T>(kernels::tanh, std::tanh) <= 3);
  CHECK(worst<T>(kernels::sigmoid, exact_sigmoid, f ? -87 : -700, 40) <= 3);
  CHECK(worst<T>(kernels::sigmoid, exact_sigmoid, -3, 3) <= 3);
  CHECK(worst<T>(kernels::softplus, exact_softplus, f ? -87 : -700, 100) <= 3);
  CHECK(worst<T>(kernels::softplus, exact_softplus, -3, 3) <= 3);
  CHECK(worst<T>(kernels::elu, exact_elu, -50, 10) <= 3);
  CHECK(worst_near_zero<T>(kernels::elu, exact_elu) <= 3);
}

TEST_CASE_TEMPLATE("special values", T, float, double) {
  for (Function<T> f : {kernels::exp<T>, kernels::log<T>, kernels::tanh<T>, kernels::sigmoid<T>,
                        kernels::softplus<T>, kernels::elu<T>, kernels::relu<T>}) {
    CHECK(std::isnan(at<T>(f, not_a_number<T>)));
  }
  CHECK(at<T>(kernels::exp, 0) == 1);
  CHECK(at<T>(kernels::exp, -infinity<T>) == 0);
  CHECK(at<T>(kernels::exp, infinity<T>) == infinity<T>);
  CHECK(at<T>(kernels::exp, T(1e4)) == infinity<T>);
  CHECK(at<T>(kernels::exp, T(-1e4)) == 0);
  CHECK(at<T>(kernels::log, 1) == 0);
  CHECK(at<T>(kernels::log, 0) == -infinity<T>);
  CHECK(at<T>(kernels::log, infinity<T>) == infinity<T>);
  CHECK(std::isnan(at<T>(kernels::log, -1)));
  CHECK(std::isnan(at<T>(kernels::log, -infinity<T>)));
  for (T x : {T(50), T(1e4), infinity<T>}) {
    CHECK(at<T>(kernels::tanh, x) == 1);
    CHECK(at<T>(kernels::tanh, -x) == -1);
    CHECK(at<T>(kernels::sigmoid, x) == 1);
    CHECK(at<T>(kernels::elu, x) == x);
    CHECK(at<T>(kernels::elu, -x) == -1);
    CHECK(at<T>(kernels::relu, x) == x);
    CHECK(at<T>(kernels::relu, -x) == 0);
    CHECK(at<T>(kernels::softplus, x) == x);
  }
  CHECK(at<T>(kernels::sigmoid, T(-1e4)) == 0);
  CHECK(std::signbit(at<T>(kernels::tanh, T(-0.0))));
  CHECK(!std::signbit(at<T>(kernels::tanh, T(0))));
}

TEST_CASE_TEMPLATE("P30 softplus and its gradient are finite at 1e4 on both sides", T, float,
                   double) {
  for (T x : {T(-1e4), T(-100), T(0), T(100), T(1e4)}) {
    CAPTURE(x);
    const T y = at<T>(kernels::softplus, x);
    CHECK(std::isfinite(y));
    CHECK(y >= 0);
    const T one = 1;
    T gradient;
    kernels::activate_backward(Activation::softplus, &y, &one, &gradient, 1);
    CHECK(std::isfinite(gradient));
    CHECK(gradient == doctest::Approx(static_cast<double>(exact_sigmoid(x))).epsilon(1e-5));
  }
}

TEST_CASE_TEMPLATE("a value does not depend on its position or on the array's length", T, float,
                   double) {
  const auto x = uniform<T>(70, 12, -4, 4);
  for (Activation act : {Activation::relu, Activation::elu, Activation::tanh, Activation::sigmoid,
                         Activation::softplus}) {
    CAPTURE(name(act));
    std::vector<T> alone(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) kernels::activate(act, &x[i], &alone[i], 1);
    for (std::size_t n = 0; n <= x.size(); ++n) {
      std::vector<T> y(n);
      kernels::activate(act, x.data() + x.size() - n, y.data(), static_cast<std::ptrdiff_t>(n));
      CHECK(
          same_bits(y, std::vector<T>(alone.end() - static_cast<std::ptrdiff_t>(n), alone.end())));
    }
  }
}

TEST_CASE_TEMPLATE("activations work in place and in parallel", T, float, double) {
  CHECK(same_at_any_thread_count([] {
    auto x = uniform<T>(100001, 13, -4, 4);
    kernels::activate(Activation::tanh, x.data(), x.data(), 100001);
    return x;
  }));
  auto x = uniform<T>(100, 14), y = x;
  kernels::activate(Activation::none, x.data(), y.data(), 100);
  CHECK(same_bits(x, y));
}

TEST_CASE("the derivative of each activation is that of finite differences") {
  for (Activation act : {Activation::none, Activation::relu, Activation::elu, Activation::tanh,
                         Activation::sigmoid, Activation::softplus}) {
    CAPTURE(name(act));
    for (double x : {-2.3, -0.4, 0.3, 1.7}) {
      const double h = 1e-5, dy = 0.7;
      double y, up, down, dz;
      const double above = x + h, below = x - h;
      kernels::activate(act, &x, &y, 1);
      kernels::activate(act, &above, &up, 1);
      kernels::activate(act, &below, &down, 1);
      kernels::activate_backward(act, &y, &dy, &dz, 1);
      CHECK(dz == doctest::Approx(dy * (up - down) / (2 * h)).epsilon(1e-8));
    }
  }
}
