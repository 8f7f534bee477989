// The state-space model: all that is remembered passes through a sample at every step.
//
//   s_{t-1}, a_{t-1} ─► prior p(s_t | s_{t-1}, a_{t-1}) ─► posterior q(s_t | s_{t-1}, a_{t-1}, o_t)
//                                                    e_t ─┘
//
//   prior       u = relu(W [s_{t-1}, a_{t-1}] + b)
//               p(s_t | s_{t-1}, a_{t-1}) = N(W u + b, (softplus(W u + b) + 0.1)^2)
//   posterior   v = relu(W [mean of p, std of p, e_t] + b)
//               q(s_t | s_{t-1}, a_{t-1}, o_t) = the same of v
//
// There is no deterministic path: D_h is 0, and decoder and heads read s_t alone. The posterior is
// told what the prior foresaw, and so it knows the past. The hidden layers are wider than an RSSM's
// (latent_hidden_size), so that both have as many parameters; beside it: rssm.hpp.
#pragma once

#include <string>

#include "nn/layers.hpp"
#include "rssm/config.hpp"
#include "rssm/heads.hpp"
#include "rssm/latent_model.hpp"

namespace planet {

template <class T>
class Ssm final : public LatentModel<T> {
 public:
  Ssm(ParamStore<T>& store, Rng& rng, const ModelConfig& config, const std::string& name = "ssm");

  // ---- the pieces, for B rows ----
  Gaussian<T> prior(Var<T> s_prev, Var<T> a_prev) const;              // p(s_t | s_{t-1}, a_{t-1})
  Gaussian<T> posterior(const Gaussian<T>& p_s_t, Var<T> e_t) const;  // q(s_t | .., o_t)

  // ---- the interface ----
  Imagined<T> imagine(const State<T>& prev, Var<T> a_prev, Var<T> noise) const override;
  Observed<T> observe(const State<T>& prev, Var<T> a_prev, Var<T> e_t, Var<T> noise) const override;
  Filtered<T> filter(Var<T> embedding, Var<T> action, Var<T> noise) const override;

 private:
  Gaussian<T> posterior_given(const Gaussian<T>& p_s_t, Var<T> evidence_t) const;

  Linear<T> prior_hidden_;
  GaussianHead<T> prior_;
  EvidenceLayer<T> posterior_hidden_;
  GaussianHead<T> posterior_;
};

extern template class Ssm<float>;
extern template class Ssm<double>;

}  // namespace planet
