// The state-space model: all memory passes through a sample at every step.
//
//   s_{t-1}, a_{t-1} ─► prior p(s_t | s_{t-1}, a_{t-1}) ─► posterior q(s_t | s_{t-1}, a_{t-1}, o_t)
//                                                    e_t ─┘
//
//   prior       u = relu(W [s_{t-1}, a_{t-1}] + b)
//               p(s_t | s_{t-1}, a_{t-1}) = N(W u + b, (softplus(W u + b) + 0.1)^2)
//   posterior   v = relu(W [mean of p, std of p, e_t] + b)
//               q(s_t | s_{t-1}, a_{t-1}, o_t) = the same with v
//
// There is no deterministic path: D_h is 0, and decoder and heads read s_t alone. The posterior
// reads the prior's mean and standard deviation, and through them depends on the past. The hidden
// layers are wider than an RSSM's, so that both have the same number of parameters
// (latent_hidden_size).
#pragma once

#include <string>

#include "nn/layers.hpp"
#include "rssm/config.hpp"
#include "rssm/heads.hpp"
#include "rssm/latent_model.hpp"

namespace planet {

class Ssm final : public LatentModel {
 public:
  Ssm(ParamStore& store, Rng& rng, const ModelConfig& config, const std::string& name = "ssm");

  // ---- the pieces, for B rows ----
  Gaussian prior(Var s_prev, Var a_prev) const;              // p(s_t | s_{t-1}, a_{t-1}): [B,D_s]
  Gaussian posterior(const Gaussian& p_s_t, Var e_t) const;  // q(s_t | .., o_t): [B,D_s]

  // ---- the interface ----
  PriorStep imagine(const State& prev, Var a_prev, Var noise) const override;
  PosteriorStep observe(const State& prev, Var a_prev, Var e_t, Var noise) const override;
  FilteredWindow filter(Var embedding, Var action, Var noise) const override;

 private:
  Gaussian posterior_given(const Gaussian& p_s_t, Var projected_t) const;

  Linear prior_hidden_;
  GaussianHead prior_;
  SplitLinear posterior_hidden_;
  GaussianHead posterior_;
};

}  // namespace planet
