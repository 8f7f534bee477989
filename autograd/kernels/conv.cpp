// conv2d and its adjoint as matrix products without a column buffer.
//
// In NHWC a window is kh runs of kw*C consecutive floats, so a patch needs no copy: the rows of A
// are pointers to the windows' corners, and k walks the runs (RowOperand). The adjoint is the
// product with the transposed filter, block by block into a buffer that stays in cache, whose rows
// are then added to the image run by run: every product is a useful one, at any kernel size and
// stride. The filter's gradient: conv_filter.cpp. The definition: conv_naive.cpp.
#include "autograd/kernels/conv.hpp"

#include "autograd/kernels/gemm_core.hpp"

namespace planet::kernels {
namespace {

struct PackedFilter;  // names of workspaces
struct Columns;
struct WideBias;

constexpr std::ptrdiff_t max_block_rows = 192;

// Images in one task of at least a quarter of a million madds each; at most 64 tasks.
std::ptrdiff_t images_per_task(const ConvShape& s) {
  const std::ptrdiff_t image = s.out_h() * s.out_w() * s.F * s.kh * s.kw * s.C;
  const std::ptrdiff_t enough = (std::ptrdiff_t{1} << 18) / std::max<std::ptrdiff_t>(image, 1) + 1;
  return std::max(enough, (s.N + 63) / 64);
}

// Pointers to the corners of windows first .. first+count of the whole batch.
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

// y[0..n) += x[0..n)
template <class T>
PLANET_INLINE void add_run(T* y, const T* x, std::ptrdiff_t n) {
  std::ptrdiff_t i = 0;
  for (; i + width<T> <= n; i += width<T>) (load(y + i) + load(x + i)).store_unaligned(y + i);
  if (i == n) return;
  const std::ptrdiff_t rest = n - i;
  store_partial(load_partial<Batch<T>>(y + i, rest) + load_partial<Batch<T>>(x + i, rest), y + i,
                rest);
}

}  // namespace

template <class T>
void conv2d(const ConvShape& s, const T* large, const T* w, T* small, const Epilogue<T>& epilogue) {
  const std::ptrdiff_t windows = s.out_h() * s.out_w(), K = s.kh * s.kw * s.C;
  if (s.N <= 0 || windows <= 0 || s.F <= 0) return;
  const Panels<T> filter = prepare<T, PackedFilter>(rows(w, s.F), K, s.F, s.F > 2 * width<T>);
  const Runs runs{s.kh, s.kw * s.C, s.W * s.C};
  parallel_ranges(s.N, images_per_task(s), [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    const T* corner[max_block_rows];
    for (std::ptrdiff_t r = begin * windows; r < end * windows; r += max_block_rows) {
      const std::ptrdiff_t count = std::min(max_block_rows, end * windows - r);
      window_corners(s, large, r, count, corner);
      T* const c = small + r * s.F;
      multiply_panels(RowOperand<T>{corner, runs}, count, filter, 0, 0, s.F,
                      Target<T>{c, s.F, 0, epilogue.accumulate, epilogue.bias,
                                epilogue.act == Activation::relu});
      finish_block(epilogue.act, c, s.F, count, s.F);
    }
  });
}

namespace {

// A 1x1 small image: nothing overlaps, the product is the result. The bias repeats over the pixels.
template <class T>
void adjoint_of_one_window(const ConvShape& s, const T* small, const T* w, T* large,
                           const Epilogue<T>& epilogue) {
  const std::ptrdiff_t columns = s.H * s.W * s.C;
  Epilogue<T> wide = epilogue;
  if (epilogue.bias) {
    T* bias = workspace<T, WideBias>(columns);
    for (std::ptrdiff_t i = 0; i < columns; ++i) bias[i] = epilogue.bias[i % s.C];
    wide.bias = bias;
  }
  gemm(s.N, columns, s.F, rows(small, s.F), transposed(w, s.F), large, columns, wide);
}

// The part of the adjoint that belongs to kernel rows a0 .. a1, for the windows r0 .. r0+count of
// one image: columns[r, :] is what window r contributes.
template <class T>
void add_columns(const ConvShape& s, std::ptrdiff_t r0, std::ptrdiff_t count, std::ptrdiff_t a0,
                 std::ptrdiff_t a1, const T* columns, T* image) {
  const std::ptrdiff_t w = s.out_w(), run = s.kw * s.C, ld = (a1 - a0) * run;
  for (std::ptrdiff_t r = 0; r < count; ++r) {
    const std::ptrdiff_t i = (r0 + r) / w, j = (r0 + r) % w;
    T* y = image + ((i * s.stride + a0) * s.W + j * s.stride) * s.C;
    for (std::ptrdiff_t a = a0; a < a1; ++a, y += s.W * s.C, columns += run) {
      add_run(y, columns, run);
    }
  }
  (void)ld;
}

// Bias and activation of finished images.
template <class T>
void finish_images(const ConvShape& s, T* large, std::ptrdiff_t count,
                   const Epilogue<T>& epilogue) {
  const std::ptrdiff_t pixels = count * s.H * s.W;
  if (epilogue.bias) {
    for (std::ptrdiff_t p = 0; p < pixels; ++p) {
      for (std::ptrdiff_t c = 0; c < s.C; ++c) large[p * s.C + c] += epilogue.bias[c];
    }
  }
  activate(epilogue.act, large, large, pixels * s.C);
}

}  // namespace

template <class T>
void conv2d_adjoint(const ConvShape& s, const T* small, const T* w, T* large,
                    const Epilogue<T>& epilogue) {
  const std::ptrdiff_t windows = s.out_h() * s.out_w(), image = s.H * s.W * s.C;
  if (s.N <= 0 || image <= 0) return;
  if (s.kh == s.H && s.kw == s.W) return adjoint_of_one_window(s, small, w, large, epilogue);
  const std::ptrdiff_t run = s.kw * s.C;
  const std::ptrdiff_t rows_at_once =
      std::clamp<std::ptrdiff_t>(640 / std::max<std::ptrdiff_t>(run, 1), 1, s.kh);
  const Panels<T> filter = prepare<T, PackedFilter>(transposed(w, s.F), s.F, s.kh * run, true);
  parallel_ranges(s.N, images_per_task(s), [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    T* const out = large + begin * image;
    if (!epilogue.accumulate) std::fill(out, large + end * image, T(0));
    (void)rows_at_once;
    T* const columns = workspace<T, Columns>(max_block_rows * s.kh * run);
    const T* row[max_block_rows];
    const std::ptrdiff_t images_at_once = std::max<std::ptrdiff_t>(1, 96 / windows);
    for (std::ptrdiff_t n = begin; n < end; n += images_at_once) {
      const std::ptrdiff_t last = std::min(end, n + images_at_once);
      const std::ptrdiff_t total = (last - n) * windows;
      for (std::ptrdiff_t r0 = 0; r0 < total; r0 += 96) {
        const std::ptrdiff_t count = std::min<std::ptrdiff_t>(96, total - r0);
        for (std::ptrdiff_t r = 0; r < count; ++r) row[r] = small + (n * windows + r0 + r) * s.F;
        multiply_panels(RowOperand<T>{row, {1, s.F, 0}}, count, filter, 0, 0, s.kh * run,
                        Target<T>{columns, s.kh * run, 0, false, nullptr, false});
        for (std::ptrdiff_t r = 0; r < count;) {
          const std::ptrdiff_t at = r0 + r;
          const std::ptrdiff_t here = std::min(count - r, windows - at % windows);
          add_columns(s, at % windows, here, 0, s.kh, columns + r * s.kh * run,
                      large + (n + at / windows) * image);
          r += here;
        }
      }
      finish_images(s, large + n * image, last - n, epilogue);
    }
  });
}

#define PLANET_INSTANTIATE(T)                                                         \
  template void conv2d(const ConvShape&, const T*, const T*, T*, const Epilogue<T>&); \
  template void conv2d_adjoint(const ConvShape&, const T*, const T*, T*, const Epilogue<T>&);
PLANET_INSTANTIATE(float)
PLANET_INSTANTIATE(double)
#undef PLANET_INSTANTIATE

}  // namespace planet::kernels
