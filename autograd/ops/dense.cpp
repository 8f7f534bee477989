#include "autograd/ops/dense.hpp"

#include "autograd/ops.hpp"
#include "autograd/ops/record.hpp"

namespace planet {

template <class T>
Var<T> matmul(Var<T> a, Var<T> b) {
  return ops::record<ops::MatMul>({a, b});
}
template <class T>
Var<T> linear(Var<T> x, Var<T> W, Var<T> b, Activation act) {
  return ops::record<ops::Linear>({x, W, b}, {act});
}
template <class T>
Var<T> gru_cell(Var<T> x, Var<T> h, Var<T> W, Var<T> b) {
  return ops::record<ops::GruCell>({x, h, W, b});
}

#define PLANET_INSTANTIATE(T)                                 \
  template Var<T> matmul(Var<T>, Var<T>);                     \
  template Var<T> linear(Var<T>, Var<T>, Var<T>, Activation); \
  template Var<T> gru_cell(Var<T>, Var<T>, Var<T>, Var<T>)
PLANET_INSTANTIATE(float);
PLANET_INSTANTIATE(double);
#undef PLANET_INSTANTIATE

}  // namespace planet
