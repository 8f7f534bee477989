// conv2d as a matrix product without a column buffer.
//
// In NHWC a window is kh runs of kw*C consecutive numbers, so a patch needs no copy: the rows of A
// are pointers to the windows' corners, and k walks the runs (RowOperand in gemm_kernel.hpp). The
// transpose: conv_adjoint.cpp. The filter's gradient: conv_filter.cpp. The oracle: conv_naive.cpp.
#include "autograd/kernels/conv.hpp"

#include "autograd/kernels/bf16.hpp"
#include "autograd/kernels/conv_windows.hpp"
#include "autograd/kernels/gemm_core.hpp"

namespace planet::kernels {
namespace {

struct PackedFilter;  // the name of a workspace

constexpr std::ptrdiff_t block_rows = 192;  // windows in one block: A's runs stay in the caches

}  // namespace

template <class T>
void conv2d(const ConvShape& s, const T* large, const T* w, T* small, const Epilogue<T>& epilogue,
            Precision precision) {
  const std::ptrdiff_t windows = s.out_h() * s.out_w(), K = s.kh * s.kw * s.C;
  if (s.N <= 0 || windows <= 0 || s.F <= 0) return;
  if (is_dense(s))
    return gemm(s.N, s.F, K, rows(large, K), rows(w, s.F), small, s.F, epilogue, precision);
  if constexpr (std::is_same_v<T, float>)
    if (precision == Precision::bf16) return conv2d_bf16(s, large, w, small, epilogue);
  const Panels<T> filter = prepare<T, PackedFilter>(rows(w, s.F), K, s.F, s.F > panel_width<T>);
  const Runs runs{s.kh, s.kw * s.C, s.W * s.C};
  parallel_ranges(s.N, images_per_task(s), [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    const T* corner[block_rows];
    for (std::ptrdiff_t r = begin * windows; r < end * windows; r += block_rows) {
      const std::ptrdiff_t count = std::min(block_rows, end * windows - r);
      window_corners(s, large, r, count, corner);
      T* const c = small + r * s.F;
      multiply_panels(RowOperand<T>{corner, runs}, count, filter, 0, 0, s.F,
                      Target<T>{c, s.F, 0, epilogue.accumulate, epilogue.bias,
                                epilogue.act == Activation::relu});
      finish_block(epilogue.act, c, s.F, count, s.F);
    }
  });
}

template void conv2d(const ConvShape&, const float*, const float*, float*, const Epilogue<float>&,
                     Precision);
template void conv2d(const ConvShape&, const double*, const double*, double*,
                     const Epilogue<double>&, Precision);

}  // namespace planet::kernels
