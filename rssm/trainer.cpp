#include "rssm/trainer.hpp"

#include <cmath>
#include <limits>

#include "autograd/base/error.hpp"
#include "autograd/ops.hpp"

namespace planet {

Trainer::Trainer(WorldModel& model, const TrainerConfig& config)
    : model_(model),
      config_(config),
      adam_(model.params(), config.adam),
      tape_(model.params().precision()) {}

Update Trainer::update(Replay& replay, std::int64_t k, const Share& share, const SumOfShares& sum) {
  ParamStore& params = model_.params();
  Update u;
  bool finite = false;
  try {
    u.batch = batch(replay, k, share);
    const FixedParams fixed(params);
    u.elbo = model_.elbo(u.batch);
    const std::ptrdiff_t B = config_.batch_size;
    // Every term is a mean over the windows, so that a share counts by its number of them.
    backward(share.count == 1 ? u.elbo.loss
                              : scale(u.elbo.loss, static_cast<double>(share.windows(B)) /
                                                       static_cast<double>(B)));
    finite = std::isfinite(u.elbo.loss.item());
  } catch (const NonFinite&) {  // the tape checks every op
    if (share.count == 1) throw;
  }
  if (sum) {
    if (!finite) {  // no process may take the step, so that the sum must tell all of them
      u = {};
      with_elements(params.precision(), [&](auto t) {
        params.grads<decltype(t)>()[0] = std::numeric_limits<decltype(t)>::quiet_NaN();
      });
    }
    sum(params, u);
  }
  u.clip = clip();
  if (!(finite && u.clip.finite())) explain_non_finite(replay, k, share);
  adam_.step(u.clip);
  return u;
}

Sequence Trainer::batch(Replay& replay, std::int64_t k, const Share& share) {
  const auto update = static_cast<std::uint32_t>(k);
  Rng choose(config_.seed, Stream::replay, update);
  Rng dequantise(config_.seed, Stream::dequantise, update);
  Rng posterior(config_.seed, Stream::posterior, update);
  Rng overshoot(config_.seed, Stream::overshoot, update);
  tape_.reset();
  return make_sequence(tape_, replay.sample(config_.batch_size, config_.batch_length, choose),
                       model_.config(), dequantise, posterior, &overshoot, share);
}

Clip Trainer::step(Var loss) {
  backward(loss);
  const Clip clipped = clip();
  adam_.step(clipped);
  return clipped;
}

void Trainer::backward(Var loss) {
  const FixedParams fixed(model_.params());
  model_.params().zero_grad();
  tape_.backward(loss);
}

// Repeats the update with every op checked.
void Trainer::explain_non_finite(Replay& replay, std::int64_t k, const Share& share) {
  const std::string where = cat("update ", k, " made a loss or a gradient that is not finite: ");
  try {
    tape_.check_finite(true);
    backward(model_.elbo(batch(replay, k, share)).loss);
  } catch (const NonFinite& e) {
    throw NonFinite(where + e.what());
  }
  if (share.count > 1 && clip().finite()) throw NonFinite("");
  throw NonFinite(where +
                  "every op's results are finite, but the gradient's sum of squares is not");
}

}  // namespace planet
