#include "rssm/trainer.hpp"

#include <cmath>

#include "autograd/base/error.hpp"

namespace planet {

Trainer::Trainer(WorldModel& model, const TrainerConfig& config)
    : model_(model),
      config_(config),
      adam_(model.params(), config.adam),
      tape_(model.params().precision()) {}

Update Trainer::update(Replay& replay, std::int64_t k) {
  Update u;
  u.batch = batch(replay, k);
  u.elbo = model_.elbo(u.batch);
  u.clip = gradient(u.elbo.loss);
  if (!(std::isfinite(u.elbo.loss.item()) && u.clip.finite())) explain_non_finite(replay, k);
  adam_.step(u.clip);
  return u;
}

Sequence Trainer::batch(Replay& replay, std::int64_t k) {
  const auto update = static_cast<std::uint32_t>(k);
  Rng choose(config_.seed, Stream::replay, update);
  Rng dequantise(config_.seed, Stream::dequantise, update);
  Rng posterior(config_.seed, Stream::posterior, update);
  Rng overshoot(config_.seed, Stream::overshoot, update);
  tape_.reset();
  return make_sequence(tape_, replay.sample(config_.batch_size, config_.batch_length, choose),
                       model_.config(), dequantise, posterior, &overshoot);
}

Clip Trainer::step(Var loss) {
  const Clip clip = gradient(loss);
  adam_.step(clip);
  return clip;
}

Clip Trainer::gradient(Var loss) {
  model_.params().zero_grad();
  tape_.backward(loss);
  return clip_by_global_norm(model_.params(), config_.grad_clip);
}

// Repeats the update with every op checked.
void Trainer::explain_non_finite(Replay& replay, std::int64_t k) {
  const std::string where = cat("update ", k, " made a loss or a gradient that is not finite: ");
  try {
    tape_.check_finite(true);
    gradient(model_.elbo(batch(replay, k)).loss);
  } catch (const NonFinite& e) {
    throw NonFinite(where + e.what());
  }
  throw NonFinite(where +
                  "every op's results are finite, but the gradient's sum of squares is not");
}

}  // namespace planet
