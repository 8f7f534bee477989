#include "autograd/kernels/gemm.hpp"

#include <vector>

#include "autograd/base/parallel.hpp"
#include "autograd/kernels/math.hpp"
#include "autograd/kernels/simd.hpp"

namespace planet::kernels {

template <class T>
void gemm(std::ptrdiff_t M, std::ptrdiff_t N, std::ptrdiff_t K, MatrixView<T> A, MatrixView<T> B,
          T* C, std::ptrdiff_t ldc, const Epilogue<T>& epilogue) {
  static thread_local std::vector<T> copy;
  if (B.col != 1) {
    copy.resize(static_cast<std::size_t>(K * N));
    for (std::ptrdiff_t j = 0; j < N; ++j) {
      for (std::ptrdiff_t k = 0; k < K; ++k)
        copy[static_cast<std::size_t>(k * N + j)] = B.p[k * B.row + j * B.col];
    }
    B = rows(static_cast<const T*>(copy.data()), N);
  }
  const auto row = [&](std::ptrdiff_t i) {
    T* c = C + i * ldc;
    if (!epilogue.accumulate) {
      for (std::ptrdiff_t j = 0; j < N; ++j) c[j] = 0;
    }
    for (std::ptrdiff_t k = 0; k < K; ++k) {
      const T a = A.p[i * A.row + k * A.col];
      const T* b = B.p + k * B.row;
      for (std::ptrdiff_t j = 0; j < N; ++j) c[j] = madd(a, b[j], c[j]);
    }
    if (epilogue.bias) {
      for (std::ptrdiff_t j = 0; j < N; ++j) c[j] += epilogue.bias[j];
    }
    activate(epilogue.act, c, c, N);
  };
  if (M * N * K < 200000) {
    for (std::ptrdiff_t i = 0; i < M; ++i) row(i);
  } else {
    parallel_ranges(M, 8, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
      for (std::ptrdiff_t i = begin; i < end; ++i) row(i);
    });
  }
}

template void gemm(std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, MatrixView<float>,
                   MatrixView<float>, float*, std::ptrdiff_t, const Epilogue<float>&);
template void gemm(std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, MatrixView<double>,
                   MatrixView<double>, double*, std::ptrdiff_t, const Epilogue<double>&);

}  // namespace planet::kernels
