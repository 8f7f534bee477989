#include "planner/cem.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/base/parallel.hpp"
#include "autograd/kernels/random.hpp"
#include "autograd/tape.hpp"
#include "planner/elites.hpp"

namespace planet {
namespace {

std::size_t size(std::ptrdiff_t n) { return static_cast<std::size_t>(n); }

}  // namespace

void CemConfig::check() const {
  require(horizon >= 1, "[CEM] horizon (H) is ", horizon, "; a plan has at least one action");
  require(iterations >= 0, "[CEM] iterations (I) is ", iterations, "; it must be at least 0");
  require(candidates >= 1, "[CEM] candidates (J) is ", candidates, "; it must be at least 1");
  require(elites >= 1 && elites <= candidates, "[CEM] elites (K) is ", elites,
          "; it must lie between 1 and the number of candidates, ", candidates);
  require(init_std > 0 && std::isfinite(init_std), "[CEM] init_std is ", init_std,
          "; it must be positive and finite");
}

CemPlanner::CemPlanner(const CemConfig& config) : config_(config) { config_.check(); }

void CemPlanner::begin(std::ptrdiff_t B, std::ptrdiff_t A) {
  const std::ptrdiff_t H = config_.horizon, J = config_.candidates;
  plans_.resize(size(B));
  actions_.resize(size(B * H * J * A));
  returns_.resize(size(B * J));
  elites_.resize(size(B * J));
  for (Plan& plan : plans_) {
    plan.mean.assign(size(H * A), 0.0f);
    plan.std.assign(size(H * A), static_cast<float>(config_.init_std));
    plan.best_return = plan.elite_return = 0;
  }
}

// a_j = clip(mean + std z_j): H steps of J candidates of A numbers.
void CemPlanner::draw(std::ptrdiff_t b, std::ptrdiff_t A, Rng& rng) {
  const Plan& plan = plans_[size(b)];
  const std::ptrdiff_t H = config_.horizon, J = config_.candidates;
  float* a = actions_.data() + b * H * J * A;
  kernels::fill_normal(rng, a, H * J * A);
  for (std::ptrdiff_t t = 0; t < H; ++t)
    for (std::ptrdiff_t j = 0; j < J; ++j)
      for (std::ptrdiff_t i = t * A; i < (t + 1) * A; ++i, ++a)
        *a = std::clamp(plan.mean[size(i)] + plan.std[size(i)] * *a, -1.0f, 1.0f);
}

void CemPlanner::refit(std::ptrdiff_t b, std::ptrdiff_t A, int iteration) {
  Plan& plan = plans_[size(b)];
  const std::ptrdiff_t H = config_.horizon, J = config_.candidates;
  const std::span<const float> returns(returns_.data() + b * J, size(J));
  const std::span<std::int32_t> order(elites_.data() + b * J, size(J));
  const std::size_t k = select_elites(returns, size(config_.elites), order);
  if (k == 0)
    throw NonFinite(cat("[plan] not one of the ", J, " imagined returns of belief ", b,
                        " is finite in iteration ", iteration + 1, " of ", config_.iterations,
                        "; the first is ", returns[0],
                        ": the model or the belief it starts from is not finite"));
  const auto elites = order.first(k);
  for (std::ptrdiff_t t = 0; t < H; ++t)
    fit_elites(actions_.data() + (b * H + t) * J * A, A, elites, plan.mean.data() + t * A,
               plan.std.data() + t * A);
  double sum = 0, best = static_cast<double>(returns[size(elites[0])]);
  for (const std::int32_t j : elites) {
    const auto r = static_cast<double>(returns[size(j)]);
    sum += r;
    best = std::max(best, r);
  }
  plan.best_return = best;
  plan.elite_return = sum / static_cast<double>(k);
}

std::span<const Plan> CemPlanner::plan(Dynamics& dynamics, std::span<Rng> rngs) {
  const std::ptrdiff_t B = dynamics.beliefs(), A = dynamics.action_size();
  require(A >= 1, "[plan] action_size of the dynamics is ", A, "; it must be at least 1");
  require(rngs.size() == size(B), "[plan] the dynamics has ", B, " beliefs, but ", rngs.size(),
          " random streams were given; each belief needs its own");
  begin(B, A);
  const Candidates candidates{B, config_.horizon, config_.candidates, A, actions_.data()};
  for (int iteration = 0; iteration < config_.iterations; ++iteration) {
    parallel_for(B, [&](std::ptrdiff_t b) { draw(b, A, rngs[size(b)]); });
    dynamics.imagine(candidates, rngs, returns_.data());
    parallel_for(B, [&](std::ptrdiff_t b) { refit(b, A, iteration); });
  }
  return plans_;
}

}  // namespace planet
