// The world model: encoder, latent model, decoder and heads, and the loss that trains them
// together.
//
// Eq. 3 of the paper, per (t, b): ln p(o_t | h_t, s_t) + ln p(r_t | h_t, s_t) - KL[q(s_t|h_t,o_t)
// || p(s_t|h_t)], as a loss to be minimised, with free nats. Reduction: features are summed, time
// and batch averaged.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "nn/layers.hpp"
#include "rssm/config.hpp"
#include "rssm/encoder.hpp"
#include "rssm/latent_model.hpp"
#include "rssm/sequence.hpp"

namespace planet {

/// What the decoder and the heads make of a batch's states.
template <class T>
struct Predicted {
  Var<T> image;                // [L*B,n,n,3]  o^_t
  Var<T> reward;               // [L,B]        r^_t
  Var<T> continue_logit = {};  // [L,B]        of p(the episode goes on after row t); empty without
};                             //              a head or without such rows

/// Every term of the loss by itself, their sum, and what they were computed from. Spans live as long
/// as the tape's records.
template <class T>
struct ElboTerms {
  Var<T> image;      // [L,B]  1/2 |o - o^|^2, summed over pixels
  Var<T> reward;     // [L,B]  1/2 (r - r^)^2
  Var<T> kl;         // [L,B]  KL[q || p], summed over D_s, balanced, before the free nats
  Var<T> continues;  // [L,B]  -ln p(continues); empty without a head or without such rows
  Var<T> global_kl;  // [L,B]  KL[q || N(0, 1)]; empty when its scale is 0
  // Of the distances d = 2..D, entry d - 2 for the target rows t = d-1 .. L-1: [L-d+1,B].
  std::span<const Var<T>> overshooting;         // KL_d, before the free nats
  std::span<const Var<T>> overshooting_reward;  // 1/2 (r - r^)^2 where r^ was imagined; none when
                                                // its scale is 0
  Var<T> loss;  // [1]  mean(image) + reward_scale mean(reward) + kl_scale mean(max(kl - free_nats,
                //      0)), and the further terms with their scales

  Filtered<T> seen;  // the states, samples of q, and the distributions q and p
  Predicted<T> predicted;
};

template <class T>
class WorldModel {
 public:
  /// Initial weights come from Rng(seed, Stream::init); the same seed gives a float and a double
  /// model the same weights up to rounding. Throws if config.check() does.
  WorldModel(const ModelConfig& config, std::uint64_t seed);

  const ModelConfig& config() const { return config_; }
  ParamStore<T>& params() { return params_; }
  const ParamStore<T>& params() const { return params_; }
  const LatentModel<T>& latent() const { return *latent_; }

  Var<T> encode(Var<T> images) const;    // [N,n,n,3] -> [N,E]
  Var<T> decode(Var<T> features) const;  // [N,D_s+D_h] -> [N,n,n,3], the mean image
  Var<T> reward(Var<T> features) const;  // [N,D_s+D_h] -> [N], the mean reward
  /// Does it predict whether the episode goes on (config().continue_head)?
  bool has_continue_head() const { return continue_.has_value(); }
  /// [N,D_s+D_h] -> [N]: the episode goes on with probability sigmoid(logit). Error: no such head.
  Var<T> continue_logit(Var<T> features) const;
  /// Throws with a sentence if a shape does not fit the others or the model.
  ElboTerms<T> elbo(const Sequence<T>& batch) const;

 private:
  void overshoot_from(const Sequence<T>& batch, ElboTerms<T>& out) const;
  Var<T> loss_of(const ElboTerms<T>& terms) const;

  ModelConfig config_;
  ParamStore<T> params_;
  Rng rng_;  // only used while the members below are built
  Encoder<T> encoder_;
  std::unique_ptr<LatentModel<T>> latent_;
  Decoder<T> decoder_;
  Mlp<T> reward_;
  std::optional<Mlp<T>> continue_;
};

/// The terms with the constants that the loss leaves out, [L,B]: summed over t, a lower bound of
/// ln p(o, r | a) in expectation over the noise. Images have variance 1 per pixel, the reward has
/// variance 1 / reward_scale (a scale of 0 leaves it out), the KL counts in full, free nats or not.
template <class T>
Var<T> log_likelihood(const ElboTerms<T>& terms, const ModelConfig& config);

extern template class WorldModel<float>;
extern template class WorldModel<double>;

}  // namespace planet
