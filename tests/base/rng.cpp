// The scalar draws against their distributions, and the position of an Rng as its only state. Seeds
// are fixed: a failure means a changed generator, never bad luck.
#include <doctest/doctest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "autograd/base/error.hpp"
#include "autograd/base/philox.hpp"

using namespace planet;

namespace {

// Each statistic is rejected at a value that chance alone would exceed once in ten thousand.
constexpr double z_two_sided = 3.89;  // normal quantile of significance 1e-4
constexpr double z_one_sided = 3.72;

/// Upper quantile of chi-squared at that level, by Wilson and Hilferty.
double chi_squared_limit(double degrees) {
  const double q = 2 / (9 * degrees);
  return degrees * std::pow(1 - q + z_one_sided * std::sqrt(q), 3);
}

/// Chi-squared of counts that should all be equal.
double chi_squared(const std::vector<double>& count) {
  double n = 0, sum = 0;
  for (double c : count) n += c;
  const double expected = n / static_cast<double>(count.size());
  for (double c : count) sum += (c - expected) * (c - expected) / expected;
  return sum;
}

/// Whether the mean of n independent values with this standard deviation is as expected.
bool near(double mean, double expected, double deviation, int n) {
  return std::abs(mean - expected) <= z_two_sided * deviation / std::sqrt(n);
}

constexpr int n = 200000;

}  // namespace

TEST_CASE("uniform is in its range with the moments and bins of the uniform law") {
  Rng rng(1, Stream::test);
  double sum = 0, squares = 0, odd = 0;
  std::vector<double> bin(256);
  bool inside = true;
  for (int i = 0; i < n; ++i) {
    const double u = rng.uniform();
    inside = inside && u >= 0 && u < 1;
    sum += u;
    squares += u * u;
    odd += std::fmod(std::ldexp(u, 53), 2);  // the last of 53 bits
    ++bin[static_cast<std::size_t>(u * 256)];
  }
  CHECK(inside);
  CHECK(near(sum / n, 1 / 2., std::sqrt(1 / 12.), n));
  CHECK(near(squares / n, 1 / 3., std::sqrt(4 / 45.), n));
  CHECK(near(odd / n, 1 / 2., 1 / 2., n));
  CHECK(chi_squared(bin) <= chi_squared_limit(255));
  for (int i = 0; i < 1000; ++i) {
    const double u = rng.uniform(-3, 5);
    CHECK((u >= -3 && u < 5));
  }
}

TEST_CASE("neighbouring uniforms are uncorrelated") {
  Rng rng(2, Stream::test);
  double before = rng.uniform() - 0.5, sum = 0;
  for (int i = 0; i < n; ++i) {
    const double u = rng.uniform() - 0.5;
    sum += u * before;
    before = u;
  }
  CHECK(near(sum / n, 0, 1 / 12., n));
}

TEST_CASE("below reaches all of 0 to n-1 and nothing else, evenly") {
  Rng rng(3, Stream::test);
  for (std::uint64_t limit : {1u, 2u, 3u, 7u, 100u}) {
    std::vector<double> count(limit);
    int outside = 0;
    for (int i = 0; i < n; ++i) {
      const std::uint64_t x = rng.below(limit);
      x < limit ? void(++count[x]) : void(++outside);
    }
    CHECK(outside == 0);
    if (limit > 1) CHECK(chi_squared(count) <= chi_squared_limit(static_cast<double>(limit) - 1));
  }
  CHECK_THROWS_WITH_AS(rng.below(0), "[Rng::below] n is 0; there is nothing to choose from", Error);
}

TEST_CASE("below has no bias where a plain remainder would have") {
  // Of 2^64 words, n = 3 * 2^62 leaves a rest of 2^62: x % n would take the lowest third twice as
  // often as each of the others.
  Rng rng(4, Stream::test);
  std::vector<double> count(3);
  for (int i = 0; i < n; ++i) ++count[rng.below(std::uint64_t{3} << 62) >> 62];
  CHECK(chi_squared(count) <= chi_squared_limit(2));
}

TEST_CASE("normal has the moments and bins of the normal law") {
  Rng rng(5, Stream::test);
  double moment[5] = {};
  std::vector<double> bin(256);
  for (int i = 0; i < n; ++i) {
    const double z = rng.normal(), below = 0.5 * std::erfc(-z / std::numbers::sqrt2);
    double power = 1;
    for (double& m : moment) {
      m += power / n;
      power *= z;
    }
    ++bin[std::min<std::size_t>(255, static_cast<std::size_t>(below * 256))];
  }
  CHECK(near(moment[1], 0, 1, n));
  CHECK(near(moment[2], 1, std::sqrt(2.), n));
  CHECK(near(moment[3], 0, std::sqrt(15.), n));
  CHECK(near(moment[4], 3, std::sqrt(96.), n));
  CHECK(chi_squared(bin) <= chi_squared_limit(255));
}

TEST_CASE("normal is Box-Muller of the four words of one block") {
  Rng rng(5, Stream::test);
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const PhiloxCounter w = rng.block(i);
    const double u = std::ldexp(w[0], -32) + std::ldexp(w[1] >> 11, -53);
    const double v = std::ldexp(w[2], -32) + std::ldexp(w[3] >> 11, -53);
    const double exact = std::sqrt(-2 * std::log(u + 0x1p-53)) * std::cos(2 * std::numbers::pi * v);
    CHECK(std::abs(rng.normal() - exact) <= 1e-14 * (1 + std::abs(exact)));
  }
}

TEST_CASE("the position is the only state of an Rng") {
  Rng rng(6, Stream::agent, 3);
  CHECK(rng.position() == 0);
  std::vector<double> first;
  for (int i = 0; i < 5; ++i) first.push_back(rng.normal());
  CHECK(rng.position() == 5);  // one counter per draw of any kind
  rng.uniform();
  CHECK(rng.position() == 6);

  Rng again(6, Stream::agent, 3);
  again.uniform();
  again.uniform();  // only the number of earlier draws matters, not their kind
  CHECK(again.normal() == first[2]);
  again.seek(0);
  CHECK(again.normal() == first[0]);

  Rng resumed(rng.seed(), rng.stream(), rng.substream());
  resumed.seek(rng.position());
  CHECK(resumed.uniform() == rng.uniform());
}

TEST_CASE("take reserves counters that no later draw uses") {
  Rng rng(7, Stream::test);
  CHECK(rng.take(0) == 0);
  CHECK(rng.take(10) == 0);
  CHECK(rng.take(3) == 10);
  CHECK(rng.position() == 13);
  Rng skipped(7, Stream::test);
  skipped.seek(13);
  CHECK(rng.uniform() == skipped.uniform());
  CHECK(rng.block(5) == skipped.block(5));  // block() does not advance
  CHECK(rng.position() == 14);
}

TEST_CASE("a long stream carries into the upper half of its counter") {
  Rng rng(8, Stream::test);
  rng.seek(0xFFFFFFFF);
  const double last = rng.uniform();
  CHECK(rng.position() == 0x100000000);
  const double next = rng.uniform();
  rng.seek(0);
  CHECK(next != rng.uniform());  // a 32-bit counter would start again here
  CHECK(next != last);
}
