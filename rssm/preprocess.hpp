// Pixels as the model sees them (Section 5 of the paper): few bits, centred, and dequantised with
// fresh uniform noise of one bin, so that a density on them makes sense.
//
// Without the noise the data would sit on 32 points of the real line, where a density may grow
// without bound. With it, E ln p(x + u) + ln(bin width) is at most the log-probability of the bin.
#pragma once

#include <cstddef>
#include <cstdint>

#include "autograd/base/philox.hpp"

namespace planet {

/// x = floor(pixel / 2^(8-bits)) / 2^bits + U[0, 2^-bits) - 0.5, in [-0.5, 0.5), for n bytes. For
/// acting as for training, the noise is fresh at every call. 1 <= bits <= 8.
template <class T>
void preprocess(const std::uint8_t* pixels, std::ptrdiff_t n, int bits, Rng& rng, T* x);

/// The same in two steps, for frames that do not lie side by side: first the noise of all of them,
template <class T>
void draw_dequantisation_noise(Rng& rng, T* x, std::ptrdiff_t n);
/// then the pixels of each, over the noise that x holds. 1 <= bits <= 8.
template <class T>
void add_pixels(const std::uint8_t* pixels, std::ptrdiff_t n, int bits, T* x);

/// Back to bytes, for display: the lower edge of x's bin, clipped to 0..255. The inverse of
/// preprocess on bins.
template <class T>
void postprocess(const T* x, std::ptrdiff_t n, int bits, std::uint8_t* pixels);

}  // namespace planet
