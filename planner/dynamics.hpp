// The model in which a planner plans: anything that can evaluate action sequences.
//
// There are two: the latent model (latent_dynamics.hpp) and the true simulator
// (apps/common/simulator). A third needs two functions. Its caller: planner.hpp.
#pragma once

#include <cstddef>

#include "autograd/base/philox.hpp"

namespace planet {

/// The action sequences of one iteration, [H,J,A], each number in [-1, 1]. H is the first axis so
/// that one step of neighbouring candidates is a matrix.
struct Candidates {
  std::ptrdiff_t H = 0;  // horizon: steps
  std::ptrdiff_t J = 0;  // candidates
  std::ptrdiff_t A = 0;  // numbers in an action
  const float* actions = nullptr;
  /// The number of futures over which a candidate's return is averaged. With 1, PlaNet's rule, each
  /// candidate has a future of its own. Above 1 all candidates share the same futures, so that they
  /// differ by their actions and not by chance.
  int samples = 1;

  /// The action [A] of candidate j at step t; that of candidate j+1 follows it in memory.
  const float* at(std::ptrdiff_t t, std::ptrdiff_t j) const { return actions + (t * J + j) * A; }
};

class Dynamics {
 public:
  virtual ~Dynamics() = default;
  virtual std::ptrdiff_t action_size() const = 0;
  /// Imagines every candidate from the current belief. returns: [J], the undiscounted sums of H
  /// rewards, each the mean over candidates.samples futures. All randomness comes from rng: from
  /// the same position the same candidates get the same futures. Returns are doubles, because far
  /// from the goal, where a reward is flat, candidates differ by less than the rounding error of a
  /// float.
  virtual void imagine(const Candidates& candidates, Rng& rng, double* returns) = 0;
};

}  // namespace planet
