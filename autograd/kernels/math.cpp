// The functions of functions.hpp over arrays, in parallel if the arrays are long.
//
//   function   accuracy (float, double)   range                          elsewhere
//   exp        2 ulp                      all x, also subnormal results  0, infinity
//   log        2 ulp                      x >= 0, also subnormal         NaN below 0
//   tanh       3 ulp                      all x                          +-1
//   sigmoid    3 ulp                      x >= -87 (-708)                falls to 0 below
//   softplus   3 ulp                      all x
//   elu        3 ulp                      all x
//   relu       exact                      all x, NaN stays NaN
//
// Measured and tested against long double in tests/kernels/math.cpp.
#include "autograd/kernels/math.hpp"

#include "autograd/base/parallel.hpp"
#include "autograd/kernels/functions.hpp"

namespace planet::kernels {
namespace {

constexpr std::ptrdiff_t grain = 1 << 15;  // with fewer elements, a second thread does not pay

// y[i] = f(x[i]...), one register at a time, in ranges.
template <class F, class T, class... Inputs>
void over(F f, T* y, std::ptrdiff_t n, const Inputs*... x) {
  if (n <= grain) return map(f, y, n, x...);
  parallel_ranges(n, grain, [=](std::ptrdiff_t begin, std::ptrdiff_t end) {
    map(f, y + begin, end - begin, (x + begin)...);
  });
}

}  // namespace

template <class T>
void exp(const T* x, T* y, std::ptrdiff_t n) {
  over([](Batch<T> v) PLANET_INLINED { return vec::exp(v); }, y, n, x);
}
template <class T>
void log(const T* x, T* y, std::ptrdiff_t n) {
  over([](Batch<T> v) PLANET_INLINED { return vec::log(v); }, y, n, x);
}
template <class T>
void tanh(const T* x, T* y, std::ptrdiff_t n) {
  over([](Batch<T> v) PLANET_INLINED { return vec::tanh(v); }, y, n, x);
}
template <class T>
void sigmoid(const T* x, T* y, std::ptrdiff_t n) {
  over([](Batch<T> v) PLANET_INLINED { return vec::sigmoid(v); }, y, n, x);
}
template <class T>
void softplus(const T* x, T* y, std::ptrdiff_t n) {
  over([](Batch<T> v) PLANET_INLINED { return vec::softplus(v); }, y, n, x);
}
template <class T>
void elu(const T* x, T* y, std::ptrdiff_t n) {
  over([](Batch<T> v) PLANET_INLINED { return vec::elu(v); }, y, n, x);
}
template <class T>
void relu(const T* x, T* y, std::ptrdiff_t n) {
  over([](Batch<T> v) PLANET_INLINED { return vec::relu(v); }, y, n, x);
}

template <class T>
void activate(Activation act, const T* x, T* y, std::ptrdiff_t n) {
  switch (act) {
    case Activation::none:
      if (x != y) over([](Batch<T> v) PLANET_INLINED { return v; }, y, n, x);
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
  using B = Batch<T>;
  const auto apply = [=](auto f) { over(f, dz, n, y, dy); };
  switch (act) {
    case Activation::none:
      if (dy != dz) over([](B d) PLANET_INLINED { return d; }, dz, n, dy);
      return;
    case Activation::relu:  // a NaN in y fails the comparison, but dy carries it
      return apply([](B v, B d) PLANET_INLINED { return select(v > B(T(0)), d, B(T(0))); });
    case Activation::elu:
      return apply([](B v, B d)
                       PLANET_INLINED { return select(v > B(T(0)), d, d * (v + B(T(1)))); });
    case Activation::tanh:
      return apply([](B v, B d) PLANET_INLINED { return d * (B(T(1)) - v * v); });
    case Activation::sigmoid:
      return apply([](B v, B d) PLANET_INLINED { return d * (v * (B(T(1)) - v)); });
    case Activation::softplus:  // 1 - e^-y, exact also where y is tiny
      return apply([](B v, B d) PLANET_INLINED {
        return d * (B(T(0)) - vec::expm1_of_negative(B(T(0)) - v));
      });
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
