// OpenBLAS for comparison, loaded when it is there and asked for. Nothing links it.
#pragma once

#include <cstddef>

namespace planet::bench {

class Blas {
 public:
  /// Looks for libopenblas.so.0 and lets it use `threads` threads.
  explicit Blas(int threads);
  bool available() const { return sgemm_ != nullptr; }
  /// C[M,N] = A[M,K] B[K,N], row-major.
  void gemm(std::ptrdiff_t M, std::ptrdiff_t N, std::ptrdiff_t K, const float* A, const float* B,
            float* C) const;

 private:
  using Sgemm = void (*)(int, int, int, int, int, int, float, const float*, int, const float*, int,
                         float, float*, int);
  Sgemm sgemm_ = nullptr;
};

}  // namespace planet::bench
