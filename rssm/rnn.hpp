// The deterministic model: the RSSM's structure, with a code in place of the sample.
//
//   x_t = relu(W [s_{t-1}, a_{t-1}] + b)           h_t = gru(x_t, h_{t-1})
//   seen        v = relu(W [h_t, e_t] + b)         s_t = W v + b       the code of the frame
//   imagined    u = relu(W h_t + b)                s_t = W u + b       the prediction of that code
//
// Nothing is sampled, so of several futures it can imagine only their mean. In the loss, code and
// prediction are the means of two Gaussians of variance 1, whose KL is
//
//   1/2 |code - prediction|^2
//
// With kl_balance 1 (choose_latent_model) this is a regression of the prediction onto the code,
// which gets no gradient from it: pulled towards the prediction, a code without noise would only
// shrink. The regression trains every weight used by an imagined step (inp, gru, prior). A network
// that imagines with weights that no loss trains would not be a fair comparison.
//
// The names of the two heads are the RSSM's. Their hidden layers are a little wider
// (latent_hidden_size), because there are no heads for standard deviations.
#pragma once

#include <string>

#include "nn/layers.hpp"
#include "rssm/config.hpp"
#include "rssm/heads.hpp"
#include "rssm/latent_model.hpp"

namespace planet {

class Rnn final : public LatentModel {
 public:
  Rnn(ParamStore& store, Rng& rng, const ModelConfig& config, const std::string& name = "rnn");

  // ---- the pieces, for B rows ----
  Var transition(const State& prev, Var a_prev) const;  // h_t: [B,D_h]
  Var prediction(Var h_t) const;                        // [...,D_h] -> [...,D_s]
  Var code(Var h_t, Var e_t) const;                     // [B,D_h], [B,E] -> [B,D_s]

  // ---- the interface ----
  // The noise is not read. std is 1 in imagine and filter, for the loss, and 0 in observe, where
  // the belief is a point.
  PriorStep imagine(const State& prev, Var a_prev, Var noise) const override;
  PosteriorStep observe(const State& prev, Var a_prev, Var e_t, Var noise) const override;
  FilteredWindow filter(Var embedding, Var action, Var noise) const override;
  Var draw(const Gaussian& g, Var) const override { return g.mean; }

 private:
  Linear inp_;
  GruCell gru_;
  Linear prior_hidden_, prior_;
  SplitLinear posterior_hidden_;
  Linear posterior_;
};

}  // namespace planet
