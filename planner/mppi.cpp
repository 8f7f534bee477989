#include "planner/mppi.hpp"

#include <algorithm>
#include <cmath>

namespace planet {

const Plan& MppiPlanner::plan(Dynamics& dynamics, Rng& rng) {
  start(dynamics, rng);
  for (int i = 0; i < config_.iterations; ++i) {
    draw_noise(i, rng);
    noise_to_actions();
    imagine(dynamics, rng);
    refit(choose_elites(config_.elites));
  }
  plan_.actions = plan_.mean;
  return finish();
}

void MppiPlanner::refit(std::span<const std::int32_t> elites) {
  weights_.reserve(static_cast<std::size_t>(config_.elites));
  weights_.resize(elites.size());
  std::vector<double>& w = weights_;
  double sum = 0;
  for (std::size_t e = 0; e < w.size(); ++e) {
    const double R = returns_[static_cast<std::size_t>(elites[e])];
    w[e] = std::exp((R - plan_.best_return) / config_.mppi.temperature);
    sum += w[e];  // at least 1: the best's
  }
  for (std::ptrdiff_t i = 0; i < H_ * A_; ++i) {
    const float* const column = actions_.data() + i / A_ * J_ * A_ + i % A_;
    const auto at = [&](std::int32_t j) { return static_cast<double>(column[j * A_]); };
    double mean = 0, variance = 0;
    for (std::size_t e = 0; e < w.size(); ++e) mean += w[e] / sum * at(elites[e]);
    for (std::size_t e = 0; e < w.size(); ++e) {
      const double d = at(elites[e]) - mean;
      variance += w[e] / sum * d * d;
    }
    const auto k = static_cast<std::size_t>(i);
    plan_.mean[k] = static_cast<float>(mean);
    plan_.std[k] = static_cast<float>(
        std::clamp(std::sqrt(variance), config_.mppi.min_std, config_.mppi.max_std));
  }
}

}  // namespace planet
