#include "autograd/kernels/random.hpp"

#include <cmath>
#include <numbers>

#include "autograd/kernels/loop.hpp"

namespace planet::kernels {
namespace {

template <class T, class F>
void groups(Rng& rng, T* out, std::ptrdiff_t n, F f) {
  const std::ptrdiff_t count = (n + 3) / 4;
  const std::uint64_t first = rng.take(static_cast<std::uint64_t>(count));
  const Rng place = rng;
  each(count, [&](std::ptrdiff_t g) {
    T group[4];
    f(place.block(first + static_cast<std::uint64_t>(g)), group);
    for (std::ptrdiff_t j = 0; j < 4 && 4 * g + j < n; ++j) out[4 * g + j] = group[j];
  });
}

}  // namespace

template <class T>
void fill_normal(Rng& rng, T* out, std::ptrdiff_t n) {
  groups(rng, out, n, [](const PhiloxCounter& w, T* z) {
    for (std::size_t j = 0; j < 4; j += 2) {
      const T u = static_cast<T>((w[j] >> 8) + 1) * T(0x1p-24);
      const T angle =
          static_cast<T>(static_cast<std::int32_t>(w[j + 1])) * T(0x1p-31) * std::numbers::pi_v<T>;
      const T r = std::sqrt(T(-2) * std::log(u));
      z[j] = r * std::cos(angle);
      z[j + 1] = r * std::sin(angle);
    }
  });
}

template <class T>
void fill_uniform(Rng& rng, T* out, std::ptrdiff_t n, T low, T high) {
  groups(rng, out, n, [=](const PhiloxCounter& w, T* z) {
    for (std::size_t j = 0; j < 4; ++j) {
      const T v = low + (high - low) * (static_cast<T>(w[j] >> 8) * T(0x1p-24));
      z[j] = v < high ? v : low;
    }
  });
}

template void fill_normal(Rng&, float*, std::ptrdiff_t);
template void fill_normal(Rng&, double*, std::ptrdiff_t);
template void fill_uniform(Rng&, float*, std::ptrdiff_t, float, float);
template void fill_uniform(Rng&, double*, std::ptrdiff_t, double, double);

}  // namespace planet::kernels
