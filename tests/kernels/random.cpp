// The vectorised fills against Philox one counter at a time, and the numbers against their laws.
#include "autograd/kernels/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "support.hpp"

using namespace planet;
using namespace planet::test;

namespace {

/// The significance level of the statistics. Seeds are fixed: a failure means that the generator
/// has changed.
constexpr double significance = 1e-4;
constexpr double z_of_significance = 3.89;  // two-sided normal quantile
constexpr std::ptrdiff_t many = 1 << 20;

template <class T>
std::vector<T> normals(std::ptrdiff_t n, std::uint64_t seed = 1) {
  Rng rng(seed, Stream::test, 5);
  std::vector<T> v(static_cast<std::size_t>(n));
  kernels::fill_normal(rng, v.data(), n);
  return v;
}

double mean_of(const std::vector<double>& x) {
  double sum = 0;
  for (double v : x) sum += v;
  return sum / static_cast<double>(x.size());
}

/// Upper quantile of chi-squared by Wilson and Hilferty.
double chi_squared_limit(double degrees) {
  static_assert(significance == 1e-4);
  const double z = 3.719, q = 2 / (9 * degrees);  // one-sided quantile of 1e-4
  return degrees * std::pow(1 - q + z * std::sqrt(q), 3);
}

/// Chi-squared of values that should be uniform in [0,1), in 256 equal bins.
double chi_squared(const std::vector<double>& u) {
  std::vector<double> count(256);
  for (double v : u) ++count[static_cast<std::size_t>(v * 256)];
  const double expected = static_cast<double>(u.size()) / 256;
  double sum = 0;
  for (double c : count) sum += (c - expected) * (c - expected) / expected;
  return sum;
}

}  // namespace

TEST_CASE("uniform fills are Philox's words") {
  for (std::ptrdiff_t n : {0, 1, 3, 4, 5, 255, 256, 257, 1000, 70001}) {
    Rng rng(0x123456789ABCDEF0, Stream::test, 7), place = rng;
    rng.seek(0xFFFFFF00);  // the block crosses 32 bits of the counter
    std::vector<float> x(static_cast<std::size_t>(n));
    kernels::fill_uniform(rng, x.data(), n, 0.0f, 1.0f);
    CHECK(rng.position() == 0xFFFFFF00 + static_cast<std::uint64_t>((n + 3) / 4));
    int wrong = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::uint32_t word = place.block(0xFFFFFF00 + i / 4)[i % 4];
      wrong += x[i] != static_cast<float>(word >> 8) * 0x1p-24f;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE_TEMPLATE("normal fills are Box-Muller of Philox's words", T, float, double) {
  Rng place(1, Stream::test, 5);
  const auto z = normals<T>(10001);
  double worst = 0;
  for (std::size_t i = 0; i < z.size(); ++i) {
    const PhiloxCounter w = place.block(i / 4);
    const std::size_t pair = i % 4 / 2 * 2;
    const double u = ((w[pair] >> 8) + 1) * 0x1p-24;
    const double angle = static_cast<std::int32_t>(w[pair + 1]) * 0x1p-31 * std::numbers::pi;
    const double r = std::sqrt(-2 * std::log(u));
    const double exact = i % 2 ? r * std::sin(angle) : r * std::cos(angle);
    const double error = std::abs(static_cast<double>(z[i]) - exact);
    if (!(error <= worst)) worst = error;
  }
  CHECK(worst <= (sizeof(T) == 4 ? 2e-6 : 4e-15));
}

TEST_CASE_TEMPLATE("a number depends on its index alone", T, float, double) {
  const auto all = normals<T>(3000);
  for (std::ptrdiff_t n : {1, 2, 7, 255, 256, 257, 1023}) {
    CHECK(same_bits(normals<T>(n), std::vector<T>(all.begin(), all.begin() + n)));
  }
  Rng rng(1, Stream::test, 5);
  std::vector<T> x(400), y(600);
  kernels::fill_normal(rng, x.data(), 400);
  kernels::fill_normal(rng, y.data(), 600);  // two fills continue each other
  x.insert(x.end(), y.begin(), y.end());
  CHECK(same_bits(x, std::vector<T>(all.begin(), all.begin() + 1000)));
  CHECK(same_at_any_thread_count([] { return normals<T>(100003); }));
}

TEST_CASE("normals have the moments of the normal distribution") {
  const auto z = normals<double>(many);
  const double n = static_cast<double>(many);
  double moment[5] = {};
  for (double v : z) {
    double power = 1;
    for (double& m : moment) {
      m += power / n;
      power *= v;
    }
  }
  CHECK(std::abs(moment[1]) <= z_of_significance * std::sqrt(1 / n));
  CHECK(std::abs(moment[2] - 1) <= z_of_significance * std::sqrt(2 / n));
  CHECK(std::abs(moment[3]) <= z_of_significance * std::sqrt(15 / n));
  CHECK(std::abs(moment[4] - 3) <= z_of_significance * std::sqrt(96 / n));
}

TEST_CASE("normals pass chi-squared and so do uniforms") {
  auto u = normals<double>(many, 2);
  for (double& v : u) v = std::min(0.5 * std::erfc(-v / std::numbers::sqrt2), 0x1.fffffffffffffp-1);
  CHECK(chi_squared(u) <= chi_squared_limit(255));
  Rng rng(3, Stream::test);
  kernels::fill_uniform(rng, u.data(), many, 0.0, 1.0);
  CHECK(chi_squared(u) <= chi_squared_limit(255));
  CHECK(mean_of(u) == doctest::Approx(0.5).epsilon(0.002));
}

TEST_CASE("the two outputs of a pair are independent") {
  const auto z = normals<double>(many, 4);
  const double pairs = static_cast<double>(many) / 2;
  double product = 0, squares = 0, fourth = 0;
  for (std::size_t i = 0; i < z.size(); i += 2) {
    product += z[i] * z[i + 1] / pairs;
    squares += (z[i] * z[i] - 1) * (z[i + 1] * z[i + 1] - 1) / pairs;
    fourth += z[i] * z[i] * z[i + 1] / pairs;
  }
  CHECK(std::abs(product) <= z_of_significance / std::sqrt(pairs));
  CHECK(std::abs(squares) <= z_of_significance * 2 / std::sqrt(pairs));
  CHECK(std::abs(fourth) <= z_of_significance * std::sqrt(3 / pairs));
}

TEST_CASE("float and double fills are the same numbers") {
  const auto single = normals<float>(100000);
  const auto exact = normals<double>(100000);
  double worst = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double d = std::abs(static_cast<double>(single[i]) - exact[i]);
    if (!(d <= worst)) worst = d;
  }
  CHECK(worst <= 3e-6);
}

TEST_CASE_TEMPLATE("uniforms stay below the upper end", T, float, double) {
  Rng rng(5, Stream::test);
  std::vector<T> x(300000);
  const T low = T(1) - std::numeric_limits<T>::epsilon();  // every other value rounds up to 1
  kernels::fill_uniform(rng, x.data(), 300000, low, T(1));
  bool inside = true;
  for (T v : x) inside = inside && v >= low && v < T(1);
  CHECK(inside);
}
