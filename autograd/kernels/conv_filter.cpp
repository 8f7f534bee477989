// The filter's gradient: dW[tap, f] += sum over windows p of patch_p[tap] * small_p[f].
//
// As a product: A is the transposed patch matrix, reached in place through a table with one pointer
// for each window (PixelOperand); B is the small image as it lies. The sum runs over every window
// of every image, so it is cut: a task owns a range of images and a partial dW of its own, and
// sweeps over it in short groups of windows so that one group's B stays in the first cache. How
// many tasks there are depends on the shape alone; the partial sums are folded in index order.
#include "autograd/kernels/conv.hpp"
#include "autograd/kernels/conv_windows.hpp"
#include "autograd/kernels/gemm_core.hpp"

namespace planet::kernels {
namespace {

struct Partials;  // names of workspaces
struct Edge;

constexpr std::ptrdiff_t group = 128;  // windows whose B panel (16 KB) a tile walks through

// dw += the products of windows first .. last.
template <class T>
void accumulate_windows(const ConvShape& s, const T* large, const T* small, std::ptrdiff_t first,
                        std::ptrdiff_t last, T* dw) {
  const std::ptrdiff_t run = s.kw * s.C;
  const T* corner[group];
  for (std::ptrdiff_t r = first; r < last; r += group) {
    const std::ptrdiff_t count = std::min(group, last - r);
    window_corners(s, large, r, count, corner);
    const Panels<T> B = prepare<T, Edge>(rows(small + r * s.F, s.F), count, s.F, false);
    for (std::ptrdiff_t a = 0; a < s.kh; ++a) {
      const PixelOperand<T> operand{corner, count, a * s.W * s.C};
      multiply_panels(operand, run, B, 0, 0, s.F,
                      Target<T>{dw + a * run * s.F, s.F, 0, true, nullptr, false});
    }
  }
}

}  // namespace

template <class T>
void conv2d_filter_gradient(const ConvShape& s, const T* large, const T* small, T* dw) {
  const std::ptrdiff_t windows = s.N * s.out_h() * s.out_w(), size = s.kh * s.kw * s.C * s.F;
  if (windows <= 0 || size <= 0) return;
  if (is_dense(s)) {
    const std::ptrdiff_t K = s.kh * s.kw * s.C;
    return gemm(K, s.F, s.N, transposed(large, K), rows(small, s.F), dw, s.F, {true});
  }
  // Partial sums of at most 16 MB together, and of at least a million madds each.
  const std::ptrdiff_t by_work = windows * size >> 20, by_memory = (1 << 22) / size;
  const std::ptrdiff_t tasks = std::clamp<std::ptrdiff_t>(std::min(by_work, by_memory), 1,
                                                          std::min<std::ptrdiff_t>(windows, 32));
  if (tasks == 1) return accumulate_windows(s, large, small, 0, windows, dw);
  T* const partial = workspace<T, Partials>(tasks * size);
  parallel_for(tasks, [&](std::ptrdiff_t t) {
    std::fill_n(partial + t * size, size, T(0));
    accumulate_windows(s, large, small, windows * t / tasks, windows * (t + 1) / tasks,
                       partial + t * size);
  });
  parallel_ranges(size, 1 << 14, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    for (std::ptrdiff_t i = begin; i < end; ++i) {
      T sum = partial[i];
      for (std::ptrdiff_t t = 1; t < tasks; ++t) sum += partial[t * size + i];
      dw[i] += sum;
    }
  });
}

template void conv2d_filter_gradient(const ConvShape&, const float*, const float*, float*);
template void conv2d_filter_gradient(const ConvShape&, const double*, const double*, double*);

}  // namespace planet::kernels
