// What the planner plans in: anything that can say what action sequences are worth.
//
// Two kinds exist: the latent model (latent_dynamics.hpp) and the true simulator
// (apps/common/simulator). A third takes two functions. The planner that asks: planner.hpp.
#pragma once

#include <cstddef>

#include "autograd/base/philox.hpp"

namespace planet {

/// The action sequences of one iteration, [H,J,A], each number in [-1, 1]. Step by step, so that
/// one step of neighbouring candidates is one matrix.
struct Candidates {
  std::ptrdiff_t H = 0;  // horizon: steps
  std::ptrdiff_t J = 0;  // candidates
  std::ptrdiff_t A = 0;  // numbers in an action
  const float* actions = nullptr;
  /// Futures that a candidate's return is averaged over. 1 is PlaNet's rule: each candidate has a
  /// future of its own. Above 1 the futures are the same for every candidate, so that candidates
  /// differ by what they do and not by their luck.
  int samples = 1;

  /// The action [A] of candidate j at step t; that of candidate j+1 follows it in memory.
  const float* at(std::ptrdiff_t t, std::ptrdiff_t j) const { return actions + (t * J + j) * A; }
};

class Dynamics {
 public:
  virtual ~Dynamics() = default;
  virtual std::ptrdiff_t action_size() const = 0;
  /// Imagines every candidate from the present belief. returns: [J], the undiscounted sums of H
  /// rewards, each the mean over candidates.samples futures. All randomness comes from rng: from
  /// the same position of it the same candidates meet the same futures.
  /// Returns are doubles: where a task's reward is flat, far from its goal, candidates differ by
  /// less than a float can hold beside their sum.
  virtual void imagine(const Candidates& candidates, Rng& rng, double* returns) = 0;
};

}  // namespace planet
