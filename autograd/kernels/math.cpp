#include "autograd/kernels/math.hpp"

#include <cmath>

#include "autograd/kernels/loop.hpp"

namespace planet::kernels {

template <class T>
void exp(const T* x, T* y, std::ptrdiff_t n) {
  each(n, [=](std::ptrdiff_t i) { y[i] = std::exp(x[i]); });
}
template <class T>
void log(const T* x, T* y, std::ptrdiff_t n) {
  each(n, [=](std::ptrdiff_t i) { y[i] = std::log(x[i]); });
}
template <class T>
void tanh(const T* x, T* y, std::ptrdiff_t n) {
  each(n, [=](std::ptrdiff_t i) { y[i] = std::tanh(x[i]); });
}
template <class T>
void sigmoid(const T* x, T* y, std::ptrdiff_t n) {
  each(n, [=](std::ptrdiff_t i) { y[i] = 1 / (1 + std::exp(-x[i])); });
}
template <class T>
void softplus(const T* x, T* y, std::ptrdiff_t n) {
  each(n, [=](std::ptrdiff_t i) {
    y[i] = (x[i] < 0 ? 0 : x[i]) + std::log1p(std::exp(-std::abs(x[i])));
  });
}
template <class T>
void elu(const T* x, T* y, std::ptrdiff_t n) {
  each(n, [=](std::ptrdiff_t i) { y[i] = x[i] > 0 ? x[i] : std::expm1(x[i]); });
}
template <class T>
void relu(const T* x, T* y, std::ptrdiff_t n) {
  each(n, [=](std::ptrdiff_t i) { y[i] = x[i] < 0 ? T(0) : x[i]; });
}

template <class T>
void activate(Activation act, const T* x, T* y, std::ptrdiff_t n) {
  switch (act) {
    case Activation::none:
      if (x != y) each(n, [=](std::ptrdiff_t i) { y[i] = x[i]; });
      return;
    case Activation::relu:
      return relu(x, y, n);
    case Activation::elu:
      return elu(x, y, n);
    case Activation::tanh:
      return tanh(x, y, n);
    case Activation::sigmoid:
      return sigmoid(x, y, n);
    case Activation::softplus:
      return softplus(x, y, n);
  }
}

template <class T>
void activate_backward(Activation act, const T* y, const T* dy, T* dz, std::ptrdiff_t n) {
  switch (act) {
    case Activation::none:
      if (dy != dz) each(n, [=](std::ptrdiff_t i) { dz[i] = dy[i]; });
      return;
    case Activation::relu:
      return each(n, [=](std::ptrdiff_t i) { dz[i] = y[i] > 0 ? dy[i] : 0; });
    case Activation::elu:
      return each(n, [=](std::ptrdiff_t i) { dz[i] = y[i] > 0 ? dy[i] : dy[i] * (y[i] + 1); });
    case Activation::tanh:
      return each(n, [=](std::ptrdiff_t i) { dz[i] = dy[i] * (1 - y[i] * y[i]); });
    case Activation::sigmoid:
      return each(n, [=](std::ptrdiff_t i) { dz[i] = dy[i] * (y[i] * (1 - y[i])); });
    case Activation::softplus:
      return each(n, [=](std::ptrdiff_t i) { dz[i] = dy[i] * -std::expm1(-y[i]); });
  }
}

#define PLANET_INSTANTIATE(T)                                       \
  template void exp(const T*, T*, std::ptrdiff_t);                  \
  template void log(const T*, T*, std::ptrdiff_t);                  \
  template void tanh(const T*, T*, std::ptrdiff_t);                 \
  template void sigmoid(const T*, T*, std::ptrdiff_t);              \
  template void softplus(const T*, T*, std::ptrdiff_t);             \
  template void elu(const T*, T*, std::ptrdiff_t);                  \
  template void relu(const T*, T*, std::ptrdiff_t);                 \
  template void activate(Activation, const T*, T*, std::ptrdiff_t); \
  template void activate_backward(Activation, const T*, const T*, T*, std::ptrdiff_t);
PLANET_INSTANTIATE(float)
PLANET_INSTANTIATE(double)
#undef PLANET_INSTANTIATE

}  // namespace planet::kernels
