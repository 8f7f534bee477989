#include "autograd/ops/elementwise.hpp"

#include "autograd/ops.hpp"
#include "autograd/ops/record.hpp"

namespace planet {

template <class T>
Var<T> add(Var<T> a, Var<T> b) {
  return ops::record<ops::Add>({a, b});
}
template <class T>
Var<T> sub(Var<T> a, Var<T> b) {
  return ops::record<ops::Sub>({a, b});
}
template <class T>
Var<T> mul(Var<T> a, Var<T> b) {
  return ops::record<ops::Mul>({a, b});
}
template <class T>
Var<T> div(Var<T> a, Var<T> b) {
  return ops::record<ops::Div>({a, b});
}
template <class T>
Var<T> add_row(Var<T> x, Var<T> b) {
  return ops::record<ops::AddRow>({x, b});
}
template <class T>
Var<T> mul_row(Var<T> x, Var<T> b) {
  return ops::record<ops::MulRow>({x, b});
}
template <class T>
Var<T> scale(Var<T> x, double c) {
  return ops::record<ops::Scale>({x}, {c});
}
template <class T>
Var<T> add_constant(Var<T> x, double c) {
  return ops::record<ops::AddConstant>({x}, {c});
}
template <class T>
Var<T> square(Var<T> x) {
  return ops::record<ops::Square>({x});
}
template <class T>
Var<T> exp(Var<T> x) {
  return ops::record<ops::Exp>({x});
}
template <class T>
Var<T> log(Var<T> x) {
  return ops::record<ops::Log>({x});
}
template <class T>
Var<T> activate(Var<T> x, Activation act) {
  return ops::record<ops::Activate>({x}, {act});
}
template <class T>
Var<T> maximum(Var<T> x, double c) {
  return ops::record<ops::Maximum>({x}, {c});
}

#define PLANET_INSTANTIATE(T)                   \
  template Var<T> add(Var<T>, Var<T>);          \
  template Var<T> sub(Var<T>, Var<T>);          \
  template Var<T> mul(Var<T>, Var<T>);          \
  template Var<T> div(Var<T>, Var<T>);          \
  template Var<T> add_row(Var<T>, Var<T>);      \
  template Var<T> mul_row(Var<T>, Var<T>);      \
  template Var<T> scale(Var<T>, double);        \
  template Var<T> add_constant(Var<T>, double); \
  template Var<T> square(Var<T>);               \
  template Var<T> exp(Var<T>);                  \
  template Var<T> log(Var<T>);                  \
  template Var<T> activate(Var<T>, Activation); \
  template Var<T> maximum(Var<T>, double)
PLANET_INSTANTIATE(float);
PLANET_INSTANTIATE(double);
#undef PLANET_INSTANTIATE

}  // namespace planet
