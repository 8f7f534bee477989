// OpenBLAS for comparison: loaded at run time on request, if it is installed. Nothing links it.
#pragma once

#include <cstddef>

namespace planet::bench {

class Blas {
 public:
  /// Loads libopenblas.so.0, if it is installed, and lets it use `threads` threads.
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
