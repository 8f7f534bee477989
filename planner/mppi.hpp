// MPPI, model-predictive path integral control: the better a candidate, the larger its weight.
//
//   a ~ N(mean, std^2), clipped to [-1, 1]                     J sequences of H actions
//   w_e = exp((R_e - R_best) / lambda), normalised             the K best; lambda: temperature
//   mean = sum_e w_e a_e    std^2 = sum_e w_e (a_e - mean)^2   std kept within bounds
//
// These steps are repeated I times; the plan is the mean. This is the form of TD-MPC2 (Hansen et
// al. 2024): only the K best, and several iterations. lambda -> infinity gives CEM's refit, lambda
// -> 0 the single best candidate. Unlike CEM it depends on the scale of the rewards: doubling them
// is the same as halving the temperature.
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
