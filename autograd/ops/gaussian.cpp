#include "autograd/ops/gaussian.hpp"

#include "autograd/ops.hpp"

namespace planet {

Var gaussian_sample(Var mean, Var std, Var noise) {
  return record<ops::GaussianSample>({mean, std, noise});
}
Var gaussian_kl(Var q_mean, Var q_std, Var p_mean, Var p_std) {
  return record<ops::GaussianKl>({q_mean, q_std, p_mean, p_std});
}
Var gaussian_log_likelihood(Var x, Var mean, Var std) {
  return record<ops::GaussianLogLikelihood>({x, mean, std});
}
Var half_squared_error(Var x, Var target, int kept) {
  return record<ops::HalfSquaredError>({x, target}, {kept});
}

}  // namespace planet
