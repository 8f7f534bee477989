// What the planner plans in: anything that can say what action sequences are worth.
//
// Two kinds exist: the latent model (latent_dynamics.hpp) and a true simulator (apps/common/simulator). A
// third takes one function. The planner that asks: planner.hpp.
#pragma once

#include <cstddef>
#include <span>

#include "autograd/base/philox.hpp"

namespace planet {

/// The action sequences of one iteration, for every belief: [B,H,J,A], each number in [-1, 1].
/// Belief by belief and step by step, so that one step of neighbouring candidates is one matrix.
struct Candidates {
  std::ptrdiff_t B = 0;  // beliefs
  std::ptrdiff_t H = 0;  // horizon: steps
  std::ptrdiff_t J = 0;  // candidates
  std::ptrdiff_t A = 0;  // numbers in an action
  const float* actions = nullptr;
  /// Futures that a candidate's return is averaged over. 1: PlaNet's rule, a fresh one for each.
  int samples = 1;
  /// Above 1, [B]: where belief b's futures begin. They are the same for every candidate of a plan
  /// and for all its iterations, so that candidates differ by what they do and not by their luck.
  std::span<const Rng> futures = {};

  /// The action [A] of candidate j at step t in belief b; candidate j+1's follows it in memory.
  const float* at(std::ptrdiff_t b, std::ptrdiff_t t, std::ptrdiff_t j) const {
    return actions + ((b * H + t) * J + j) * A;
  }
};

class Dynamics {
 public:
  virtual ~Dynamics() = default;
  virtual std::ptrdiff_t action_size() const = 0;
  /// How many beliefs plan() is to plan for, each by itself.
  virtual std::ptrdiff_t beliefs() const = 0;
  /// Imagines every candidate from its belief. returns: [B,J], the undiscounted sums of H rewards,
  /// the mean over candidates.samples futures. The randomness of one sample comes from rngs[b]
  /// alone, the same number of counters whatever the other beliefs are: so a belief that is planned
  /// in a batch is planned as it would be alone. That of several is a function of futures[b].
  /// Returns are doubles: where a task's reward is flat, far from its goal, candidates differ by
  /// less than a float can hold beside their sum.
  virtual void imagine(const Candidates& candidates, std::span<Rng> rngs, double* returns) = 0;
};

}  // namespace planet
