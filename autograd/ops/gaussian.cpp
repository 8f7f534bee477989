#include "autograd/ops/gaussian.hpp"

#include "autograd/ops.hpp"
#include "autograd/ops/record.hpp"

namespace planet {

template <class T>
Var<T> gaussian_sample(Var<T> mean, Var<T> std, Var<T> noise) {
  return ops::record<ops::GaussianSample>({mean, std, noise});
}
template <class T>
Var<T> gaussian_kl(Var<T> q_mean, Var<T> q_std, Var<T> p_mean, Var<T> p_std) {
  return ops::record<ops::GaussianKl>({q_mean, q_std, p_mean, p_std});
}
template <class T>
Var<T> gaussian_log_likelihood(Var<T> x, Var<T> mean, Var<T> std) {
  return ops::record<ops::GaussianLogLikelihood>({x, mean, std});
}
template <class T>
Var<T> half_squared_error(Var<T> x, Var<T> target, int kept) {
  return ops::record<ops::HalfSquaredError>({x, target}, {kept});
}

#define PLANET_INSTANTIATE(T)                                      \
  template Var<T> gaussian_sample(Var<T>, Var<T>, Var<T>);         \
  template Var<T> gaussian_kl(Var<T>, Var<T>, Var<T>, Var<T>);     \
  template Var<T> gaussian_log_likelihood(Var<T>, Var<T>, Var<T>); \
  template Var<T> half_squared_error(Var<T>, Var<T>, int)
PLANET_INSTANTIATE(float);
PLANET_INSTANTIATE(double);
#undef PLANET_INSTANTIATE

}  // namespace planet
