// Five ways to multiply two matrices: naive, blocked, packed, vectorised, threaded. Each adds one
// idea to the one before and is faster; all results are equal bit for bit. For reading and for
// `bench --ladder`; the product that the ops use is autograd/kernels/gemm.hpp.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace planet::bench {

/// One rung: C[M,N] = A[M,K] B[K,N], all row-major and contiguous, in float.
struct Rung {
  std::string_view name;  // "blocked"
  std::string_view idea;  // one line
  void (*multiply)(std::ptrdiff_t M, std::ptrdiff_t N, std::ptrdiff_t K, const float* A,
                   const float* B, float* C);
};

/// From the slowest to the fastest.
std::span<const Rung> gemm_ladder();

}  // namespace planet::bench
