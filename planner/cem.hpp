// The cross-entropy method (Algorithm 2): sample, imagine, keep the elites, refit; H I J K.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "planner/dynamics.hpp"

namespace planet {

struct CemConfig {
  int horizon = 12;       // H: actions a_t .. a_{t+H-1} and as many rewards
  int iterations = 10;    // I; 0 returns zero actions
  int candidates = 1000;  // J
  int elites = 100;       // K
  bool operator==(const CemConfig&) const = default;
  void check() const;  // throws with a sentence naming the field: 1 <= K <= J, H >= 1, I >= 0
};

/// What one plan was made of, for those who want to look.
struct Plan {
  std::vector<float> mean;  // [H,A] of the last refit: the plan; its first row is executed
  std::vector<float> std;   // [H,A]
  double best_return = 0;   // of the last iteration's candidates
  double elite_return = 0;  // mean of the last iteration's elites
};

class CemPlanner {
 public:
  explicit CemPlanner(const CemConfig& config);
  const CemConfig& config() const { return config_; }

  /// One plan for each belief of the dynamics. rngs[b] is belief b's own stream: planned in a batch
  /// or alone, the same bits. Mean 0 and std 1 at every call: no warm start.
  std::span<const Plan> plan(Dynamics& dynamics, std::span<Rng> rngs);

 private:
  CemConfig config_;
  std::vector<Plan> plans_;
  std::vector<float> actions_, returns_;  // [H,J,A], [J]
  std::vector<std::int32_t> order_;
};

}  // namespace planet
