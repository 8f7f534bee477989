#include "apps/common/foresight/decision.hpp"

#include "apps/common/foresight/open_loop.hpp"
#include "apps/common/options/values.hpp"
#include "apps/common/report/statistics.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/index.hpp"

namespace planet {
namespace {

Outlook::Imagined imagine_again(const WorldModel& model, const Decision& d, const char* name,
                                const std::vector<float>& actions, std::int64_t futures,
                                std::uint64_t seed) {
  const OpenLoop loop = imagine_actions(model, d.h, d.s, actions, futures, seed);
  Outlook::Imagined out{std::vector<double>(index(futures)), {}};
  for (std::ptrdiff_t t = 1; t < loop.T; ++t)
    for (std::size_t j = 0; j < out.returns.size(); ++j)
      out.returns[j] += static_cast<double>(loop.reward_at(t)[j]);
  out.strip = {cat(name, " ", fixed(mean_interval(out.returns).mean, 2)),
               imagined_frames(model, loop, 0)};
  return out;
}

// The episode is played again up to the decision: an environment need not be able to clone itself.
Strip carry_out(const RunConfig& config, std::uint64_t seed, const Episode& episode,
                const Decision& d, double& sum) {
  const std::unique_ptr<Env> env = make_env(config.env, config.make_env_options());
  const std::size_t A = index(env->action_size());
  const auto picture = [&] { return Image(env->image_size(), env->image_size(), env->render()); };
  env->reset(seed);
  for (std::int64_t t = 1; t <= d.number; ++t)
    env->step(std::span(episode.action).subspan(index(t) * A, A));
  Strip strip{"", {picture()}, false};
  StepResult result;
  const std::span<const float> actions(d.plan.actions);
  for (std::size_t i = 0; i < actions.size(); i += A) {
    if (!result.done()) {
      result = env->step(actions.subspan(i, A));
      sum += result.reward;
    }
    strip.frames.push_back(picture());
  }
  strip.label = cat("true ", fixed(sum, 2));
  return strip;
}

}  // namespace

std::vector<Strip> Outlook::strips() const {
  return {truth, plan.strip, imagined_best.strip, imagined_worst.strip};
}

Outlook look_ahead(const WorldModel& model, const RunConfig& config, std::uint64_t seed,
                   const Episode& episode, const Decision& d, std::int64_t futures) {
  require(!d.trace.iterations.empty(), "--iterations is 0; there would be no search to show");
  const std::ptrdiff_t A = model.config().action_size;
  Outlook out;
  out.best = best_candidate(d.trace, A);
  out.worst = worst_candidate(d.trace, A);
  out.plan = imagine_again(model, d, "plan", d.plan.actions, futures, seed);
  out.imagined_best = imagine_again(model, d, "best", out.best.actions, futures, seed);
  out.imagined_worst = imagine_again(model, d, "worst", out.worst.actions, futures, seed);
  out.truth = carry_out(config, seed, episode, d, out.true_return);
  return out;
}

}  // namespace planet
