// Random shooting: I times J candidates from one distribution, and the best of them all is the
// plan.
//
// Nothing is learned on the way, which is the point: what the others gain over it at the same
// number of candidates is what refitting is worth. The paper's ablation is its best of 1000.
#pragma once

#include "planner/planner.hpp"

namespace planet {

class RandomPlanner final : public Planner {
 public:
  explicit RandomPlanner(const PlannerConfig& config) : Planner(config) {}  // Error: config.check()

  const Plan& plan(Dynamics& dynamics, Rng& rng) override;
};

}  // namespace planet
