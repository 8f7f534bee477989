// Shared by the convolutions: where the windows of a batch are, which of them cover a pixel, and how
// the work is divided.
#pragma once

#include <algorithm>

#include "autograd/base/workspace.hpp"
#include "autograd/kernels/conv.hpp"
#include "autograd/kernels/gemm_pack.hpp"

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

/// One axis of the large image: which windows cover a pixel, and through which taps.
struct Axis {
  std::ptrdiff_t windows, kernel, stride;

  /// Taps of the pixels whose index is `phase` modulo the stride, where no window is missing.
  std::ptrdiff_t taps(std::ptrdiff_t phase) const {
    return std::max<std::ptrdiff_t>(0, (kernel - phase + stride - 1) / stride);
  }
  struct Reach {
    std::ptrdiff_t window;  // the first that covers the pixel
    std::ptrdiff_t tap;     // ... and its tap, counted in the order of the windows
    std::ptrdiff_t count;
  };
  Reach reach(std::ptrdiff_t i, std::ptrdiff_t phase) const {
    const std::ptrdiff_t n = taps(phase), begin = std::max<std::ptrdiff_t>(0, i - n + 1),
                         end = std::min(windows, i + 1);
    if (begin >= end) return {0, 0, 0};
    return {begin, begin - (i - n + 1), end - begin};
  }
};

/// Pixels side by side that are covered by the same windows, as they are if the stride divides kw.
inline std::ptrdiff_t block_width(const ConvShape& s) {
  return s.kw % s.stride == 0 ? s.stride : 1;
}

/// w's numbers [block, C, F] for the pixels whose row and column are py and px modulo the stride, in
/// the window u rows and v columns before the last that covers them.
template <class T>
const T* filter_at(const ConvShape& s, const T* w, std::ptrdiff_t py, std::ptrdiff_t px,
                   std::ptrdiff_t u, std::ptrdiff_t v) {
  return w + ((py + s.stride * u) * s.kw + px + s.stride * v) * s.C * s.F;
}

/// The bias repeated `times` times and padded with zeros to a whole tile; or null.
template <class T, class Purpose>
const T* repeated_bias(const Epilogue<T>& epilogue, std::ptrdiff_t C, std::ptrdiff_t times) {
  if (!epilogue.bias) return nullptr;
  T* const wide = workspace<T, Purpose>(times * C + panel_width<T>);
  std::fill_n(wide + times * C, panel_width<T>, T(0));
  for (std::ptrdiff_t i = 0; i < times; ++i) std::copy_n(epilogue.bias, C, wide + i * C);
  return wide;
}

}  // namespace planet::kernels
