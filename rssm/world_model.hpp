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
#include "rssm/batch.hpp"
#include "rssm/config.hpp"
#include "rssm/encoder.hpp"
#include "rssm/latent_model.hpp"

namespace planet {

/// A batch as the model reads it, time-major (batch.hpp says which action belongs to which frame).
template <class T>
struct Sequence {
  Var<T> image;           // [L*B,n,n,3]  in [-0.5, 0.5)
  Var<T> action;          // [L,B,A]      action[t] led to image[t]
  Var<T> reward;          // [L,B]        reward[t] arrived with image[t]
  Var<T> noise;           // [L,B,D_s]    standard normal, of the posterior samples
  Var<T> continues = {};  // [L,B]  1, or 0 where the task ended the episode; empty: not known
  // [D,L,B,D_s], standard normal, of what is imagined over the distances 1..D (overshooting.hpp).
  // Empty: nothing is overshot, and the loss is the plain ELBO.
  Var<T> overshoot_noise = {};
  // For finite differences, which see through a stop-gradient: the constants that stand in for what
  // is behind one. Empty: q and p of this batch.
  Gaussian<T> fixed_q = {}, fixed_p = {};  // [L,B,D_s]
};

/// Every term by itself, then the sum. Spans live as long as the tape's records.
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
  // What they were made of.
  State<T> state;           // [L,B,.]    h_t, and s_t, a sample of q
  Gaussian<T> q, p;         // [L,B,D_s]  posterior and prior
  Var<T> features;          // [L*B,D_s+D_h]  [s_t, h_t]
  Var<T> reconstruction;    // [L*B,n,n,3]    o^_t
  Var<T> predicted_reward;  // [L,B]          r^_t
  Var<T> continue_logit;    // [L,B]          of p(the episode goes on after row t); empty as above
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
  void overshoot_from(const Filtered<T>& seen, const Sequence<T>& batch, ElboTerms<T>& out) const;
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

/// Puts a batch on the tape: bytes to 5-bit images with fresh dequantisation noise
/// (preprocess.hpp), fresh posterior noise and, if a stream for it is given and the config has an
/// overshooting distance, fresh noise to overshoot with. Advances the streams.
template <class T>
Sequence<T> make_sequence(Tape<T>& tape, const Batch& batch, const ModelConfig& config,
                          Rng& dequantise, Rng& posterior, Rng* overshoot = nullptr);

/// The terms with the constants that the loss leaves out, [L,B]: summed over t, a lower bound of
/// ln p(o, r | a) in expectation over the noise. Images have variance 1 per pixel, the reward has
/// variance 1 / reward_scale (a scale of 0 leaves it out), the KL counts in full, free nats or not.
template <class T>
Var<T> log_likelihood(const ElboTerms<T>& terms, const ModelConfig& config);

extern template class WorldModel<float>;
extern template class WorldModel<double>;

}  // namespace planet
