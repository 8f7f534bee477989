#include "planner/mppi.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/kernels/random.hpp"

namespace planet {

void MppiPlanner::begin(const Search& s) {
  if (weights_.size() <= s.b) weights_.resize(s.b + 1);
  weights_[s.b].resize(static_cast<std::size_t>(config_.elites));
}

void MppiPlanner::draw(const Search& s, Rng& rng) {
  kernels::fill_normal(rng, s.actions, s.H * s.J * s.A);
  s.noise_to_actions();
}

void MppiPlanner::refit(Search& s) {
  choose(s, config_.elites);
  const std::span<const std::int32_t> elites = s.chosen();
  const std::span<double> w = std::span(weights_[s.b]).first(elites.size());
  double sum = 0;
  for (std::size_t e = 0; e < w.size(); ++e) {
    const auto R = s.returns[elites[e]];
    w[e] = std::exp((R - s.plan->best_return) / config_.mppi.temperature);
    sum += w[e];  // at least 1: the best's
  }
  for (std::ptrdiff_t i = 0; i < s.H * s.A; ++i) {
    const auto at = [&](std::int32_t j) {
      return static_cast<double>(s.actions[(i / s.A * s.J + j) * s.A + i % s.A]);
    };
    double mean = 0, variance = 0;
    for (std::size_t e = 0; e < w.size(); ++e) mean += w[e] / sum * at(elites[e]);
    for (std::size_t e = 0; e < w.size(); ++e) {
      const double d = at(elites[e]) - mean;
      variance += w[e] / sum * d * d;
    }
    const auto k = static_cast<std::size_t>(i);
    s.plan->mean[k] = static_cast<float>(mean);
    s.plan->std[k] = static_cast<float>(
        std::clamp(std::sqrt(variance), config_.mppi.min_std, config_.mppi.max_std));
  }
  s.plan->actions = s.plan->mean;
}

}  // namespace planet
