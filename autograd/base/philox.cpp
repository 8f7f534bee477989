#include "autograd/base/philox.hpp"

#include <cmath>
#include <numbers>

#include "autograd/base/error.hpp"

namespace planet {
namespace {

std::uint64_t word64(const PhiloxCounter& w) { return (std::uint64_t{w[0]} << 32) | w[1]; }

}  // namespace

std::uint64_t Rng::bits() { return word64(block(take(1))); }

double Rng::uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }

std::uint64_t Rng::below(std::uint64_t n) {
  require(n >= 1, "[Rng::below] n is 0; there is nothing to choose from");
  const std::uint64_t rest = (0 - n) % n;  // 2^64 mod n: words below it would favour small results
  for (;;) {
    const std::uint64_t w = bits();
    if (w >= rest) return w % n;
  }
}

double Rng::normal() {
  const PhiloxCounter w = block(take(1));
  const double u1 =
      (static_cast<double>(word64(w) >> 11) + 1) * 0x1p-53;  // (0, 1]: log stays finite
  const double u2 = static_cast<double>(((std::uint64_t{w[2]} << 32) | w[3]) >> 11) * 0x1p-53;
  return std::sqrt(-2 * std::log(u1)) * std::cos(2 * std::numbers::pi * u2);
}

}  // namespace planet
