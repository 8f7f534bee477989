// MPPI, model-predictive path integral control: better candidates count for more, none is cut off.
//
//   a ~ N(mean, std^2), clipped to [-1, 1]                     J sequences of H actions
//   w_e = exp((R_e - R_best) / lambda) / sum of them           the K best; lambda: temperature
//   mean = sum_e w_e a_e    std^2 = sum_e w_e (a_e - mean)^2   std kept within bounds
//
// I times; the plan is the mean. The form is TD-MPC2's (Hansen et al. 2024): the K best only, and
// several iterations. For lambda -> infinity it is CEM's refit, for lambda -> 0 the single best.
// Unlike CEM's it depends on the size of the rewards: doubling them is halving the temperature.
#pragma once

#include <vector>

#include "planner/planner.hpp"

namespace planet {

class MppiPlanner final : public Planner {
 public:
  explicit MppiPlanner(const PlannerConfig& config) : Planner(config) {}  // Error: config.check()

  const Plan& plan(Dynamics& dynamics, Rng& rng) override;

 private:
  void refit(std::span<const std::int32_t> elites);

  std::vector<double> weights_;  // [K]
};

}  // namespace planet
