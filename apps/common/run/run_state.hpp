// Where a run is: the counters from which everything else follows.
//
// Every random stream of a run is Philox(seed, stream, substream) with the number of the update or
// of the episode as substream, so these counters are all that a resumed run needs to draw the
// numbers it would have drawn. Updates, decisions and environment frames are three counters, never
// one called "steps" (pitfall P41).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "nn/files/json.hpp"
#include "rssm/world_model.hpp"

namespace planet {

/// Sums over the updates of one round, for the row that is logged at its end.
struct LossSums {
  std::int64_t updates = 0;
  double total = 0, image = 0, reward = 0, kl = 0, grad_norm = 0;
  // Where there are such terms.
  std::optional<double> continues, global_kl, overshooting, overshooting_reward;
  double seconds = 0;  // spent in these updates

  /// Of one update. Without terms (an empty loss) all are 0.
  static LossSums of(const ElboTerms& elbo);
  LossSums& operator+=(const LossSums& other);
  /// The sums of the loss's terms one after the other; of a term that there is not, null.
  std::array<double*, 8> terms();
};

struct RunState {
  std::int64_t updates = 0;             // of the model's parameters
  std::int64_t episodes = 0;            // collected, seed episodes included
  std::int64_t decisions = 0;           // actions chosen while collecting
  std::int64_t env_frames = 0;          // control steps while collecting: the action repeat counts
  LossSums round;                       // of the round in progress
  std::int64_t episodes_in_memory = 0;  // of them the last, which the replay memory holds
  std::int64_t ranks = 1;               // processes that learn together (ranks.hpp)
  double seconds = 0;                   // wall clock of the run up to here, over all its processes

  // What was looked at last, so that a resumed run looks at the same places.
  std::int64_t evaluated_episodes = -1;  // the counters at the last evaluation, -1: none
  std::int64_t evaluated_updates = -1;
  double evaluated_seconds = 0;  // and the run's clock then
  double evaluation_cost = 0;    // seconds that the last evaluation took; 0: unknown
  std::int64_t metrics_rows = 0;
  std::optional<double> best_return;
  std::string best;  // the checkpoint's folder name

  Json to_json() const;
  static RunState from_json(const Json& json);
};

}  // namespace planet
