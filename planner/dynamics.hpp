// What the planner plans in: anything that can say what action sequences are worth.
//
// Two kinds exist: the latent model (latent_dynamics.hpp) and a true simulator (apps/common).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "autograd/base/philox.hpp"

namespace planet {

class Dynamics {
 public:
  virtual ~Dynamics() = default;
  virtual std::ptrdiff_t action_size() const = 0;
  /// How many beliefs plan() is to plan for, each by itself.
  virtual std::ptrdiff_t beliefs() const = 0;
  /// Imagines J candidates of H actions from belief b. actions: [H,J,A], already clipped;
  /// returns: [J], the undiscounted sum of the H rewards. Randomness of the imagination comes from
  /// `rng` alone, so that a belief planned in a batch is planned as it would be alone.
  virtual void imagine(std::ptrdiff_t b, std::ptrdiff_t H, std::ptrdiff_t J, const float* actions,
                       Rng& rng, float* returns) = 0;
};

}  // namespace planet
