#include "rssm/world_model.hpp"

#include <cmath>
#include <numbers>

#include "autograd/base/error.hpp"
#include "rssm/make_latent_model.hpp"
#include "rssm/overshooting.hpp"

namespace planet {
namespace {

const ModelConfig& checked(const ModelConfig& config) {
  config.check();
  return config;
}

std::vector<std::ptrdiff_t> head_layers(const ModelConfig& config) {
  return std::vector<std::ptrdiff_t>(static_cast<std::size_t>(config.reward_layers),
                                     config.reward_units);
}

void check_shapes(const Sequence& x, const ModelConfig& c) {
  const Shape& a = x.action.shape();
  require(a.rank() == 3 && a[2] == c.action_size, "[elbo] action is ", a, "; it must be [L,B,",
          c.action_size, "]");
  const std::ptrdiff_t L = a[0], B = a[1], n = c.image_size;
  const auto expect = [](const Var& v, const Shape& shape, const char* what) {
    if (v.shape() != shape)
      fail("[elbo] ", what, " is ", v.shape(), "; with this action it must be ", shape);
  };
  expect(x.image, {L * B, n, n, 3}, "image");
  expect(x.reward, {L, B}, "reward");
  expect(x.noise, {L, B, c.stoch_size}, "noise");
  if (!x.continues.empty()) expect(x.continues, {L, B}, "continues");
  if (!x.overshoot_noise.empty())
    expect(x.overshoot_noise, {c.overshooting_distance, L, B, c.stoch_size}, "overshoot_noise");
}

// The target of a KL: behind a stop-gradient, or the constant given for finite differences.
Gaussian fixed(const Gaussian& g, const Gaussian& constant) {
  return constant.mean.empty() ? stop_gradient(g) : constant;
}

// KL[q || p] with separate weights for its two gradients: alpha for the prior's and 1 - alpha for
// the posterior's. The value is that of the plain KL.
Var balanced_kl(const Gaussian& q, const Gaussian& p, const Sequence& x, double alpha) {
  if (alpha == 0) return gaussian_kl(q, p);
  return scale(gaussian_kl(fixed(q, x.fixed_q), p), alpha) +
         scale(gaussian_kl(q, fixed(p, x.fixed_p)), 1 - alpha);
}

// -ln p(c) of a Bernoulli variable with p(1) = sigmoid(x): softplus(-x) for c = 1 and softplus(x)
// for c = 0, which neither overflow nor cancel.
Var bernoulli_loss(Var logit, Var c) { return softplus(logit * add_constant(scale(c, -2), 1)); }

}  // namespace

WorldModel::WorldModel(const ModelConfig& config, std::uint64_t seed, Precision precision)
    : config_(checked(config)),
      params_(precision),
      rng_(seed, Stream::init),
      encoder_(params_, rng_, config_),
      latent_(make_latent_model(params_, rng_, config_)),
      decoder_(params_, rng_, config_),
      reward_(params_, rng_, "reward", config_.feature_size(), head_layers(config_), 1,
              Activation::relu) {
  if (config_.continue_head)
    continue_.emplace(params_, rng_, "continue", config_.feature_size(), head_layers(config_), 1,
                      Activation::relu);
}

Var WorldModel::encode(Var images) const { return encoder_(images); }

Var WorldModel::decode(Var features) const { return decoder_(features); }

Var WorldModel::reward(Var features) const {
  return reshape(reward_(features), features.shape().without_last());
}

Var WorldModel::continue_logit(Var features) const {
  require(has_continue_head(), "[continue_logit] this model has no continue head");
  return reshape((*continue_)(features), features.shape().without_last());
}

// The recurrence is inside filter(); everything that does not depend on the previous step is one op
// on all L*B rows: encoder, prior, decoder, reward head, KL.
ElboTerms WorldModel::elbo(const Sequence& batch) const {
  check_shapes(batch, config_);
  const std::ptrdiff_t L = batch.action.shape()[0], B = batch.action.shape()[1];
  ElboTerms out;

  const Var e = reshape(encode(batch.image), {L, B, config_.embed_size});
  out.seen = latent_->filter(e, batch.action, batch.noise);  // s_t, a sample of q(s_t | h_t, o_t)
  const Gaussian &q = out.seen.q, &p = out.seen.p;
  const Var f = reshape(features(out.seen.state), {L * B, latent_->feature_size()});
  out.predicted.image = decode(f);                    // mean of p(o_t | h_t, s_t)
  out.predicted.reward = reshape(reward(f), {L, B});  // mean of p(r_t | h_t, s_t)

  out.image = reshape(half_squared_error(out.predicted.image, batch.image), {L, B});
  out.reward = half_squared_error(out.predicted.reward, batch.reward, 2);
  if (has_continue_head() && !batch.continues.empty()) {
    out.predicted.continue_logit = reshape(continue_logit(f), {L, B});
    out.continues = bernoulli_loss(out.predicted.continue_logit, batch.continues);
  }
  out.kl = balanced_kl(q, p, batch, config_.kl_balance);
  if (config_.global_kl_scale > 0)
    out.global_kl = gaussian_kl(q, unit_variance(batch.action.on().zeros(q.mean.shape())));
  if (!batch.overshoot_noise.empty()) overshoot_from(batch, out);
  out.loss = loss_of(out);
  return out;
}

// KL_d and the rewards for d = 2..D.
void WorldModel::overshoot_from(const Sequence& batch, ElboTerms& out) const {
  const std::ptrdiff_t L = batch.action.shape()[0], B = batch.action.shape()[1];
  const auto imagined = overshoot(*latent_, out.seen, batch.action, batch.overshoot_noise);
  const Gaussian target = fixed(out.seen.q, batch.fixed_q);
  const auto distances = [&] { return batch.action.on().array<Var>(imagined.size() - 1); };
  const std::span<Var> kl = distances();
  for (std::size_t i = 0; i < kl.size(); ++i)
    kl[i] = gaussian_kl(rows_from(target, static_cast<std::ptrdiff_t>(i) + 1), imagined[i + 1].p);
  out.overshooting = kl;
  if (config_.overshooting_reward_scale == 0) return;

  const std::span<Var> error = distances();
  for (std::size_t i = 0; i < error.size(); ++i) {
    const auto first = static_cast<std::ptrdiff_t>(i) + 1;
    const Var f = features(imagined[i + 1].state);
    const Var r = reward(reshape(f, {(L - first) * B, latent_->feature_size()}));
    error[i] =
        half_squared_error(reshape(r, {L - first, B}), slice_first(batch.reward, first, L), 2);
  }
  out.overshooting_reward = error;
}

Var WorldModel::loss_of(const ElboTerms& terms) const {
  const ModelConfig& c = config_;
  const auto kl_loss = [&](Var kl) {
    return c.free_nats_after_mean ? free_nats_of_mean(kl, c.free_nats)
                                  : free_nats_per_step(kl, c.free_nats);
  };
  Var loss = mean(terms.image) + scale(mean(terms.reward), c.reward_scale) +
             scale(kl_loss(terms.kl), c.kl_scale);
  if (!terms.continues.empty()) loss = loss + scale(mean(terms.continues), c.continue_scale);
  if (!terms.global_kl.empty()) loss = loss + scale(mean(terms.global_kl), c.global_kl_scale);
  if (!terms.overshooting.empty())
    loss = loss + scale(mean_over_distances(terms.overshooting, kl_loss),
                        c.kl_scale * c.overshooting_scale);
  if (!terms.overshooting_reward.empty())
    loss =
        loss + scale(mean_over_distances(terms.overshooting_reward, [](Var e) { return mean(e); }),
                     c.overshooting_reward_scale);
  return loss;
}

Var log_likelihood(const ElboTerms& terms, const ModelConfig& config) {
  const double ln_2pi = std::log(2 * std::numbers::pi);
  double constant = 0.5 * ln_2pi * 3 * config.image_size * config.image_size;
  Var negative = terms.image + terms.kl;
  if (config.reward_scale > 0) {
    negative = negative + scale(terms.reward, config.reward_scale);
    constant += 0.5 * (ln_2pi - std::log(config.reward_scale));
  }
  return scale(add_constant(negative, constant), -1);
}

}  // namespace planet
