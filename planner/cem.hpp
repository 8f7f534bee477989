// The cross-entropy method, Algorithm 2 of the paper: sample, imagine, keep the elites, refit.
//
// The plan is the mean of the last refit. With covariance `full` the candidates' noise also has the
// elites' correlations (correlation.hpp), so the next candidates keep what the elites have in
// common and not only the range of each entry. When that pays off: README.md. Next: cem.cpp.
#pragma once

#include "planner/correlation.hpp"
#include "planner/planner.hpp"

namespace planet {

class CemPlanner final : public Planner {
 public:
  explicit CemPlanner(const PlannerConfig& config) : Planner(config) {}  // Error: config.check()

  const Plan& plan(Dynamics& dynamics, Rng& rng) override;

 private:
  Correlation correlation_;  // of the candidates' noise; with covariance full only
};

}  // namespace planet
