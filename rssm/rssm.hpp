// The recurrent state-space model (Section 3): a deterministic path h_t and a stochastic state s_t.
//
//          a_{t-1} ──┐
//   s_{t-1} ─────────┴─► inp ─► GRU ─► h_t ─┬─► prior      p(s_t | h_t)
//   h_{t-1} ──────────────────► ┘           └─► posterior  q(s_t | h_t, e_t),  e_t = encoder(o_t)
//
// All observation information reaches h_{t+1} through the sampled s_t alone. The whole model with
// its encoder and decoder: world_model.hpp.
#pragma once

#include <string>

#include "nn/layers.hpp"
#include "rssm/config.hpp"
#include "rssm/latent.hpp"

namespace planet {

template <class T>
class Rssm {
 public:
  Rssm(ParamStore<T>& store, Rng& rng, const ModelConfig& config, const std::string& name = "rssm");

  State<T> initial(Tape<T>& tape, std::ptrdiff_t B) const;  // zeros
  /// h_t = gru(relu(inp([s_{t-1}, a_{t-1}])), h_{t-1}):  [B,D_h].
  Var<T> transition(const State<T>& prev, Var<T> a_prev) const;
  Gaussian<T> prior(Var<T> h_t) const;                  // p(s_t | h_t)
  Gaussian<T> posterior(Var<T> h_t, Var<T> e_t) const;  // q(s_t | h_t, o_t)
  /// What the decoder and the reward head read: [s_t, h_t], [B,D_s+D_h].
  Var<T> features(const State<T>& state) const { return concat(state.s, state.h); }

 private:
  Gaussian<T> gaussian(Var<T> raw) const;  // mean, softplus + min_std

  ModelConfig config_;
  Linear<T> inp_;
  GruCell<T> gru_;
  Linear<T> prior_hidden_, prior_out_;
  Linear<T> posterior_hidden_, posterior_out_;
};

extern template class Rssm<float>;
extern template class Rssm<double>;

}  // namespace planet
