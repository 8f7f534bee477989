// Adam (Kingma and Ba 2015, Algorithm 1) and clipping by the global norm (Pascanu et al. 2013).
//
//   m_t = b1 m + (1-b1) g        v_t = b2 v + (1-b2) g^2       g the gradient after clipping
//   theta -= lr * (m_t / (1-b1^t)) / (sqrt(v_t / (1-b2^t)) + epsilon)
//
// lr is constant, or falls at chosen steps.
//
// Epsilon is added to the corrected sqrt(v), as in the paper's Algorithm 1. TensorFlow 1, in which
// PlaNet was written, adds it to the uncorrected one, which equals the rule above with
// epsilon / sqrt(1-b2^t): with 1e-4 that acts like 3.2e-3 at step 1, 3.3e-4 at step 100, and 1e-4
// after some thousand steps. There is no switch between the two. tests/nn/adam.cpp computes both.
//
// A moment below the smallest normal number becomes zero: a parameter that gets no gradient for a
// few hundred steps would otherwise make every later step slow.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "autograd/param.hpp"

namespace planet {

/// The gradient's global norm before clipping, and the factor that clips it.
struct Clip {
  double norm = 0;
  double scale = 1;
  bool finite() const { return std::isfinite(norm); }
};

/// norm = sqrt(sum of all squared gradients), scale = min(1, max_norm / norm). Changes nothing:
/// Adam::step applies the scale in its own pass. A gradient with a NaN or an infinity gives a norm
/// that is not finite; test clip.finite() before the step. A max_norm of infinity never clips.
/// Error: max_norm is not above 0.
Clip clip_by_global_norm(const ParamStore& store, double max_norm);

/// After so many steps lr falls to this rate.
struct RateDrop {
  std::int64_t steps = 0;
  double rate = 0;
  bool operator==(const RateDrop&) const = default;
};

/// Error unless the steps rise from 1 on and the rates fall from `learning_rate` on, to 0 or more.
void check_drops(double learning_rate, const std::vector<RateDrop>& drops);

struct AdamConfig {
  double learning_rate = 1e-3;       // lr
  double beta1 = 0.9;                // b1
  double beta2 = 0.999;              // b2
  double epsilon = 1e-4;             // added to the corrected sqrt(v), see above
  std::vector<RateDrop> drops = {};  // of lr
};

/// The moments are slabs of the store; Adam itself holds its constants and the number of steps.
class Adam {
 public:
  /// The store must outlive it. Error unless learning_rate >= 0, 0 <= beta < 1, epsilon > 0, and the
  /// drops pass check_drops.
  explicit Adam(ParamStore& store, AdamConfig config = {});

  /// One update from the store's gradients times clip.scale. It does not zero the gradients: call
  /// store.zero_grad() before the next backward. Error, and nothing changes: the norm in `clip` is
  /// not finite.
  void step(Clip clip = {});

  std::int64_t steps() const { return steps_; }
  void set_steps(std::int64_t steps);  // when resuming; the moments are loaded into the store
  double learning_rate() const;        // of the next step

  const AdamConfig& config() const { return config_; }
  ParamStore& store() { return *store_; }
  const ParamStore& store() const { return *store_; }

 private:
  ParamStore* store_;
  AdamConfig config_;
  std::int64_t steps_ = 0;
};

/// Temporal averaging (the same paper, section 7.2), after step t: the mean of theta_1 ... theta_t
/// with weights b^(t-i) that add up to 1,
///   average += (1-b) / (1-b^t) * (theta - average).
/// Both stores have the same parameters. Error unless 0 <= decay < 1 and t >= 1.
void update_average(ParamStore& average, const ParamStore& params, double decay, std::int64_t t);

}  // namespace planet
