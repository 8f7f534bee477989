// Pixels as the model sees them (Section 5 of the paper): quantised to few bits, centred, and
// dequantised with uniform noise of one bin's width, so that they have a density.
//
// Without the noise the data would lie on 32 points of the real line, where a density can grow
// without bound. With it, E ln p(x + u) + ln(bin width) is at most the log-probability of the bin.
#pragma once

#include <cstddef>
#include <cstdint>

#include "autograd/base/philox.hpp"

namespace planet {

/// x = floor(pixel / 2^(8-bits)) / 2^bits + U[0, 2^-bits) - 0.5, in [-0.5, 0.5), for n bytes. The
/// noise is fresh at every call, for acting as well as for training. Error: bits is not 1 .. 8.
template <class T>
void preprocess(const std::uint8_t* pixels, std::ptrdiff_t n, int bits, Rng& rng, T* x);

/// The first half of preprocess(), for frames that are not contiguous: fills x with the noise of n
/// numbers, in the units that add_pixels() reads.
template <class T>
void draw_dequantisation_noise(Rng& rng, T* x, std::ptrdiff_t n);
/// The second half: x holds the noise of n numbers and becomes what preprocess() returns.
/// Error: bits is not 1 .. 8.
template <class T>
void add_pixels(const std::uint8_t* pixels, std::ptrdiff_t n, int bits, T* x);

/// Back to bytes, for display: the lower edge of x's bin, clipped to 0..255. Inverts preprocess up
/// to the quantisation.
template <class T>
void postprocess(const T* x, std::ptrdiff_t n, int bits, std::uint8_t* pixels);

}  // namespace planet
