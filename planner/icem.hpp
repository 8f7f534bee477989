// iCEM (Pinneri et al. 2020): the cross-entropy method with the same end and fewer candidates.
//
//   iteration i has max(J / gamma^i, 2 K) candidates     as the distribution narrows
//   a ~ clip(mean + std * noise coloured by beta)        coloured_noise.hpp
//   the best elites of the iteration before              replace the first candidates
//   in the last iteration the mean                       replaces the last candidate
//   mean, std = (1 - momentum) * the elites' + momentum * the old        elites.hpp
//
// The plan is the best candidate of the last iteration, or the mean. With a warm start the mean of
// the last decision is shifted by one step, and so are its elites, whose last action is drawn anew:
// this is iCEM as published. Without a warm start nothing is carried over to the next decision.
//
// Kept elites are re-evaluated, so that in a stochastic model a candidate does not stay because of
// one lucky future. So iteration i costs exactly PlannerConfig::population(i) rollouts.
#pragma once

#include <vector>

#include "planner/coloured_noise.hpp"
#include "planner/planner.hpp"

namespace planet {

class IcemPlanner final : public Planner {
 public:
  explicit IcemPlanner(const PlannerConfig& config);  // Error: config.check()

  const Plan& plan(Dynamics& dynamics, Rng& rng) override;

 private:
  void insert_kept(int i);
  void keep_best();
  void refit(std::span<const std::int32_t> elites);

  ColouredNoise noise_;
  std::vector<float> column_;      // [H], of the noise
  std::vector<float> mean_, std_;  // [H,A] of the elites
  std::vector<float> kept_;        // [n,H,A], at most the share `kept` of the elites
};

}  // namespace planet
