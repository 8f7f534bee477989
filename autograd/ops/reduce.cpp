#include "autograd/ops/reduce.hpp"

#include "autograd/ops.hpp"
#include "autograd/ops/record.hpp"

namespace planet {

template <class T>
Var<T> sum(Var<T> x) {
  return ops::record<ops::Sum>({x});
}
template <class T>
Var<T> mean(Var<T> x) {
  return ops::record<ops::Mean>({x});
}
template <class T>
Var<T> sum_last(Var<T> x) {
  return ops::record<ops::SumLast>({x});
}
template <class T>
Var<T> log_sum_exp(Var<T> x) {
  return ops::record<ops::LogSumExp>({x});
}

#define PLANET_INSTANTIATE(T)       \
  template Var<T> sum(Var<T>);      \
  template Var<T> mean(Var<T>);     \
  template Var<T> sum_last(Var<T>); \
  template Var<T> log_sum_exp(Var<T>)
PLANET_INSTANTIATE(float);
PLANET_INSTANTIATE(double);
#undef PLANET_INSTANTIATE

}  // namespace planet
