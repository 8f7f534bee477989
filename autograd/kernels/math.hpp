// Elementary functions over arrays, and the activations made of them.
//
// Every function is elementwise from x[0..n) to y[0..n); x == y is allowed, other overlap is not.
// A value does not depend on its position: the tail runs through the same vector code as the body.
// NaN stays NaN, also in relu. The accuracy of each function is stated and tested: see math.cpp.
#pragma once

#include <cstddef>

#include "autograd/activation.hpp"

namespace planet::kernels {

template <class T>
void exp(const T* x, T* y, std::ptrdiff_t n);
template <class T>
void log(const T* x, T* y, std::ptrdiff_t n);
template <class T>
void tanh(const T* x, T* y, std::ptrdiff_t n);
template <class T>
void sigmoid(const T* x, T* y, std::ptrdiff_t n);
template <class T>
void softplus(const T* x, T* y, std::ptrdiff_t n);
template <class T>
void elu(const T* x, T* y, std::ptrdiff_t n);
template <class T>
void relu(const T* x, T* y, std::ptrdiff_t n);

/// y = act(x).
template <class T>
void activate(Activation act, const T* x, T* y, std::ptrdiff_t n);
/// dz = dy * act'(x), in terms of the result y = act(x). dz == dy is allowed.
template <class T>
void activate_backward(Activation act, const T* y, const T* dy, T* dz, std::ptrdiff_t n);

}  // namespace planet::kernels
