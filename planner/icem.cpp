#include "planner/icem.hpp"

#include <algorithm>

#include "autograd/kernels/random.hpp"
#include "planner/elites.hpp"

namespace planet {
namespace {

std::size_t size(std::ptrdiff_t n) { return static_cast<std::size_t>(n); }

}  // namespace

IcemPlanner::IcemPlanner(const PlannerConfig& config)
    : Planner(config), noise_(config.icem.beta, config.horizon) {}

void IcemPlanner::begin(const Search& s) {
  if (workshops_.size() <= s.b) workshops_.resize(s.b + 1);
  if (kept_.size() <= s.who) kept_.resize(s.who + 1);
  Workshop& work = workshops_[s.b];
  work.mean.resize(size(s.H * s.A));
  work.std.resize(size(s.H * s.A));
  work.column.resize(size(s.H));
  kept_[s.who].reserve(size(config_.elites * s.H * s.A));
  if (!s.warm) kept_[s.who].clear();
}

void IcemPlanner::draw(const Search& s, Rng& rng) {
  kernels::fill_normal(rng, s.actions, s.H * s.J * s.A);
  noise_.apply(s.actions, s.J * s.A, workshops_[s.b].column.data());
  s.noise_to_actions();
  stand_again(s);
  if (s.iteration == config_.iterations - 1) s.copy_from(s.J - 1, s.plan->mean.data());
}

// Between two rounds as they were; from the last decision one step on, where the last action of
// the candidate whose place they take has been drawn already.
void IcemPlanner::stand_again(const Search& s) const {
  const std::vector<float>& kept = kept_[s.who];
  const std::ptrdiff_t n = s.H * s.A, count = static_cast<std::ptrdiff_t>(kept.size()) / n;
  const std::ptrdiff_t shift = s.iteration == 0 ? 1 : 0;
  for (std::ptrdiff_t j = 0; j < std::min(count, s.J - 1); ++j)
    for (std::ptrdiff_t t = 0; t < s.H - shift; ++t)
      std::copy_n(kept.data() + j * n + (t + shift) * s.A, s.A, s.actions + (t * s.J + j) * s.A);
}

void IcemPlanner::refit(Search& s) {
  keep_best(s);
  choose(s, config_.elites);
  Workshop& work = workshops_[s.b];
  s.fit(work.mean, work.std);
  const auto old = static_cast<float>(config_.icem.momentum);
  for (std::size_t i = 0; i < work.mean.size(); ++i) {
    s.plan->mean[i] = (1 - old) * work.mean[i] + old * s.plan->mean[i];
    s.plan->std[i] = (1 - old) * work.std[i] + old * s.plan->std[i];
  }
  if (config_.icem.execute == "best") s.copy_to(s.best(), s.plan->actions.data());
  else s.plan->actions = s.plan->mean;
}

void IcemPlanner::keep_best(Search& s) {
  std::vector<float>& kept = kept_[s.who];
  const auto most = static_cast<std::size_t>(config_.icem.kept * config_.elites);
  const std::size_t n = size(s.H * s.A);
  const std::size_t count = select_elites({s.returns, size(s.J)}, most, s.order);
  kept.resize(count * n);
  for (std::size_t k = 0; k < count; ++k) s.copy_to(s.order[k], kept.data() + k * n);
}

}  // namespace planet
