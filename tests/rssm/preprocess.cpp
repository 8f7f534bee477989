// Five-bit images: the noise has the size of one bin and is fresh, and the display undoes it.
#include "rssm/preprocess.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "autograd/base/error.hpp"

using namespace planet;

TEST_CASE_TEMPLATE("P27 dequantisation noise has the size of one bin and is fresh", T, float,
                   double) {
  constexpr std::ptrdiff_t n = 256 * 400;
  std::vector<std::uint8_t> pixels(n);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i % 256);
  Rng rng(7, Stream::dequantise);
  std::vector<T> x(n), again(n);
  preprocess(pixels.data(), n, 5, rng, x.data());
  preprocess(pixels.data(), n, 5, rng, again.data());

  double sum = 0, squares = 0, covariance = 0, lowest = 1, highest = -1;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double bin = pixels[i] / 8 / 32.0 - 0.5;
    const double u = static_cast<double>(x[i]) - bin, v = static_cast<double>(again[i]) - bin;
    lowest = std::min(lowest, u), highest = std::max(highest, u);
    sum += u;
    squares += (u - 1.0 / 64) * (u - 1.0 / 64);
    covariance += (u - 1.0 / 64) * (v - 1.0 / 64);
  }
  CHECK(lowest >= 0);
  CHECK(highest < 1.0 / 32);
  const double variance = 1.0 / 32 / 32 / 12, sigma = std::sqrt(variance / n);
  CHECK(std::abs(sum / n - 1.0 / 64) < 5 * sigma);
  // The variance of a squared uniform deviation is w^4/180; five of its standard errors.
  CHECK(std::abs(squares / n - variance) < 5 * std::pow(1.0 / 32, 2) / std::sqrt(180.0 * n));
  CHECK(std::abs(covariance / n) < 5 * variance / std::sqrt(double(n)));  // fresh noise every time
}

TEST_CASE_TEMPLATE("P27 no noise reaches the next bin or 0.5", T, float, double) {
  // Four million draws for a pixel of 255: a float sum that rounds up would be noticed.
  const std::vector<std::uint8_t> pixels(1 << 20, 255);
  Rng rng(3, Stream::dequantise);
  std::vector<T> x(pixels.size());
  for (const int bits : {5, 8, 5, 1}) {
    preprocess(pixels.data(), 1 << 20, bits, rng, x.data());
    const auto [low, high] = std::minmax_element(x.begin(), x.end());
    CHECK(*low >= T(0.5) - T(1) / T(1 << bits));
    CHECK(*high < T(0.5));
  }
}

TEST_CASE_TEMPLATE("P28 postprocess undoes preprocess on every bin", T, float, double) {
  std::vector<std::uint8_t> pixels(256 * 64), shown(pixels.size());
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i % 256);
  Rng rng(5, Stream::dequantise);
  std::vector<T> x(pixels.size());
  const auto n = static_cast<std::ptrdiff_t>(pixels.size());
  for (int bits = 1; bits <= 8; ++bits) {
    preprocess(pixels.data(), n, bits, rng, x.data());
    postprocess(x.data(), n, bits, shown.data());
    std::vector<std::uint8_t> edges = pixels;
    for (std::uint8_t& v : edges) v = static_cast<std::uint8_t>(v >> (8 - bits) << (8 - bits));
    CHECK(shown == edges);
  }
}

TEST_CASE("P28 a decoder's overshoot is clipped and does not wrap around") {
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> x = {-0.6F, -0.5001F, -0.5F, 0.4999F, 0.5F, 3.0F, inf, -inf, NAN};
  std::vector<std::uint8_t> shown(x.size());
  postprocess(x.data(), static_cast<std::ptrdiff_t>(x.size()), 5, shown.data());
  CHECK(shown == std::vector<std::uint8_t>{0, 0, 0, 248, 248, 248, 248, 0, 0});
}

TEST_CASE("preprocessing is the same in float and in double and refuses nine bits") {
  std::vector<std::uint8_t> pixels(5000);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(7 * i);
  Rng a(9, Stream::dequantise), b(9, Stream::dequantise);
  std::vector<float> x(pixels.size());
  std::vector<double> y(pixels.size());
  preprocess(pixels.data(), 5000, 5, a, x.data());
  preprocess(pixels.data(), 5000, 5, b, y.data());
  CHECK(std::vector<double>(x.begin(), x.end()) == y);
  CHECK(a.position() == b.position());
  CHECK_THROWS_WITH_AS(preprocess(pixels.data(), 1, 9, a, x.data()),
                       "image_bits is 9; a byte has 1 to 8 bits", Error);
}
