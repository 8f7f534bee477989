// Each rung changes one thing. None changes the order of the additions: an element of C is always
// one chain of multiply-adds over ascending k, so all results are equal bit for bit.
#include "apps/bench/ladder.hpp"

#include "autograd/kernels/gemm_core.hpp"

namespace planet::bench {
namespace {

using namespace kernels;

using Size = std::ptrdiff_t;

// Rung 1: the definition. The inner loop strides through B row by row and waits for the result of
// each multiply-add.
void naive(Size M, Size N, Size K, const float* A, const float* B, float* C) {
  gemm_naive(M, N, K, rows(A, K), rows(B, N), C, N);
}

// c[0..n) += sum over k < depth of a[k] * b[k, 0..n): the loops are interchanged. The inner loop
// now runs along rows of B and C; its iterations are independent, so the compiler vectorises it.
void add_row(const float* a, Size depth, const float* b, Size ldb, float* c, Size n) {
  for (Size k = 0; k < depth; ++k) {
    for (Size j = 0; j < n; ++j) c[j] = madd(a[k], b[k * ldb + j], c[j]);
  }
}

// Rung 2: a block of B, 64 x 256 floats = 64 KB, stays in the second-level cache for all rows of A.
constexpr Size block_k = 64, block_n = 256;

void blocked(Size M, Size N, Size K, const float* A, const float* B, float* C) {
  std::fill_n(C, M * N, 0.0f);
  for (Size j = 0; j < N; j += block_n) {
    for (Size k = 0; k < K; k += block_k) {
      for (Size i = 0; i < M; ++i) {
        add_row(A + i * K + k, std::min(block_k, K - k), B + k * N + j, N, C + i * N + j,
                std::min(block_n, N - j));
      }
    }
  }
}

// Rung 3: each block of B is copied (packed) first, so that its rows are contiguous: they touch
// fewer pages and do not compete for the same cache set.
void packed(Size M, Size N, Size K, const float* A, const float* B, float* C) {
  alignas(64) static thread_local float block[block_k * block_n];
  std::fill_n(C, M * N, 0.0f);
  for (Size j = 0; j < N; j += block_n) {
    const Size n = std::min(block_n, N - j);
    for (Size k = 0; k < K; k += block_k) {
      const Size depth = std::min(block_k, K - k);
      for (Size l = 0; l < depth; ++l) std::copy_n(B + (k + l) * N + j, n, block + l * n);
      for (Size i = 0; i < M; ++i) {
        add_row(A + i * K + k, depth, block, n, C + i * N + j, n);
      }
    }
  }
}

// Rung 4: a tile of C stays in registers while k runs (autograd/kernels/gemm_kernel.hpp), and B is
// packed into panels as wide as the tile. Up to rung 3 every multiply-add loaded and stored its
// element of C; now none does.
void vectorised(Size M, Size N, Size K, const float* A, const float* B, float* C) {
  struct PackedB;
  const Panels<float> panels = prepare<float, PackedB>(rows(B, N), K, N, true);
  constexpr Size block_m = 96;
  for (Size i = 0; i < M; i += block_m) {
    const Size m = std::min(block_m, M - i);
    const float* row[block_m];
    for (Size r = 0; r < m; ++r) row[r] = A + (i + r) * K;
    multiply_panels(RowOperand<float>{row, {1, K, 0}}, m, panels, 0, 0, N,
                    Target<float>{C + i * N, N, 0, false, nullptr, false});
  }
}

// Rung 5: blocks of rows are shared among all threads, blocks of k fit the caches, and packing is
// done only where it pays: the product of autograd/kernels/gemm.hpp.
void threaded(Size M, Size N, Size K, const float* A, const float* B, float* C) {
  gemm(M, N, K, rows(A, K), rows(B, N), C, N);
}

constexpr Rung ladder[] = {
    {"naive", "three loops, as the product is defined", naive},
    {"blocked", "loops interchanged, and a block of B that stays in cache", blocked},
    {"packed", "the block of B copied, so that its rows are contiguous", packed},
    {"vectorised", "a tile of C in registers, B in panels of its width", vectorised},
    {"threaded", "blocks of rows on all threads: gemm()", threaded},
};

}  // namespace

std::span<const Rung> gemm_ladder() { return ladder; }

}  // namespace planet::bench
