// Random shooting: I times J candidates from one distribution; the plan is the best of them all.
//
// The distribution is never refitted, so the gain of the other methods over this one at the same
// number of candidates is the value of refitting. The paper's ablation uses the best of 1000.
#pragma once

#include "planner/planner.hpp"

namespace planet {

class RandomPlanner final : public Planner {
 public:
  explicit RandomPlanner(const PlannerConfig& config) : Planner(config) {}  // Error: config.check()

  const Plan& plan(Dynamics& dynamics, Rng& rng) override;
};

}  // namespace planet
