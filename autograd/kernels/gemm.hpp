// The matrix product that linear layers, the GRU and (through other packers) convolutions share.
//
//   C[M,N] = act( A[M,K] B[K,N] + bias[N] )        or, with accumulate,  C += A B
//
// Every output element sums over k in ascending order in one accumulator, regardless of tile sizes,
// block sizes and threads, so all paths agree bit for bit with gemm_naive compiled with madd. The
// loop nest, the packers and the micro-kernel: gemm_core.hpp. Products of bfloat16 numbers: bf16.hpp.
#pragma once

#include <cstddef>

#include "autograd/activation.hpp"
#include "autograd/precision.hpp"

namespace planet::kernels {

/// A matrix in memory: element (i,j) is at p[i * row + j * col]. One of the strides is 1.
template <class T>
struct MatrixView {
  const T* p;
  std::ptrdiff_t row;
  std::ptrdiff_t col = 1;
};
/// The view of a row-major matrix, and of its transpose.
template <class T>
MatrixView<T> rows(const T* p, std::ptrdiff_t columns) {
  return {p, columns, 1};
}
template <class T>
MatrixView<T> transposed(const T* p, std::ptrdiff_t columns) {
  return {p, 1, columns};
}

/// What is done to a finished tile while it is in registers or in the first-level cache.
template <class T>
struct Epilogue {
  bool accumulate = false;  // add to C instead of writing it; happens before bias and act
  const T* bias = nullptr;  // [N] or null
  Activation act = Activation::none;
};

/// C is row-major with `ldc` elements from row to row. Small products run on one thread. With
/// Precision::bf16, which is for floats, the operands are rounded and the sum has the order of
/// bf16.hpp.
template <class T>
void gemm(std::ptrdiff_t M, std::ptrdiff_t N, std::ptrdiff_t K, MatrixView<T> A, MatrixView<T> B,
          T* C, std::ptrdiff_t ldc, const Epilogue<T>& epilogue = {},
          Precision precision = precision_of<T>());

/// Three loops: the reference of the tests and the first step of `bench`'s ladder.
template <class T>
void gemm_naive(std::ptrdiff_t M, std::ptrdiff_t N, std::ptrdiff_t K, MatrixView<T> A,
                MatrixView<T> B, T* C, std::ptrdiff_t ldc, const Epilogue<T>& epilogue = {});

}  // namespace planet::kernels
