// The world model: encoder, latent model, decoder and heads, and the loss that trains them jointly.
//
// Eq. 3 of the paper, per (t, b), as a bound to be maximised:
//
//   ln p(o_t | h_t, s_t) + ln p(r_t | h_t, s_t) - KL[q(s_t | h_t, o_t) || p(s_t | h_t)]
//
// The loss is its negative, with free nats. Features are summed; time and batch are averaged.
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

/// The outputs of the decoder and the heads for a batch.
struct Predicted {
  Var image;                // [L*B,n,n,3]  o^_t
  Var reward;               // [L,B]        r^_t
  Var continue_logit = {};  // [L,B]        of p(the episode goes on after row t); empty like
};                          //              ElboTerms::continues

/// Every term of the loss, their weighted sum, and what they were computed from. Spans are valid as
/// long as the tape's records.
struct ElboTerms {
  Var image;      // [L,B]  1/2 |o - o^|^2, summed over pixels
  Var reward;     // [L,B]  1/2 (r - r^)^2
  Var kl;         // [L,B]  KL[q || p], summed over D_s, balanced, before the free nats
  Var continues;  // [L,B]  -ln p(continues); empty unless there is a head and batch.continues
  Var global_kl;  // [L,B]  KL[q || N(0, 1)]; empty when its scale is 0
  // Of the distances d = 2..D, entry d - 2 for the target rows t = d-1 .. L-1: [L-d+1,B].
  std::span<const Var> overshooting;         // KL_d, before the free nats
  std::span<const Var> overshooting_reward;  // 1/2 (r - r^)^2 where r^ was imagined; none when
                                             // its scale is 0
  Var loss;  // [1]  mean(image) + reward_scale mean(reward) + kl_scale mean(max(kl - free_nats,
             //      0)), and the further terms with their scales

  FilteredWindow seen;  // the states, samples of q, and the distributions q and p
  Predicted predicted;
};

class WorldModel {
 public:
  /// Initial weights come from Rng(seed, Stream::init); the same seed gives the f32 and the f64
  /// model the same weights up to rounding. Error: config.check().
  WorldModel(const ModelConfig& config, std::uint64_t seed, Precision precision = Precision::f32);

  const ModelConfig& config() const { return config_; }
  Precision precision() const { return params_.precision(); }
  ParamStore& params() { return params_; }
  const ParamStore& params() const { return params_; }
  const LatentModel& latent() const { return *latent_; }

  Var encode(Var images) const;    // [N,n,n,3] -> [N,E]
  Var decode(Var features) const;  // [N,D_s+D_h] -> [N,n,n,3], the mean image
  Var reward(Var features) const;  // [N,D_s+D_h] -> [N], the mean reward
  /// Does it predict whether the episode goes on (config().continue_head)?
  bool has_continue_head() const { return continue_.has_value(); }
  /// [N,D_s+D_h] -> [N]: the episode goes on with probability sigmoid(logit). Error: no such head.
  Var continue_logit(Var features) const;
  /// Error: a shape does not fit the others or the model.
  ElboTerms elbo(const Sequence& batch) const;

 private:
  void overshoot_from(const Sequence& batch, ElboTerms& out) const;
  Var loss_of(const ElboTerms& terms) const;

  ModelConfig config_;
  ParamStore params_;
  Rng rng_;  // only used while the members below are built
  Encoder encoder_;
  std::unique_ptr<LatentModel> latent_;
  Decoder decoder_;
  Mlp reward_;
  std::optional<Mlp> continue_;
};

/// The terms with the constants that the loss leaves out, [L,B]. Summed over t, this is in
/// expectation over the noise a lower bound of ln p(o, r | a). Images have variance 1 per pixel,
/// the reward has variance 1 / reward_scale (a scale of 0 leaves it out), and the KL counts in
/// full, without free nats.
Var log_likelihood(const ElboTerms& terms, const ModelConfig& config);

}  // namespace planet
