// Three loops: the product as it is defined, the reference for every faster path.
#include "autograd/kernels/gemm.hpp"
#include "autograd/kernels/math.hpp"
#include "autograd/kernels/simd.hpp"

namespace planet::kernels {

template <class T>
void gemm_naive(std::ptrdiff_t M, std::ptrdiff_t N, std::ptrdiff_t K, MatrixView<T> A,
                MatrixView<T> B, T* C, std::ptrdiff_t ldc, const Epilogue<T>& epilogue) {
  for (std::ptrdiff_t i = 0; i < M; ++i) {
    T* c = C + i * ldc;
    for (std::ptrdiff_t j = 0; j < N; ++j) {
      T sum = epilogue.accumulate ? c[j] : T(0);
      for (std::ptrdiff_t k = 0; k < K; ++k) {
        sum = madd(A.p[i * A.row + k * A.col], B.p[k * B.row + j * B.col], sum);
      }
      c[j] = epilogue.bias ? sum + epilogue.bias[j] : sum;
    }
    activate(epilogue.act, c, c, N);
  }
}

template void gemm_naive(std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, MatrixView<float>,
                         MatrixView<float>, float*, std::ptrdiff_t, const Epilogue<float>&);
template void gemm_naive(std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, MatrixView<double>,
                         MatrixView<double>, double*, std::ptrdiff_t, const Epilogue<double>&);

}  // namespace planet::kernels
