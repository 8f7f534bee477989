// The ends of arrays and of the number range: nothing is written beyond the last element, signed
// zeros and subnormal numbers behave, and the derivatives of the activations keep a NaN.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "autograd/kernels/math.hpp"
#include "autograd/kernels/random.hpp"
#include "autograd/kernels/reduce.hpp"
#include "support.hpp"

using namespace planet;
using namespace planet::test;

namespace {

constexpr Activation activations[] = {Activation::relu, Activation::elu, Activation::tanh,
                                      Activation::sigmoid, Activation::softplus};

template <class T>
T act(Activation a, T x) {
  T y;
  kernels::activate(a, &x, &y, 1);
  return y;
}

}  // namespace

TEST_CASE_TEMPLATE("nothing is written beyond the last element", T, float, double) {
  const T untouched = 123;
  for (std::ptrdiff_t n = 0; n <= 50; ++n) {
    CAPTURE(n);
    const auto x = uniform<T>(64, 1), dy = uniform<T>(64, 2);
    const auto size = static_cast<std::size_t>(n);
    const auto guarded = [&](auto fill) {
      std::vector<T> y(64, untouched);
      fill(y.data());
      for (std::size_t i = size; i < y.size(); ++i)
        if (y[i] != untouched) return false;
      return true;
    };
    for (Activation a : activations) {
      CHECK(guarded([&](T* y) { kernels::activate(a, x.data(), y, n); }));
      CHECK(guarded([&](T* y) { kernels::activate_backward(a, x.data(), dy.data(), y, n); }));
    }
    CHECK(guarded([&](T* y) { kernels::exp(x.data(), y, n); }));
    CHECK(guarded([&](T* y) { kernels::log(x.data(), y, n); }));
    Rng rng(1, Stream::test);
    CHECK(guarded([&](T* y) { kernels::fill_normal(rng, y, n); }));
    CHECK(guarded([&](T* y) { kernels::fill_uniform(rng, y, n, T(0), T(1)); }));
    CHECK(guarded([&](T* y) { kernels::row_sums(x.data(), n, 1, y); }));
    CHECK(guarded([&](T* y) { kernels::log_sum_exp_rows(x.data(), n, 1, y); }));
    CHECK(guarded([&](T* y) { kernels::add_column_sums(x.data(), 1, n, y); }));
  }
}

TEST_CASE_TEMPLATE("subnormal arguments are small numbers, not zeros", T, float, double) {
  constexpr T tiny = std::numeric_limits<T>::denorm_min();
  for (T x : {tiny, 5 * tiny, std::numeric_limits<T>::min() / 2, std::numeric_limits<T>::min()}) {
    CAPTURE(x);
    for (T s : {x, -x}) {
      CHECK(act(Activation::tanh, s) == s);
      CHECK(act(Activation::elu, s) == s);
      CHECK(act(Activation::relu, s) == std::max(s, T(0)));
      CHECK(act(Activation::sigmoid, s) == T(0.5));
      CHECK(act(Activation::softplus, s) == doctest::Approx(std::log(2.0)));
      T e;
      kernels::exp(&s, &e, 1);
      CHECK(e == 1);
    }
  }
}

TEST_CASE_TEMPLATE("log is within 2 ulp in every binade", T, float, double) {
  using Limits = std::numeric_limits<T>;
  const auto mantissa = uniform<T>(20, 5, 1, 2);
  double worst = 0;
  for (int e = Limits::min_exponent - Limits::digits; e < Limits::max_exponent; ++e) {
    for (T m : mantissa) {
      const T x = std::ldexp(m, e);
      if (x == 0) continue;
      T y;
      kernels::log(&x, &y, 1);
      const long double exact = std::log(static_cast<long double>(x));
      const long double ulp = std::ldexp(1.0L, std::ilogb(exact) + 1 - Limits::digits);
      const double error = static_cast<double>(std::abs(y - exact) / ulp);
      if (!(error <= worst)) worst = error;
    }
  }
  CHECK(worst <= 2);
}

TEST_CASE_TEMPLATE("zeros of both signs give zeros and halves", T, float, double) {
  for (T zero : {T(0), T(-0.0)}) {
    CHECK(act(Activation::relu, zero) == 0);
    CHECK(act(Activation::elu, zero) == 0);
    CHECK(act(Activation::tanh, zero) == 0);
    CHECK(act(Activation::sigmoid, zero) == T(0.5));
    T y;
    kernels::log(&zero, &y, 1);
    CHECK(y == -std::numeric_limits<T>::infinity());
  }
}

TEST_CASE_TEMPLATE("a NaN gradient stays NaN wherever the function has a slope", T, float, double) {
  constexpr T nan = std::numeric_limits<T>::quiet_NaN();
  for (Activation a : activations) {
    CAPTURE(name(a));
    T y = T(0.3), dz = 0;
    kernels::activate_backward(a, &y, &nan, &dz, 1);
    CHECK(std::isnan(dz));
  }
  T closed = 0, dz = 1;  // where relu is flat no gradient passes
  kernels::activate_backward(Activation::relu, &closed, &nan, &dz, 1);
  CHECK(dz == 0);
}

TEST_CASE_TEMPLATE("activate_backward is its formula in y at every position", T, float, double) {
  const auto x = uniform<T>(77, 3, -3, 3), dy = uniform<T>(77, 4);
  for (Activation a : activations) {
    CAPTURE(name(a));
    std::vector<T> y(77), dz(77);
    kernels::activate(a, x.data(), y.data(), 77);
    kernels::activate_backward(a, y.data(), dy.data(), dz.data(), 77);
    auto in_place = dy;
    kernels::activate_backward(a, y.data(), in_place.data(), in_place.data(), 77);
    CHECK(same_bits(in_place, dz));
    for (std::size_t i = 0; i < 77; ++i) {
      const double v = static_cast<double>(y[i]);
      const double slope = a == Activation::relu      ? v > 0
                           : a == Activation::elu     ? (v > 0 ? 1 : v + 1)
                           : a == Activation::tanh    ? 1 - v * v
                           : a == Activation::sigmoid ? v * (1 - v)
                                                      : -std::expm1(-v);
      const double error =
          std::abs(static_cast<double>(dz[i]) - static_cast<double>(dy[i]) * slope);
      CHECK(error <= 3 * static_cast<double>(std::numeric_limits<T>::epsilon()));
    }
  }
}

TEST_CASE_TEMPLATE("normals stay within what 24 bits of u allow", T, float, double) {
  Rng rng(9, Stream::test);
  std::vector<T> z(1 << 18);
  kernels::fill_normal(rng, z.data(), 1 << 18);
  T most = 0;
  for (T v : z) {
    if (!(std::abs(v) <= most)) most = std::abs(v);
  }
  CHECK(most <= T(5.768));  // sqrt(-2 ln 2^-24)
  CHECK(most >= T(4));      // of a quarter of a million draws, some lie this far out
  CHECK(kernels::all_finite(z.data(), 1 << 18));
}
