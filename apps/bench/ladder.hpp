// Five ways to multiply two matrices, each one idea faster than the one before and all with the
// same bits: naive, blocked, packed, vectorised, threaded. For reading, and for `bench --ladder`;
// the product everybody uses is autograd/kernels/gemm.hpp.
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
