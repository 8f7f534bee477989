// The recurrent state-space model (Section 3): a deterministic path h_t and a stochastic state s_t.
//
//          a_{t-1} ──┐
//   s_{t-1} ─────────┴─► inp ─► GRU ─► h_t ─┬─► prior      p(s_t | h_t)
//   h_{t-1} ──────────────────► ┘           └─► posterior  q(s_t | h_t, e_t),  e_t = encoder(o_t)
//
//   x_t = relu(W [s_{t-1}, a_{t-1}] + b)     h_t = gru(x_t, h_{t-1})
//   prior       u = relu(W h_t + b)
//               p(s_t | h_t) = N(W u + b, (softplus(W u + b) + 0.1)^2)
//   posterior   v = relu(W [h_t, e_t] + b)
//               q(s_t | h_t, o_t) = the same with v
//
// All information from the observations reaches h_{t+1} through the sampled s_t. Without the
// stochastic part: rnn.hpp; without the deterministic one: ssm.hpp. The whole model with its
// encoder and decoder: world_model.hpp.
#pragma once

#include <string>

#include "nn/layers.hpp"
#include "rssm/config.hpp"
#include "rssm/heads.hpp"
#include "rssm/latent_model.hpp"

namespace planet {

class Rssm final : public LatentModel {
 public:
  Rssm(ParamStore& store, Rng& rng, const ModelConfig& config, const std::string& name = "rssm");

  // ---- the pieces, for states of B rows ----
  /// h_t = gru(relu(inp([s_{t-1}, a_{t-1}])), h_{t-1}):  [B,D_h].
  Var transition(const State& prev, Var a_prev) const;
  Gaussian prior(Var h_t) const;               // p(s_t | h_t): [...,D_h] -> [...,D_s]
  Gaussian posterior(Var h_t, Var e_t) const;  // q(s_t | h_t, o_t): [B,D_h], [B,E] -> [B,D_s]

  // ---- the interface ----
  PriorStep imagine(const State& prev, Var a_prev, Var noise) const override;
  PosteriorStep observe(const State& prev, Var a_prev, Var e_t, Var noise) const override;
  FilteredWindow filter(Var embedding, Var action, Var noise) const override;

 private:
  Gaussian posterior_given(Var h_t, Var projected_t) const;

  Linear inp_;
  GruCell gru_;
  Linear prior_hidden_;
  GaussianHead prior_;
  SplitLinear posterior_hidden_;
  GaussianHead posterior_;
};

}  // namespace planet
