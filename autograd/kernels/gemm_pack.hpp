// How the B operand is cut into panels, and when a panel is copied.
//
// A panel is as wide as one tile: four registers (two where there are only 16), and towards the
// right edge two, one, or half of one. In a row-major B a panel can be read in place; it is copied
// only if it is padded at the edge, if B is transposed, or if the copy pays off: when many rows of
// A will read it and B's rows are far apart.
#pragma once

#include <algorithm>

#include "autograd/base/workspace.hpp"
#include "autograd/kernels/gemm.hpp"
#include "autograd/kernels/gemm_kernel.hpp"

namespace planet::kernels {

/// Registers side by side in the widest tile. A wide tile loads more of B and broadcasts less of A;
/// the wider it is, the fewer instructions there are per madd.
inline constexpr int panel_registers = vector_registers == 32 ? 4 : 2;
template <class T>
inline constexpr std::ptrdiff_t panel_width = panel_registers* width<T>;

/// Lanes of the panel that starts where `rest` columns are left.
template <class T>
constexpr std::ptrdiff_t panel_lanes(std::ptrdiff_t rest) {
  constexpr std::ptrdiff_t half = static_cast<std::ptrdiff_t>(HalfBatch<T>::size);
  const auto fills = [&](std::ptrdiff_t registers) {  // all but at most half of the last one
    return rest > (registers - 1) * width<T> + half % width<T>;
  };
  if (fills(panel_registers)) return panel_width<T>;
  return fills(2) ? 2 * width<T> : rest > half ? width<T> : half;
}

/// Calls f(first column, lanes) for each panel of N columns.
template <class T, class F>
void each_panel(std::ptrdiff_t begin, std::ptrdiff_t N, F f) {
  for (std::ptrdiff_t j = begin; j < N;) {
    const std::ptrdiff_t lanes = panel_lanes<T>(N - j);
    f(j, lanes);
    j += lanes;
  }
}

/// out[c * ld + r] = row(r)[c] for W x W elements.
template <class T, class Row>
PLANET_INLINE void transpose_block(Row row, T* out, std::ptrdiff_t ld) {
  constexpr int W = static_cast<int>(width<T>);
  Batch<T> a[W];
  unroll<W>([&](auto i) PLANET_INLINED { a[i] = load(row(i)); });
  transpose(a);
  unroll<W>([&](auto i) PLANET_INLINED { a[i].store_unaligned(out + i * ld); });
}

/// out[j * out_ld + i] = row(i)[j]
template <class T, class Row>
void transpose_rows(Row row, std::ptrdiff_t rows, std::ptrdiff_t columns, T* out,
                    std::ptrdiff_t out_ld) {
  constexpr std::ptrdiff_t W = width<T>;
  for (std::ptrdiff_t i = 0; i < rows; i += W) {
    for (std::ptrdiff_t j = 0; j < columns; j += W) {
      if (i + W <= rows && j + W <= columns) {
        transpose_block([&](std::ptrdiff_t r) PLANET_INLINED { return row(i + r) + j; },
                        out + j * out_ld + i, out_ld);
        continue;
      }
      for (std::ptrdiff_t r = i; r < std::min(i + W, rows); ++r) {
        for (std::ptrdiff_t c = j; c < std::min(j + W, columns); ++c) {
          out[c * out_ld + r] = row(r)[c];
        }
      }
    }
  }
}
/// out[j * out_ld + i] = in[i * in_ld + j]
template <class T>
void transpose_matrix(const T* in, std::ptrdiff_t in_ld, std::ptrdiff_t rows,
                      std::ptrdiff_t columns, T* out, std::ptrdiff_t out_ld) {
  transpose_rows([=](std::ptrdiff_t i) PLANET_INLINED { return in + i * in_ld; }, rows, columns,
                 out, out_ld);
}

/// Rows 0 .. K of columns j .. j+lanes of B, zero beyond N, to out[k * lanes + ...].
template <class T>
void pack_panel(MatrixView<T> B, std::ptrdiff_t K, std::ptrdiff_t N, std::ptrdiff_t j,
                std::ptrdiff_t lanes, T* out) {
  const std::ptrdiff_t n = std::min(lanes, N - j);
  constexpr std::ptrdiff_t W = width<T>;
  if (B.col == 1) {
    const T* in = B.p + j;
    for (std::ptrdiff_t k = 0; k < K; ++k, in += B.row, out += lanes) {
      std::ptrdiff_t l = 0;
      for (; l + W <= n; l += W) load(in + l).store_unaligned(out + l);
      for (; l < n; ++l) out[l] = in[l];
      for (; l < lanes; ++l) out[l] = 0;
    }
    return;
  }
  std::ptrdiff_t l = 0;
  for (; l + W <= n; l += W) {  // blocks of W columns, each contiguous in B
    const T* in = B.p + (j + l) * B.col;
    std::ptrdiff_t k = 0;
    for (; k + W <= K && B.row == 1; k += W) {
      transpose_block([&](std::ptrdiff_t r) PLANET_INLINED { return in + k + r * B.col; },
                      out + k * lanes + l, lanes);
    }
    for (; k < K; ++k) {
      for (std::ptrdiff_t q = 0; q < W; ++q) out[k * lanes + l + q] = in[k * B.row + q * B.col];
    }
  }
  for (; l < lanes; ++l) {
    const T* in = B.p + (j + l) * B.col;
    for (std::ptrdiff_t k = 0; k < K; ++k) out[k * lanes + l] = l < n ? in[k * B.row] : T(0);
  }
}

/// First column and lanes of the last panel; their sum is the padded number of columns.
template <class T>
std::pair<std::ptrdiff_t, std::ptrdiff_t> last_panel(std::ptrdiff_t N) {
  std::pair<std::ptrdiff_t, std::ptrdiff_t> last{0, 0};
  const std::ptrdiff_t begin = std::max<std::ptrdiff_t>(0, N / panel_width<T> - 1) * panel_width<T>;
  each_panel<T>(begin, N, [&](std::ptrdiff_t j, std::ptrdiff_t lanes) { last = {j, lanes}; });
  return last;
}
/// Elements of all panels of a packed B.
template <class T>
std::ptrdiff_t packed_size(std::ptrdiff_t K, std::ptrdiff_t N) {
  const auto [j, lanes] = last_panel<T>(N);
  return K * (j + lanes);
}

/// B as the loop nest sees it: panel(j), packed or in place.
template <class T>
struct Panels {
  MatrixView<T> in_place;     // read here when packed is null
  const T* packed = nullptr;  // all panels, one after the other
  const T* edge = nullptr;    // the padded last panel of a B that is otherwise read in place
  std::ptrdiff_t K = 0, N = 0;

  Panel<T> panel(std::ptrdiff_t j, std::ptrdiff_t lanes) const {
    if (packed) return {packed + j * K, lanes};
    return j + lanes > N ? Panel<T>{edge, lanes} : Panel<T>{in_place.p + j, in_place.row};
  }
};

}  // namespace planet::kernels
