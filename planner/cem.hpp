// The cross-entropy method (Algorithm 2): sample, imagine, keep the elites, refit; H I J K.
//
//   a ~ N(mean, std^2), clipped to [-1, 1]      J sequences of H actions
//   R = the imagined return of each             dynamics.hpp
//   mean, std^2 + 1e-6 = those of the K best    elites.hpp
//
// I times, starting from mean 0 and std 1; the plan is the mean. With covariance `full` the noise
// also has the elites' correlations (correlation.hpp): the candidates then keep what the elites
// have in common, and not only where each number lay. When that pays: README.md.
#pragma once

#include <vector>

#include "planner/correlation.hpp"
#include "planner/planner.hpp"

namespace planet {

class CemPlanner final : public Planner {
 public:
  explicit CemPlanner(const PlannerConfig& config) : Planner(config) {}  // Error: config.check()

 private:
  void begin(const Search& s) override;
  void draw(const Search& s, Rng& rng) override;
  void refit(Search& s) override;
  bool full() const { return config_.cem.covariance == "full"; }

  std::vector<Correlation> correlation_;  // [B], of the candidates' noise; covariance full only
};

}  // namespace planet
