// Convolution without a column buffer: three kernels serve conv2d and conv2d_transpose, forward
// and backward, because each is the other's adjoint.
//
//   large image  x [N, H, W, C]        H' = (H - kh) / stride + 1, W' likewise
//   filter       w [kh, kw, C, F]
//   small image  y [N, H', W', F]
//
// clang-format off
//   conv2d                  y  = act(conv(x, w) + bias)     forward of conv2d; input gradient of its transpose
//   conv2d_adjoint          x  = act(conv^T(y, w) + bias)   forward of the transpose; input gradient of conv2d
//   conv2d_filter_gradient  dw += sum over N, H', W'        filter gradient of both
// clang-format on
//
// Precision::bf16 is for floats: the operands are rounded, and sums have the order of bf16.hpp.
#pragma once

#include <cstddef>

#include "autograd/activation.hpp"
#include "autograd/kernels/gemm.hpp"

namespace planet::kernels {

/// The geometry of one valid convolution. H and W belong to the larger image (the one with C
/// channels); rows and columns that no window covers get no gradient (adjoint: only the bias).
struct ConvShape {
  std::ptrdiff_t N, H, W, C;      // larger image
  std::ptrdiff_t kh, kw, stride;  // window
  std::ptrdiff_t F;               // channels of the smaller image
  std::ptrdiff_t out_h() const { return (H - kh) / stride + 1; }
  std::ptrdiff_t out_w() const { return (W - kw) / stride + 1; }
};

/// small[N,H',W',F] = act(conv(large, w) + bias[F]), or += with epilogue.accumulate.
template <class T>
void conv2d(const ConvShape& s, const T* large, const T* w, T* small,
            const Epilogue<T>& epilogue = {}, Precision precision = precision_of<T>());

/// large[N,H,W,C] = act(conv^T(small, w) + bias[C]), or +=. Written as a gather: each output
/// pixel sums over the windows that cover it, so nothing is scattered and no two threads write to
/// the same place.
template <class T>
void conv2d_adjoint(const ConvShape& s, const T* small, const T* w, T* large,
                    const Epilogue<T>& epilogue = {}, Precision precision = precision_of<T>());

/// dw[kh,kw,C,F] += sum over n,i,j of large[n, i*stride+a, j*stride+b, c] * small[n,i,j,f].
/// The long sum is cut into chunks that depend on the shape alone and folded in index order.
template <class T>
void conv2d_filter_gradient(const ConvShape& s, const T* large, const T* small, T* dw,
                            Precision precision = precision_of<T>());

/// The seven nested loops of the definition, for each of the three: the reference of the tests.
template <class T>
void conv2d_naive(const ConvShape& s, const T* large, const T* w, T* small,
                  const Epilogue<T>& epilogue = {});
template <class T>
void conv2d_adjoint_naive(const ConvShape& s, const T* small, const T* w, T* large,
                          const Epilogue<T>& epilogue = {});
template <class T>
void conv2d_filter_gradient_naive(const ConvShape& s, const T* large, const T* small, T* dw);

}  // namespace planet::kernels
