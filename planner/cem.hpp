// The cross-entropy method (Algorithm 2): sample, imagine, keep the elites, refit; H I J K.
//
//   a ~ N(mean, std^2), clipped to [-1, 1]      J sequences of H actions
//   R = the imagined return of each             dynamics.hpp
//   mean, std^2 + 1e-6 = those of the K best    elites.hpp
//
// I times, starting from mean 0 and std 1. Why these choices and not others: README.md.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "planner/dynamics.hpp"

namespace planet {

struct CemConfig {
  int horizon = 12;       // H: actions a_t .. a_{t+H-1} and as many rewards
  int iterations = 10;    // I; 0 returns zero actions
  int candidates = 1000;  // J
  int elites = 100;       // K
  double init_std = 1;    // of every action before the first iteration
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
  explicit CemPlanner(const CemConfig& config);  // Error: config.check()
  const CemConfig& config() const { return config_; }

  /// One plan for each belief of the dynamics. rngs[b] is belief b's own stream: planned in a batch
  /// or alone, the same bits. Nothing is carried from one call to the next: no warm start.
  /// The plans stay valid until the next call. Error: as many rngs as beliefs are needed.
  /// NonFinite (autograd/tape.hpp): not one of a belief's imagined returns was finite.
  std::span<const Plan> plan(Dynamics& dynamics, std::span<Rng> rngs);

 private:
  void begin(std::ptrdiff_t B, std::ptrdiff_t A);
  void draw(std::ptrdiff_t b, std::ptrdiff_t A, Rng& rng);
  void refit(std::ptrdiff_t b, std::ptrdiff_t A, int iteration);

  CemConfig config_;
  std::vector<Plan> plans_;           // [B]
  std::vector<float> actions_;        // [B,H,J,A]
  std::vector<float> returns_;        // [B,J]
  std::vector<std::int32_t> elites_;  // [B,J], the first K of a row are in use
};

}  // namespace planet
