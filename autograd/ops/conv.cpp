#include "autograd/ops/conv.hpp"

#include "autograd/ops.hpp"
#include "autograd/ops/record.hpp"

namespace planet {

template <class T>
Var<T> conv2d(Var<T> x, Var<T> w, Var<T> b, int stride, Activation act) {
  return ops::record<ops::Conv2d>({x, w, b}, {stride, act});
}
template <class T>
Var<T> conv2d_transpose(Var<T> x, Var<T> w, Var<T> b, int stride, Activation act) {
  return ops::record<ops::Conv2dTranspose>({x, w, b}, {stride, act});
}

#define PLANET_INSTANTIATE(T)                                      \
  template Var<T> conv2d(Var<T>, Var<T>, Var<T>, int, Activation); \
  template Var<T> conv2d_transpose(Var<T>, Var<T>, Var<T>, int, Activation)
PLANET_INSTANTIATE(float);
PLANET_INSTANTIATE(double);
#undef PLANET_INSTANTIATE

}  // namespace planet
