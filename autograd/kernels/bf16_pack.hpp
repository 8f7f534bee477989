// What bf16_gemm.cpp and bf16_conv.cpp share: floats into the tiles of bf16.hpp, and blocks of sums
// into and out of a matrix.
#pragma once

#include <algorithm>

#include "autograd/base/workspace.hpp"
#include "autograd/kernels/bf16.hpp"
#include "autograd/kernels/math.hpp"

namespace planet::kernels {

constexpr std::ptrdiff_t bf16_tiles(std::ptrdiff_t n) { return (n + bf16_tile - 1) / bf16_tile; }

/// Pair p of line i of a tile, to out[p * pair_step + i * line_step]: element (k, i) of the tile is
/// x[k * k_step + i * i_step], and one of these two steps is 1. The tile has `depth` by `lines`
/// elements, at most 32 each, and is filled up with zeros.
inline void pack_bf16(const float* x, std::ptrdiff_t k_step, std::ptrdiff_t i_step,
                      std::ptrdiff_t depth, std::ptrdiff_t lines, Bf16Pair* out,
                      std::ptrdiff_t pair_step, std::ptrdiff_t line_step) {
  constexpr std::ptrdiff_t n = bf16_tile;
  float whole[n * n];
  if (depth < n || lines < n) {
    const bool deep = k_step == 1;
    const std::ptrdiff_t step = deep ? i_step : k_step, length = deep ? depth : lines,
                         count = deep ? lines : depth;
    for (std::ptrdiff_t r = 0; r < n; ++r) {
      const std::ptrdiff_t there = r < count ? length : 0;
      std::copy_n(x + (r < count ? r * step : 0), there, whole + r * n);
      std::fill_n(whole + r * n + there, n - there, 0.0f);
    }
    x = whole;
    (deep ? i_step : k_step) = n;
  }
  Bf16Pair line[n];
  if (k_step == 1) {
    for (std::ptrdiff_t i = 0; i < n; ++i) {
      for (std::ptrdiff_t p = 0; p < n / 2; ++p)
        line[p] = bf16_pair(x[i * i_step + 2 * p], x[i * i_step + 2 * p + 1]);
      for (std::ptrdiff_t p = 0; p < n / 2; ++p) out[p * pair_step + i * line_step] = line[p];
    }
  } else {
    for (std::ptrdiff_t p = 0; p < n / 2; ++p) {
      const float *even = x + 2 * p * k_step, *odd = even + k_step;
      for (std::ptrdiff_t i = 0; i < n; ++i) line[i] = bf16_pair(even[i], odd[i]);
      for (std::ptrdiff_t i = 0; i < n; ++i) out[p * pair_step + i * line_step] = line[i];
    }
  }
}

/// Rows 0 .. rows-1 and k = 0 .. depth-1 of A as the a of a k tile.
inline void pack_bf16_a(MatrixView<float> A, std::ptrdiff_t rows, std::ptrdiff_t depth,
                        Bf16Pair* out) {
  pack_bf16(A.p, A.col, A.row, depth, rows, out, 1, bf16_tile / 2);
}
/// Rows k = 0 .. depth-1 and columns 0 .. columns-1 of B as its b.
inline void pack_bf16_b(MatrixView<float> B, std::ptrdiff_t depth, std::ptrdiff_t columns,
                        Bf16Pair* out) {
  pack_bf16(B.p, B.row, B.col, depth, columns, out, bf16_tile, 1);
}

/// A block of sums on its way: at most 32 x 32 numbers of a matrix in memory.
struct Bf16Block {
  alignas(64) float c[bf16_tile * bf16_tile];
  std::ptrdiff_t rows, columns;

  /// Starts from zero, or from what is in memory.
  void start(std::ptrdiff_t height, std::ptrdiff_t width_, const float* out, std::ptrdiff_t ld,
             bool accumulate) {
    rows = height;
    columns = width_;
    std::fill_n(c, bf16_tile * bf16_tile, 0.0f);
    for (std::ptrdiff_t i = 0; accumulate && i < rows; ++i)
      std::copy_n(out + i * ld, columns, c + i * bf16_tile);
  }
  /// bias [columns] or null.
  void store(float* out, std::ptrdiff_t ld, const float* bias, Activation act) const {
    for (std::ptrdiff_t i = 0; i < rows; ++i) {
      const float* const sum = c + i * bf16_tile;
      float* const row = out + i * ld;
      for (std::ptrdiff_t j = 0; j < columns; ++j) row[j] = bias ? sum[j] + bias[j] : sum[j];
      activate(act, row, row, columns);
    }
  }
};

}  // namespace planet::kernels
