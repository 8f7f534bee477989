// The adjoint of conv2d: each large pixel collects what the windows that cover it hold for it.
//
// With y = stride i + py, the windows in whose kernel row a the pixel row y lies are those of row
// i - q for a = py + stride q: a few neighbouring rows of the small image, ceil(kh / stride) of
// them inside, fewer at the border. The same holds along x. So the pixels at one place of every
// image are one matrix product,
//
//   large[n, (y,x,c)] = sum over (u,v,f) of small[n, i0 + u, j0 + v, f] taps[(u,v,f), (y,x,c)]
//
//   rows      images: all of them need the same taps, also at the border
//   k         the patch of the small image that reaches this place: runs in place (RowOperand)
//   columns   the channels of one pixel, or of a block of pixels that share the patch
//
// Every multiplication is a useful one, the sum stays in registers, and the large image is written
// once. (Scattering instead, columns = small * filter first and then overlapping additions, moves
// kh * kw / stride^2 numbers for each one of the result: it was up to 1.6 times slower. Gathering
// whole patches from a zero-padded image multiplies by zeros: 1.3 to 2.8 times the work.)
#include "autograd/kernels/conv.hpp"
#include "autograd/kernels/conv_windows.hpp"
#include "autograd/kernels/gemm_core.hpp"

namespace planet::kernels {
namespace {

struct Taps;  // names of workspaces
struct PackedTaps;
struct Strips;
struct WideBias;

constexpr std::ptrdiff_t lane_padding = 16;  // between strips: they shall not share cache sets

/// One axis of the large image: which windows reach a pixel, and through which taps.
struct Axis {
  std::ptrdiff_t windows, kernel, stride;

  /// Taps of the pixels whose index is `phase` modulo the stride, where no window is missing.
  std::ptrdiff_t taps(std::ptrdiff_t phase) const {
    return std::max<std::ptrdiff_t>(0, (kernel - phase + stride - 1) / stride);
  }
  struct Reach {
    std::ptrdiff_t window;  // the first that reaches the pixel
    std::ptrdiff_t tap;     // ... and through which tap, counted in the order of the windows
    std::ptrdiff_t count;
  };
  Reach reach(std::ptrdiff_t i, std::ptrdiff_t phase) const {
    const std::ptrdiff_t n = taps(phase), begin = std::max<std::ptrdiff_t>(0, i - n + 1),
                         end = std::min(windows, i + 1);
    if (begin >= end) return {0, 0, 0};
    return {begin, begin - (i - n + 1), end - begin};
  }
};

/// The bias repeated `times` times, and zeros up to a whole tile; or null.
template <class T>
const T* repeated_bias(const Epilogue<T>& epilogue, std::ptrdiff_t C, std::ptrdiff_t times) {
  if (!epilogue.bias) return nullptr;
  T* const wide = workspace<T, WideBias>(times * C + panel_width<T>);
  std::fill_n(wide + times * C, panel_width<T>, T(0));
  for (std::ptrdiff_t i = 0; i < times; ++i) std::copy_n(epilogue.bias, C, wide + i * C);
  return wide;
}

/// Pixels that are computed together: `height` x `width` of them share the windows that reach them.
/// Side by side they do when the stride divides kw. On top of each other they lie apart in memory,
/// which is worth it only for the few channels of an image, to fill a register.
template <class T>
struct Block {
  std::ptrdiff_t height, width;
  Block(const ConvShape& s, bool accumulate)
      : height(1), width(s.kw % s.stride == 0 ? s.stride : 1) {
    const std::ptrdiff_t row = s.stride * s.C;
    const bool fits = row < kernels::width<T> && s.stride * row <= 2 * kernels::width<T>;
    if (width == s.stride && s.kh % s.stride == 0 && fits && !accumulate) height = s.stride;
  }
};

/// The pixels of one phase: y = py and x = px modulo the stride, for the block's first pixel.
template <class T>
struct Phase {
  const ConvShape& s;
  Block<T> block;
  std::ptrdiff_t py, px;
  Axis rows{s.out_h(), s.kh, s.stride}, columns{s.out_w(), s.kw, s.stride};
  std::ptrdiff_t U = rows.taps(py), V = columns.taps(px), K = U * V * s.F;
  std::ptrdiff_t run = block.width * s.C, N = block.height * run;

  std::ptrdiff_t lanes() const { return packed_size<T>(1, N); }

  /// taps[(u, v, f), (y, x, c)] = w[py + y + stride (U-1-u), px + x + stride (V-1-v), c, f]
  void pack(const T* w, T* out) const {
    T* const taps = workspace<T, Taps>(K * N);
    for (std::ptrdiff_t k = 0; k < U * V * block.height; ++k) {
      const std::ptrdiff_t y = k % block.height, v = k / block.height % V, u = k / block.height / V;
      const std::ptrdiff_t a = py + y + s.stride * (U - 1 - u), b = px + s.stride * (V - 1 - v);
      transpose_matrix(w + (a * s.kw + b) * s.C * s.F, s.F, run, s.F,
                       taps + (u * V + v) * s.F * N + y * run, N);
    }
    pack_panels(kernels::rows(taps, N), K, N, out);
  }

  /// Computes these pixels of `count` images; image[n] is the n-th small one.
  void compute(const Panels<T>& taps, const T* const* image, std::ptrdiff_t count, T* large,
               const Epilogue<T>& epilogue) const {
    const std::ptrdiff_t row = s.out_w() * s.F, size = s.H * s.W * s.C;
    const std::ptrdiff_t strip = (s.W + s.stride - 1) / s.stride * lanes() + lane_padding;
    T* const strips = block.height > 1 ? workspace<T, Strips>(count * strip) : nullptr;
    for (std::ptrdiff_t y = py, i = 0; y < s.H; y += s.stride, ++i) {
      const Axis::Reach r = rows.reach(i, py);
      for (std::ptrdiff_t x = px, j = 0; x < s.W; x += s.stride, ++j) {
        const Axis::Reach c = columns.reach(j, px);
        const Runs patch{c.count > 0 ? r.count : 0, c.count * s.F, row, (V - c.count) * s.F};
        const RowOperand<T> A{image, patch, r.window * row + c.window * s.F};
        const std::ptrdiff_t at = (r.tap * V + c.tap) * s.F;
        T* const out = large + (y * s.W + x) * s.C;
        Target<T> target{
            out, size, 0, epilogue.accumulate, epilogue.bias, epilogue.act == Activation::relu};
        if (strips) {
          target.c = strips + j * lanes(), target.ld = strip;
          multiply_panels(A, count, taps, at, 0, lanes(), target);
        } else {
          const std::ptrdiff_t next = std::min(run, (s.W - x - s.stride) * s.C);
          for (std::ptrdiff_t n = 0; n < count; ++n)  // every image is another page
            prefetch_for_write(out + n * size + s.stride * s.C, next);
          multiply_panels(A, count, taps, at, 0, std::min(block.width, s.W - x) * s.C, target);
        }
      }
      for (std::ptrdiff_t n = 0; strips && n < count; ++n)
        deal(strips + n * strip, std::min(block.height, s.H - y), large + n * size + y * s.W * s.C);
    }
  }

  /// A strip of blocks, one register or two each, to the rows of an image that they cover. Blocks
  /// are stored in whole registers: what is too much is overwritten by the next one.
  void deal(const T* strip, std::ptrdiff_t height, T* out) const {
    using Piece = HalfBatch<T>;
    constexpr std::ptrdiff_t W = static_cast<std::ptrdiff_t>(Piece::size);
    for (std::ptrdiff_t t = 0; t < height; ++t, strip += run, out += s.W * s.C) {
      const T* in = strip;
      for (std::ptrdiff_t at = 0; at < s.W * s.C; at += run, in += lanes()) {
        for (std::ptrdiff_t l = 0; l < run && at + l < s.W * s.C; l += W) {
          const Piece piece = Piece::load_unaligned(in + l);
          const std::ptrdiff_t room = s.W * s.C - at - l;
          room >= W ? piece.store_unaligned(out + at + l)
                    : store_partial(piece, out + at + l, room);
        }
      }
    }
  }
};

}  // namespace

template <class T>
void conv2d_adjoint(const ConvShape& s, const T* small, const T* w, T* large,
                    const Epilogue<T>& epilogue) {
  if (s.N <= 0 || s.H * s.W * s.C <= 0) return;
  Epilogue<T> wide = epilogue;
  if (is_dense(s)) {  // nothing overlaps: the product is the result
    wide.bias = repeated_bias(epilogue, s.C, s.H * s.W);
    const std::ptrdiff_t columns = s.H * s.W * s.C;
    return gemm(s.N, columns, s.F, rows(small, s.F), transposed(w, s.F), large, columns, wide);
  }
  const Block<T> block(s, epilogue.accumulate);
  wide.bias = repeated_bias(epilogue, s.C, block.height * block.width);
  const auto each_phase = [&](auto f) {
    for (std::ptrdiff_t py = 0; py < s.stride; py += block.height)
      for (std::ptrdiff_t px = 0; px < s.stride; px += block.width) f(Phase<T>{s, block, py, px});
  };
  std::ptrdiff_t total = 0;
  each_phase([&](const Phase<T>& phase) { total += phase.K * phase.lanes(); });
  T* const packed = workspace<T, PackedTaps>(total);
  T* next = packed;
  each_phase([&](const Phase<T>& phase) {
    phase.pack(w, next);
    next += phase.K * phase.lanes();
  });

  const std::ptrdiff_t small_size = s.out_h() * s.out_w() * s.F, size = s.H * s.W * s.C;
  constexpr std::ptrdiff_t most_images = 24;  // whole tiles, and what they read stays in cache
  parallel_ranges(s.N, most_images, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    const T* image[most_images];
    for (std::ptrdiff_t n = begin; n < end; ++n) image[n - begin] = small + n * small_size;
    T* const out = large + begin * size;
    const T* taps = packed;
    each_phase([&](const Phase<T>& phase) {
      phase.compute(Panels<T>{{}, taps, nullptr, phase.K, phase.N}, image, end - begin, out, wide);
      taps += phase.K * phase.lanes();
    });
    finish_block(epilogue.act, out, size, end - begin, size);
  });
}

template void conv2d_adjoint(const ConvShape&, const float*, const float*, float*,
                             const Epilogue<float>&);
template void conv2d_adjoint(const ConvShape&, const double*, const double*, double*,
                             const Epilogue<double>&);

}  // namespace planet::kernels
