// The loop nest around the tile, shared by the matrix product and the convolutions.
//
//   tasks    blocks of rows x groups of panels            the unit that threads pick up
//     k      blocks of at most k_block rows of B          so that a panel stays in the first caches
//       j    panels of B, two registers wide              read in place or packed (gemm_pack.hpp)
//         i  tiles of MR rows of A                        gemm_kernel.hpp
//
// A block of A is rows reached through a table of pointers, filled once a task.
#pragma once

#include "autograd/base/parallel.hpp"
#include "autograd/kernels/gemm_pack.hpp"
#include "autograd/kernels/math.hpp"

namespace planet::kernels {

/// All columns [j_begin, j_end) of `rows` rows: C = A B or C += A B over this operand's whole k.
/// bias and relu are applied on the way out. `at` is B's first row of this k block.
template <class T, class Operand>
void multiply_panels(const Operand& a, std::ptrdiff_t rows, const Panels<T>& B, std::ptrdiff_t at,
                     std::ptrdiff_t j_begin, std::ptrdiff_t j_end, Target<T> out) {
  T* const c = out.c;
  const T* const bias = out.bias;
  each_panel<T>(j_begin, j_end, [&](std::ptrdiff_t j, std::ptrdiff_t lanes) {
    Panel<T> b = B.panel(j, lanes);
    b.p += at * b.ld;
    out.c = c + j;
    out.bias = bias ? bias + j : nullptr;
    out.columns = std::min(lanes, j_end - j);
    if (lanes == 2 * width<T>) {
      sweep<Batch<T>, tile_rows<2>, 2>(a, 0, rows, b, out);
    } else if (lanes == width<T>) {
      sweep<Batch<T>, tile_rows<1>, 1>(a, 0, rows, b, out);
    } else {
      sweep<HalfBatch<T>, tile_rows<1>, 1>(a, 0, rows, b, out);
    }
  });
}

/// B as panels for many tiles: all of it packed, or only the padded edge.
template <class T, class Tag>
Panels<T> prepare(MatrixView<T> B, std::ptrdiff_t K, std::ptrdiff_t N, bool pack_all) {
  Panels<T> panels{B, nullptr, nullptr, K, N};
  std::ptrdiff_t last = 0, last_lanes = 0;
  each_panel<T>(0, N,
                [&](std::ptrdiff_t j, std::ptrdiff_t lanes) { last = j, last_lanes = lanes; });
  if (pack_all) {
    T* const out = workspace<T, Tag>(K * (last + last_lanes));
    const auto pack = [&](std::ptrdiff_t group) {  // one panel, or what is left at the edge
      const std::ptrdiff_t begin = group * 2 * width<T>;
      each_panel<T>(begin, std::min(N, begin + 2 * width<T>),
                    [&](std::ptrdiff_t j, std::ptrdiff_t lanes) {
                      pack_panel(B, K, N, j, lanes, out + j * K);
                    });
    };
    const std::ptrdiff_t groups = (N + 2 * width<T> - 1) / (2 * width<T>);
    if (K * N < (1 << 16)) {
      for (std::ptrdiff_t g = 0; g < groups; ++g) pack(g);
    } else {
      parallel_for(groups, pack);
    }
    panels.packed = out;
  } else if (last + last_lanes > N) {
    T* const out = workspace<T, Tag>(K * last_lanes);
    pack_panel(B, K, N, last, last_lanes, out);
    panels.edge = out;
  }
  return panels;
}

/// Activations that are not applied in registers, on a finished block.
template <class T>
void finish_block(Activation act, T* c, std::ptrdiff_t ld, std::ptrdiff_t rows,
                  std::ptrdiff_t columns) {
  if (act == Activation::none || act == Activation::relu) return;
  if (ld == columns) return activate(act, c, c, rows * columns);
  for (std::ptrdiff_t i = 0; i < rows; ++i) activate(act, c + i * ld, c + i * ld, columns);
}

}  // namespace planet::kernels
