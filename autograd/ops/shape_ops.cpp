#include "autograd/ops/shape_ops.hpp"

#include "autograd/ops.hpp"
#include "autograd/ops/record.hpp"

namespace planet {

template <class T>
Var<T> reshape(Var<T> x, Shape shape) {
  return ops::record<ops::Reshape>({x}, {shape});
}
template <class T>
Var<T> slice_first(Var<T> x, std::ptrdiff_t begin, std::ptrdiff_t end) {
  return ops::record<ops::SliceFirst>({x}, {begin, end, false});
}
template <class T>
Var<T> slice_last(Var<T> x, std::ptrdiff_t begin, std::ptrdiff_t end) {
  return ops::record<ops::SliceLast>({x}, {begin, end});
}
template <class T>
Var<T> concat(std::span<const Var<T>> xs) {
  return ops::record<ops::Concat>(xs);
}
template <class T>
Var<T> concat(Var<T> a, Var<T> b) {
  return ops::record<ops::Concat>({a, b});
}
template <class T>
Var<T> stack(std::span<const Var<T>> xs) {
  return ops::record<ops::Stack>(xs);
}
template <class T>
Var<T> stop_gradient(Var<T> x) {
  return ops::record<ops::StopGradient>({x});
}
template <class T>
Var<T> at(Var<T> x, std::ptrdiff_t t) {
  return ops::record<ops::SliceFirst>({x}, {t, t + 1, true});
}

#define PLANET_INSTANTIATE(T)                                          \
  template Var<T> reshape(Var<T>, Shape);                              \
  template Var<T> slice_first(Var<T>, std::ptrdiff_t, std::ptrdiff_t); \
  template Var<T> slice_last(Var<T>, std::ptrdiff_t, std::ptrdiff_t);  \
  template Var<T> concat(std::span<const Var<T>>);                     \
  template Var<T> concat(Var<T>, Var<T>);                              \
  template Var<T> stack(std::span<const Var<T>>);                      \
  template Var<T> stop_gradient(Var<T>);                               \
  template Var<T> at(Var<T>, std::ptrdiff_t)
PLANET_INSTANTIATE(float);
PLANET_INSTANTIATE(double);
#undef PLANET_INSTANTIATE

}  // namespace planet
