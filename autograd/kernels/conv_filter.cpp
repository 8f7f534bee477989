// The filter's gradient: dW[tap, f] += sum over windows p of patch_p[tap] * small_p[f].
//
// As a product: A is the transposed patch matrix, read in place through a table with one pointer
// per window (PixelOperand); B is the small image in place. The sum runs over every window of every
// image, so it is split: a task owns a range of images and a partial dW of its own, and processes
// short groups of windows so that one group's B stays in the first-level cache. The number of tasks
// depends on the shape alone; the partial sums are folded in index order.
#include "autograd/kernels/bf16.hpp"
#include "autograd/kernels/conv.hpp"
#include "autograd/kernels/conv_windows.hpp"
#include "autograd/kernels/gemm_core.hpp"

namespace planet::kernels {
namespace {

struct Partials;  // names of workspaces
struct Edge;
struct CopiedRuns;

constexpr std::ptrdiff_t max_partial = 1 << 22;  // numbers in all partial sums together
// Windows per group. Their corners may fall into a few sets of the first-level cache; with 96 of
// them, copying small pixels does not pay off, and copying patches only where many panels read them.
constexpr std::ptrdiff_t group = 96;
constexpr std::ptrdiff_t panels_that_pay = 8;
constexpr std::ptrdiff_t strip = 48;  // numbers of a run that are copied at a time

/// The contribution of a range of windows to dW. All pointers are those of the whole batch.
template <class T>
struct FilterGradient {
  const ConvShape& s;
  const T* large;
  const T* small;
  std::ptrdiff_t run = s.kw * s.C;

  /// dw[a0 .. a1, :, :, :] += the products of windows first .. last with these kernel rows.
  void windows(std::ptrdiff_t first, std::ptrdiff_t last, std::ptrdiff_t a0, std::ptrdiff_t a1,
               T* dw) const {
    const T* corner[group];
    const std::ptrdiff_t copied = s.F >= panels_that_pay * panel_width<T> ? run / strip * strip : 0;
    T* const copy = workspace<T, CopiedRuns>(copied > 0 ? group * strip : 0);
    for (std::ptrdiff_t r = first; r < last; r += group) {
      const std::ptrdiff_t count = std::min(group, last - r);
      window_corners(s, large, r, count, corner);
      const Panels<T> B = prepare<T, Edge>(rows(small + r * s.F, s.F), count, s.F, false);
      for (std::ptrdiff_t a = a0; a < a1; ++a) {  // the transposed runs of one kernel row, times B
        const std::ptrdiff_t begin = a * s.W * s.C;
        const auto target = [&](std::ptrdiff_t i) {
          return Target<T>{dw + (a * run + i) * s.F, s.F, 0, true, nullptr, false};
        };
        for (std::ptrdiff_t i = 0; i < copied; i += strip) {
          for (std::ptrdiff_t k = 0; k < count; ++k)
            std::copy_n(corner[k] + begin + i, strip, copy + k * strip);
          multiply_panels(ColumnOperand<T>{copy, count, strip}, strip, B, 0, 0, s.F, target(i));
        }
        multiply_panels(PixelOperand<T>{corner, count, begin + copied}, run - copied, B, 0, 0, s.F,
                        target(copied));
      }
    }
  }
};

}  // namespace

template <class T>
void conv2d_filter_gradient(const ConvShape& s, const T* large, const T* small, T* dw,
                            Precision precision) {
  const std::ptrdiff_t windows = s.N * s.out_h() * s.out_w(), size = s.kh * s.kw * s.C * s.F;
  if (windows <= 0 || size <= 0) return;
  if (is_dense(s)) {
    const std::ptrdiff_t K = s.kh * s.kw * s.C;
    return gemm(K, s.F, s.N, transposed(large, K), rows(small, s.F), dw, s.F, {true}, precision);
  }
  if constexpr (std::is_same_v<T, float>)
    if (precision == Precision::bf16) return conv2d_filter_gradient_bf16(s, large, small, dw);
  // A thousand windows per chunk outweigh the clearing and folding of its partial dW.
  const std::ptrdiff_t chunks =
      std::clamp<std::ptrdiff_t>(std::min(windows >> 10, max_partial / size), 1, 16);
  const FilterGradient<T> gradient{s, large, small};
  if (windows * size < (1 << 19)) return gradient.windows(0, windows, 0, s.kh, dw);
  T* const partial = chunks == 1 ? dw : workspace<T, Partials>(chunks * size);
  const std::ptrdiff_t share = chunks >= 16 ? s.kh : 1;  // kernel rows of one task
  const std::ptrdiff_t shares = s.kh / share;
  parallel_for(
      chunks * shares,
      [&](std::ptrdiff_t task) {
        const std::ptrdiff_t t = task / shares, a = task % shares * share, row = size / s.kh;
        T* const mine = partial + t * size;
        if (chunks > 1) std::fill_n(mine + a * row, share * row, T(0));
        gradient.windows(windows * t / chunks, windows * (t + 1) / chunks, a, a + share, mine);
      },
      microseconds(windows * size / (chunks * shares)));
  if (chunks == 1) return;
  parallel_ranges(size, 1 << 14, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    for (std::ptrdiff_t i = begin; i < end; ++i) {
      T sum = partial[i];
      for (std::ptrdiff_t t = 1; t < chunks; ++t) sum += partial[t * size + i];
      dw[i] += sum;
    }
  });
}

template void conv2d_filter_gradient(const ConvShape&, const float*, const float*, float*,
                                     Precision);
template void conv2d_filter_gradient(const ConvShape&, const double*, const double*, double*,
                                     Precision);

}  // namespace planet::kernels
