// The adjoint of conv2d: each large pixel sums over the windows that cover it.
//
// Let y = stride i + py. Pixel row y lies in kernel row a = py + stride q of the windows of row
// i - q: these are a few neighbouring rows of the small image, ceil(kh / stride) of them inside and
// fewer at the border. The same holds along x. So the pixels at one position of every image are one
// matrix product,
//
//   large[n, (y,x,c)] = sum over (u,v,f) of small[n, i0 + u, j0 + v, f] taps[(u,v,f), (y,x,c)]
//
//   rows      images: all of them need the same taps, also at the border
//   k         the patch of the small image that covers this position, in place (RowOperand)
//   columns   the channels of one pixel, or of a block of pixels that share the patch
//
// The three channels of a picture would leave most of a register empty; there rows and columns are
// exchanged, and a register holds one number of many images (exchanged_adjoint).
//
// No multiplication is wasted, the sum stays in registers, and the large image is written once.
// (Scattering, that is columns = small * filter followed by overlapping additions, moves
// kh * kw / stride^2 numbers per number of the result: it was up to 1.6 times slower. Gathering
// whole patches from a zero-padded image multiplies by zeros: 1.3 to 2.8 times the work.)
#include "autograd/kernels/bf16.hpp"
#include "autograd/kernels/conv.hpp"
#include "autograd/kernels/conv_windows.hpp"
#include "autograd/kernels/gemm_core.hpp"

namespace planet::kernels {
namespace {

struct Taps;  // names of workspaces
struct PackedTaps;
struct ImageColumns;
struct Strip;
struct StripRows;
struct WideBias;

/// With few channels most of a register would be empty. Then the roles are exchanged: the numbers
/// of a block are the rows of one tile, and images are its columns.
template <class T>
bool few_channels(const ConvShape& s, bool accumulate) {
  const std::ptrdiff_t run = block_width(s) * s.C;
  return block_width(s) == s.stride && run <= tile_rows<panel_registers> && !accumulate;
}

/// The pixels of one phase: y = py and x = px modulo the stride, for a block's first pixel.
template <class T>
struct Phase {
  const ConvShape& s;
  std::ptrdiff_t py, px;
  Axis rows{s.out_h(), s.kh, s.stride}, columns{s.out_w(), s.kw, s.stride};
  std::ptrdiff_t U = rows.taps(py), V = columns.taps(px), K = U * V * s.F;
  std::ptrdiff_t block = block_width(s), run = block * s.C;

  std::ptrdiff_t lanes() const { return packed_size<T>(1, run); }

  /// The filter's [run, F] at position (u, v) of the patch.
  const T* filter(const T* w, std::ptrdiff_t u, std::ptrdiff_t v) const {
    return filter_at(s, w, py, px, U - 1 - u, V - 1 - v);
  }
  /// taps[(u, v, f), (x, c)] = w[py + stride (U-1-u), px + x + stride (V-1-v), c, f], as panels.
  void pack(const T* w, T* out) const {
    T* const taps = workspace<T, Taps>(K * run);
    for (std::ptrdiff_t k = 0; k < U * V; ++k)
      transpose_matrix(filter(w, k / V, k % V), s.F, run, s.F, taps + k * s.F * run, run);
    pack_panels(kernels::rows(taps, run), K, run, out);
  }
  /// The same, transposed: [(x, c), (u, v, f)].
  void pack_rows(const T* w, T* out) const {
    for (std::ptrdiff_t k = 0; k < U * V; ++k)
      for (std::ptrdiff_t i = 0; i < run; ++i)
        std::copy_n(filter(w, k / V, k % V) + i * s.F, s.F, out + i * K + k * s.F);
  }

  /// Computes these pixels of `count` images; image[n] is the n-th small one.
  void compute(const Panels<T>& taps, const T* const* image, std::ptrdiff_t count, T* large,
               const Epilogue<T>& epilogue) const {
    const std::ptrdiff_t row = s.out_w() * s.F, size = s.H * s.W * s.C;
    for (std::ptrdiff_t y = py, i = 0; y < s.H; y += s.stride, ++i) {
      const Axis::Reach r = rows.reach(i, py);
      for (std::ptrdiff_t x = px, j = 0; x < s.W; x += s.stride, ++j) {
        const Axis::Reach c = columns.reach(j, px);
        const Runs patch{c.count > 0 ? r.count : 0, c.count * s.F, row, (V - c.count) * s.F};
        const RowOperand<T> A{image, patch, r.window * row + c.window * s.F};
        T* const out = large + (y * s.W + x) * s.C;
        const std::ptrdiff_t next = std::min(run, (s.W - x - s.stride) * s.C);
        for (std::ptrdiff_t n = 0; n < count; ++n)  // every image is on another page
          prefetch_for_write(out + n * size + s.stride * s.C, next);
        multiply_panels(A, count, taps, (r.tap * V + c.tap) * s.F, 0,
                        std::min(block, s.W - x) * s.C,
                        Target<T>{out, size, 0, epilogue.accumulate, epilogue.bias,
                                  epilogue.act == Activation::relu});
      }
    }
  }

  /// The same for few channels, row i of this phase and of the `together` - 1 phases after it, whose
  /// taps follow: large^T = taps^T small^T. Column n of `ring` is image n; its rows are (slot, j, f),
  /// where row i of the small images is in slot i modulo `slots` and again `slots` further on.
  void compute_exchanged(std::ptrdiff_t i, std::ptrdiff_t together, const T* taps,
                         const Panels<T>& ring, std::ptrdiff_t slots, std::ptrdiff_t lanes,
                         T* large, const Epilogue<T>& epilogue) const {
    const std::ptrdiff_t numbers = together * run, places = (s.W + s.stride - 1) / s.stride;
    const T* row[tile_rows<panel_registers> * tile_rows<panel_registers>];  // stride <= run
    for (std::ptrdiff_t l = 0; l < numbers; ++l) row[l] = taps + l * K;
    T* const strip = workspace<T, Strip>(places * numbers * lanes);
    const Axis::Reach r = rows.reach(i, py);
    for (std::ptrdiff_t j = 0; j < places; ++j) {
      const Axis::Reach c = columns.reach(j, 0);
      const Runs patch{c.count > 0 ? r.count : 0, c.count * s.F, V * s.F,
                       (s.out_w() - c.count) * s.F};
      multiply_panels(RowOperand<T>{row, patch, (r.tap * V + c.tap) * s.F}, numbers, ring,
                      (r.window % slots * s.out_w() + c.window) * s.F, 0, lanes,
                      Target<T>{strip + j * numbers * lanes, lanes, 0, false, nullptr, false});
    }
    const std::ptrdiff_t size = s.H * s.W * s.C;
    const T** const line = workspace<const T*, StripRows>(places * run);
    for (std::ptrdiff_t p = 0, y = i * s.stride + py; p < together && y < s.H; ++p, ++y) {
      for (std::ptrdiff_t k = 0; k < places * run; ++k)
        line[k] = k < run ? strip + (p * run + k) * lanes : line[k - run] + numbers * lanes;
      T* const out = large + y * s.W * s.C;
      transpose_rows([=](std::ptrdiff_t k) { return line[k]; }, s.W * s.C, ring.N, out, size);
      for (std::ptrdiff_t n = 0; n < ring.N; ++n) finish_row(epilogue, out + n * size);
    }
  }
  /// Bias and ReLU of a row of one image. The other activations are applied to whole images.
  void finish_row(const Epilogue<T>& epilogue, T* out) const {
    for (std::ptrdiff_t i = 0; i < s.W * s.C && epilogue.bias; ++i) out[i] += epilogue.bias[i];
    if (epilogue.act == Activation::relu) activate(epilogue.act, out, out, s.W * s.C);
  }
};

/// Every image is one row of the products.
template <class T>
void wide_adjoint(const ConvShape& s, const T* small, const T* w, T* large,
                  const Epilogue<T>& epilogue) {
  const std::ptrdiff_t block = block_width(s);
  Epilogue<T> wide = epilogue;
  wide.bias = repeated_bias<T, WideBias>(epilogue, s.C, block);
  const auto each_phase = [&](auto f) {
    for (std::ptrdiff_t py = 0; py < s.stride; ++py)
      for (std::ptrdiff_t px = 0; px < s.stride; px += block) f(Phase<T>{s, py, px});
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
  constexpr std::ptrdiff_t max_images = 24;  // whole tiles, whose inputs stay in cache
  parallel_ranges(s.N, max_images, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    const T* image[max_images];
    for (std::ptrdiff_t n = begin; n < end; ++n) image[n - begin] = small + n * small_size;
    T* const out = large + begin * size;
    const T* taps = packed;
    each_phase([&](const Phase<T>& phase) {
      phase.compute(Panels<T>{{}, taps, nullptr, phase.K, phase.run}, image, end - begin, out,
                    wide);
      taps += phase.K * phase.lanes();
    });
    finish_block(epilogue.act, out, size, end - begin, size);
  });
}

/// As many images at a time as two registers have lanes. A row of the small images is transposed
/// just before the first rows of the large ones that need it, into a ring of as many rows as cover a
/// pixel: all of it stays in the cache. Where the stride divides kh, all phases have the same patch
/// and are one product.
template <class T>
void exchanged_adjoint(const ConvShape& s, const T* small, const T* w, T* large,
                       const Epilogue<T>& epilogue) {
  Epilogue<T> wide = epilogue;
  wide.bias = repeated_bias<T, WideBias>(epilogue, s.C, s.W);
  T* const packed = workspace<T, PackedTaps>(s.kh * s.kw * s.C * s.F);
  const std::ptrdiff_t together = s.kh % s.stride == 0 ? s.stride : 1;
  const auto each_phase = [&](std::ptrdiff_t step, auto f) {
    T* taps = packed;
    for (std::ptrdiff_t py = 0; py < s.stride; py += step) {
      const Phase<T> phase{s, py, 0};
      f(phase, taps);
      taps += step * phase.K * phase.run;
    }
  };
  each_phase(1, [&](const Phase<T>& phase, T* taps) { phase.pack_rows(w, taps); });

  const std::ptrdiff_t row = s.out_w() * s.F, small_size = s.out_h() * row, size = s.H * s.W * s.C;
  const std::ptrdiff_t slots = Phase<T>{s, 0, 0}.U;
  parallel_ranges(s.N, 2 * width<T>, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    const std::ptrdiff_t count = end - begin;
    auto lanes = static_cast<std::ptrdiff_t>(HalfBatch<T>::size);
    while (lanes < count) lanes *= 2;  // one panel holds them all
    T* const columns = workspace<T, ImageColumns>(2 * slots * row * lanes);
    const Panels<T> ring{{}, columns, nullptr, 2 * slots * row, count};
    T* const out = large + begin * size;
    for (std::ptrdiff_t i = 0; i * s.stride < s.H; ++i) {
      if (i < s.out_h()) {
        T* const slot = columns + i % slots * row * lanes;
        pack_panel(transposed(small + begin * small_size + i * row, small_size), row, count, 0,
                   lanes, slot);
        std::copy_n(slot, row * lanes, slot + slots * row * lanes);
      }
      each_phase(together, [&](const Phase<T>& phase, const T* taps) {
        if (i * s.stride + phase.py < s.H)
          phase.compute_exchanged(i, together, taps, ring, slots, lanes, out, wide);
      });
    }
    finish_block(epilogue.act, out, size, count, size);
  });
}

}  // namespace

template <class T>
void conv2d_adjoint(const ConvShape& s, const T* small, const T* w, T* large,
                    const Epilogue<T>& epilogue, Precision precision) {
  if (s.N <= 0 || s.H * s.W * s.C <= 0) return;
  if (is_dense(s)) {  // nothing overlaps: the product is the result
    Epilogue<T> wide = epilogue;
    wide.bias = repeated_bias<T, WideBias>(epilogue, s.C, s.H * s.W);
    const std::ptrdiff_t columns = s.H * s.W * s.C;
    return gemm(s.N, columns, s.F, rows(small, s.F), transposed(w, s.F), large, columns, wide,
                precision);
  }
  if constexpr (std::is_same_v<T, float>)
    if (precision == Precision::bf16) return conv2d_adjoint_bf16(s, small, w, large, epilogue);
  if (few_channels<T>(s, epilogue.accumulate)) {
    exchanged_adjoint(s, small, w, large, epilogue);
  } else {
    wide_adjoint(s, small, w, large, epilogue);
  }
}

template void conv2d_adjoint(const ConvShape&, const float*, const float*, float*,
                             const Epilogue<float>&, Precision);
template void conv2d_adjoint(const ConvShape&, const double*, const double*, double*,
                             const Epilogue<double>&, Precision);

}  // namespace planet::kernels
