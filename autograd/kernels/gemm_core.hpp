// The loop nest around the tile, shared by the matrix product and the convolutions.
//
//   tasks    blocks of rows x groups of panels            the unit that threads pick up
//     k      blocks of at most k_block rows of B          so that a panel stays in cache
//       j    panels of B, two or four registers wide      read in place or packed (gemm_pack.hpp)
//         i  tiles of MR rows of A                        gemm_kernel.hpp
//
// A block of A is a table of pointers to its rows, filled once per task.
#pragma once

#include "autograd/base/observer.hpp"
#include "autograd/base/parallel.hpp"
#include "autograd/kernels/gemm_pack.hpp"
#include "autograd/kernels/math.hpp"

namespace planet::kernels {

/// About how long so many multiply-adds take one thread: for parallel_for.
constexpr double microseconds(std::ptrdiff_t madds) { return static_cast<double>(madds) / 60e3; }

/// All columns [j_begin, j_end) of `rows` rows: C = A B or C += A B over this operand's whole k.
/// Bias and ReLU are applied as a tile is stored. `at` is B's first row of this k block.
template <class T, class Operand>
void multiply_panels(const Operand& a, std::ptrdiff_t rows, const Panels<T>& B, std::ptrdiff_t at,
                     std::ptrdiff_t j_begin, std::ptrdiff_t j_end, Target<T> out) {
  T* const c = out.c;
  const T* const bias = out.bias;
  each_panel<T>(j_begin, j_end, [&](std::ptrdiff_t j, std::ptrdiff_t lanes) {
    if (Observer* const o = Observer::active()) o->multiply_adds(rows * lanes * a.depth());
    Panel<T> b = B.panel(j, lanes);
    b.p += at * b.ld;
    out.c = c + j;
    out.bias = bias ? bias + j : nullptr;
    out.columns = std::min(lanes, j_end - j);
    if constexpr (panel_registers == 4) {
      if (lanes == 4 * width<T>) return sweep<Batch<T>, tile_rows<4>, 4>(a, 0, rows, b, out);
    }
    if (lanes == 2 * width<T>) {
      sweep<Batch<T>, tile_rows<2>, 2>(a, 0, rows, b, out);
    } else if (lanes == width<T>) {
      sweep<Batch<T>, tile_rows<1>, 1>(a, 0, rows, b, out);
    } else {
      sweep<HalfBatch<T>, tile_rows<1>, 1>(a, 0, rows, b, out);
    }
  });
}

// The tiles are slow to compile, so each kind of operand is instantiated once, in tiles_*.cpp.
extern template void multiply_panels(const RowOperand<float>&, std::ptrdiff_t, const Panels<float>&,
                                     std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, Target<float>);
extern template void multiply_panels(const RowOperand<double>&, std::ptrdiff_t,
                                     const Panels<double>&, std::ptrdiff_t, std::ptrdiff_t,
                                     std::ptrdiff_t, Target<double>);
extern template void multiply_panels(const ColumnOperand<float>&, std::ptrdiff_t,
                                     const Panels<float>&, std::ptrdiff_t, std::ptrdiff_t,
                                     std::ptrdiff_t, Target<float>);
extern template void multiply_panels(const ColumnOperand<double>&, std::ptrdiff_t,
                                     const Panels<double>&, std::ptrdiff_t, std::ptrdiff_t,
                                     std::ptrdiff_t, Target<double>);
extern template void multiply_panels(const PixelOperand<float>&, std::ptrdiff_t,
                                     const Panels<float>&, std::ptrdiff_t, std::ptrdiff_t,
                                     std::ptrdiff_t, Target<float>);
extern template void multiply_panels(const PixelOperand<double>&, std::ptrdiff_t,
                                     const Panels<double>&, std::ptrdiff_t, std::ptrdiff_t,
                                     std::ptrdiff_t, Target<double>);

/// Copies every panel of B, one after the other, to `out` (packed_size elements).
template <class T>
Panels<T> pack_panels(MatrixView<T> B, std::ptrdiff_t K, std::ptrdiff_t N, T* out) {
  const auto pack = [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    each_panel<T>(begin, end, [&](std::ptrdiff_t j, std::ptrdiff_t lanes) {
      pack_panel(B, K, N, j, lanes, out + j * K);
    });
  };
  if (K * N < (1 << 16)) {
    pack(0, N);
  } else {
    parallel_ranges(N, panel_width<T>, pack);
  }
  return {B, out, nullptr, K, N};
}

/// B as panels for many tiles: entirely packed, or only its padded edge.
template <class T, class Tag>
Panels<T> prepare(MatrixView<T> B, std::ptrdiff_t K, std::ptrdiff_t N, bool pack_all) {
  const auto [last, lanes] = last_panel<T>(N);
  if (pack_all) return pack_panels(B, K, N, workspace<T, Tag>(K * (last + lanes)));
  if (last + lanes <= N) return {B, nullptr, nullptr, K, N};
  T* const edge = workspace<T, Tag>(K * lanes);
  pack_panel(B, K, N, last, lanes, edge);
  return {B, nullptr, edge, K, N};
}

/// The activations that are not applied in registers, applied to a finished block.
template <class T>
void finish_block(Activation act, T* c, std::ptrdiff_t ld, std::ptrdiff_t rows,
                  std::ptrdiff_t columns) {
  if (act == Activation::none || act == Activation::relu) return;
  if (ld == columns) return activate(act, c, c, rows * columns);
  for (std::ptrdiff_t i = 0; i < rows; ++i) activate(act, c + i * ld, c + i * ld, columns);
}

}  // namespace planet::kernels
