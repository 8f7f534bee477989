// When a run ends: the number of episodes or environment frames, wall-clock time, or Ctrl-C.
//
// The time limit covers everything from the start of the process to the end of the last evaluation,
// so training must stop early enough: Limits measures the times of an update, a decision and an
// evaluation, and checks before each piece of work whether it still fits.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/common/options/run_config.hpp"
#include "apps/common/run/run_state.hpp"

namespace planet {

class Limits {
 public:
  Limits(const RunConfig& config, const RunState& state);

  /// Wall-clock time of the run in seconds, including earlier processes.
  double elapsed() const;
  /// Seconds until the time limit; infinite without one.
  double remaining() const;
  /// Measured times, averaged exponentially.
  void measured_update(double seconds) { learn(update_, seconds); }
  void measured_decision(double seconds) { learn(decision_, seconds); }
  /// Seconds needed at the end for the last evaluation and the last checkpoint.
  void expect_ending(double seconds) { ending_ = seconds; }

  /// Is there time for work of so many seconds before the ending?
  bool fits(double seconds) const { return remaining() > ending_ + seconds; }
  /// Is it time to stop before one more update, or one more decision? Ctrl-C counts.
  bool no_room_for_update() const { return stopped() || !fits(update_); }
  bool no_room_for_decision() const { return stopped() || !fits(decision_); }
  /// Before the first update: nothing when a tenth of the time limit or more is left for learning,
  /// else a limit that would be enough.
  std::optional<Duration> enough_to_learn() const;
  /// Before a round or an episode: the counters too.
  bool reached(const RunState& state) const;
  /// The number of updates alone, which may end a run inside a round.
  bool enough_updates(const RunState& state) const;
  /// Why the run ended: "40 episodes", "time limit 3m", "interrupted".
  std::string reason(const RunState& state) const;
  /// The option that doubles that limit, to go on beyond it: "--total-episodes", "80".
  std::vector<std::string> twice(const RunState& state) const;
  /// The used share of the nearest limit, in [0, 1]; and the estimated seconds left, or nothing.
  double fraction(const RunState& state) const;
  std::optional<double> seconds_left(const RunState& state) const;

 private:
  static void learn(double& estimate, double seconds) {
    estimate = estimate == 0 ? seconds : 0.8 * estimate + 0.2 * seconds;
  }
  static bool stopped();

  const RunConfig& config_;
  double before_;  // seconds spent in earlier processes
  double start_fraction_ = 0;
  double update_ = 0, decision_ = 0, ending_ = 0;
};

}  // namespace planet
