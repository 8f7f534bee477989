#include "rssm/preprocess.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/base/error.hpp"
#include "autograd/kernels/random.hpp"

namespace planet {
namespace {

void check_bits(int bits) {
  require(bits >= 1 && bits <= 8, "image_bits is ", bits, "; a byte has 1 to 8 bits");
}

}  // namespace

// The noise is taken in steps of 2^-16 of a bin. Bin and noise then fit the 24 bits of a float
// exactly, so no sum rounds up into the next bin and x stays below 0.5.
template <class T>
void draw_dequantisation_noise(Rng& rng, T* x, std::ptrdiff_t n) {
  kernels::fill_uniform(rng, x, n, T(0), T(65536));
}

template <class T>
void add_pixels(const std::uint8_t* pixels, std::ptrdiff_t n, int bits, T* x) {
  check_bits(bits);
  const int shift = 8 - bits;
  const T centre = static_cast<T>(1 << (bits - 1));
  const T bin_width = T(1) / static_cast<T>(1 << bits);
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    const T noise = static_cast<T>(static_cast<std::int32_t>(x[i])) * T(0x1p-16);  // [0, 1)
    x[i] = (static_cast<T>(pixels[i] >> shift) - centre + noise) * bin_width;
  }
}

template <class T>
void preprocess(const std::uint8_t* pixels, std::ptrdiff_t n, int bits, Rng& rng, T* x) {
  check_bits(bits);
  draw_dequantisation_noise(rng, x, n);
  add_pixels(pixels, n, bits, x);
}

template <class T>
void postprocess(const T* x, std::ptrdiff_t n, int bits, std::uint8_t* pixels) {
  check_bits(bits);
  const int shift = 8 - bits;
  const T bins = static_cast<T>(1 << bits);
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    const T scaled = (x[i] + T(0.5)) * bins;
    const T bin = scaled > 0 ? std::min(scaled, bins - 1) : T(0);  // NaN becomes black
    pixels[i] = static_cast<std::uint8_t>(static_cast<int>(bin) << shift);
  }
}

template void draw_dequantisation_noise(Rng&, float*, std::ptrdiff_t);
template void draw_dequantisation_noise(Rng&, double*, std::ptrdiff_t);
template void add_pixels(const std::uint8_t*, std::ptrdiff_t, int, float*);
template void add_pixels(const std::uint8_t*, std::ptrdiff_t, int, double*);
template void preprocess(const std::uint8_t*, std::ptrdiff_t, int, Rng&, float*);
template void preprocess(const std::uint8_t*, std::ptrdiff_t, int, Rng&, double*);
template void postprocess(const float*, std::ptrdiff_t, int, std::uint8_t*);
template void postprocess(const double*, std::ptrdiff_t, int, std::uint8_t*);

}  // namespace planet
