// Shared by conv.cpp and conv_filter.cpp: where the windows of a batch are, and how it is divided.
#pragma once

#include <algorithm>

#include "autograd/kernels/conv.hpp"

namespace planet::kernels {

/// Pointers to the corners of windows first .. first+count of the whole batch, in the order of the
/// small image's pixels: corner[r] is large[n, i * stride, j * stride, 0].
template <class T>
void window_corners(const ConvShape& s, const T* large, std::ptrdiff_t first, std::ptrdiff_t count,
                    const T** corner) {
  const std::ptrdiff_t h = s.out_h(), w = s.out_w();
  std::ptrdiff_t n = first / (h * w), i = first / w % h, j = first % w;
  for (std::ptrdiff_t r = 0; r < count; ++r) {
    corner[r] = large + ((n * s.H + i * s.stride) * s.W + j * s.stride) * s.C;
    if (++j == w) {
      j = 0;
      if (++i == h) i = 0, ++n;
    }
  }
}

/// Images in one task: enough for a quarter of a million madds, and at most 64 tasks.
inline std::ptrdiff_t images_per_task(const ConvShape& s) {
  const std::ptrdiff_t image = s.out_h() * s.out_w() * s.F * s.kh * s.kw * s.C;
  const std::ptrdiff_t enough = (std::ptrdiff_t{1} << 18) / std::max<std::ptrdiff_t>(image, 1) + 1;
  return std::max(enough, (s.N + 63) / 64);
}

/// True when one window covers the whole image: then a convolution is a plain matrix product.
inline bool is_dense(const ConvShape& s) { return s.kh == s.H && s.kw == s.W; }

}  // namespace planet::kernels
