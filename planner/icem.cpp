#include "planner/icem.hpp"

#include <algorithm>

namespace planet {

IcemPlanner::IcemPlanner(const PlannerConfig& config)
    : Planner(config), noise_(config.icem.beta, config.horizon) {}

const Plan& IcemPlanner::plan(Dynamics& dynamics, Rng& rng) {
  const int I = config_.iterations, K = config_.elites;

  start(dynamics, rng);
  column_.resize(static_cast<std::size_t>(H_));
  if (!warm_) kept_.clear();
  for (int i = 0; i < I; ++i) {
    draw_noise(i, rng);
    noise_.apply(actions_.data(), J_ * A_, column_.data());
    noise_to_actions();
    insert_kept(i);
    if (i == I - 1) copy_from(J_ - 1, plan_.mean.data());

    imagine(dynamics, rng);
    keep_best();
    const std::span<const std::int32_t> elites = choose_elites(K);
    refit(elites);
    if (config_.icem.execute == "best") {
      const auto R = [&](std::int32_t j) { return returns_[static_cast<std::size_t>(j)]; };
      copy_to(*std::ranges::max_element(elites, {}, R), plan_.actions.data());
    } else {
      plan_.actions = plan_.mean;
    }
  }
  return finish();
}

// Between two iterations the elites are inserted unchanged. Those of the last decision are shifted
// by one step; their last action is that of the candidate they replace, which is newly drawn.
void IcemPlanner::insert_kept(int i) {
  const std::ptrdiff_t n = H_ * A_, count = static_cast<std::ptrdiff_t>(kept_.size()) / n;
  const std::ptrdiff_t shift = i == 0 ? 1 : 0;
  for (std::ptrdiff_t j = 0; j < std::min(count, J_ - 1); ++j)
    for (std::ptrdiff_t t = 0; t < H_ - shift; ++t)
      std::copy_n(kept_.data() + j * n + (t + shift) * A_, A_, actions_.data() + (t * J_ + j) * A_);
}

void IcemPlanner::keep_best() {
  const auto n = static_cast<std::size_t>(H_ * A_);
  kept_.reserve(static_cast<std::size_t>(config_.elites) * n);
  const auto best_ones = best(static_cast<int>(config_.icem.kept * config_.elites));
  kept_.resize(best_ones.size() * n);
  for (std::size_t k = 0; k < best_ones.size(); ++k) copy_to(best_ones[k], kept_.data() + k * n);
}

void IcemPlanner::refit(std::span<const std::int32_t> elites) {
  mean_.resize(plan_.mean.size());
  std_.resize(plan_.std.size());
  fit(elites, mean_, std_);
  const auto old = static_cast<float>(config_.icem.momentum);
  for (std::size_t k = 0; k < mean_.size(); ++k) {
    plan_.mean[k] = (1 - old) * mean_[k] + old * plan_.mean[k];
    plan_.std[k] = (1 - old) * std_[k] + old * plan_.std[k];
  }
}

}  // namespace planet
