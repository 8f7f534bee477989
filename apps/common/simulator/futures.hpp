// How a planner in the true simulator models randomness.
//
// Every variant knows the true state. They differ in the random numbers that their candidates are
// evaluated with, and that alone turns a return of 88 into one of 141 (table in envs/README.md).
// Used by simulator_dynamics.hpp; what is specific to single tasks is in task_futures.hpp.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "envs/registry.hpp"

namespace planet {

enum class Future {
  average,      // "average": the mean of all futures, which may itself be impossible
  one,          // "one": each candidate in each iteration samples its own, as in PlaNet
  shared,       // "shared": samples drawn once per decision; a return is the mean over them
  clairvoyant,  // "true": what will really happen
  forgetful,    // "forgetful": as shared, but what the picture hides is resampled for each
};

struct FutureConfig {
  Future future = Future::one;
  int samples = 16;  // number of futures, of shared and forgetful

  /// The number of futures in which each candidate is evaluated.
  int courses() const {
    return future == Future::shared || future == Future::forgetful ? samples : 1;
  }
};

/// "average", "one", ...: the word of the command line.
std::string future_word(Future future);
/// "one", "shared, 16 samples": for messages.
std::string future_text(const FutureConfig& config);
/// Reads the values of --future and --samples-per-candidate; an empty one means the task's
/// registered budget. Error: an unknown word (the nearest is offered), less than one sample,
/// samples for a future that has none.
FutureConfig read_future(const EnvSpec& spec, const std::string& future,
                         const std::string& samples);

/// The environment to evaluate candidates in: a copy of `env`, or its average.
/// Error: a future that this task does not have.
std::unique_ptr<Env> imagined_world(const Env& env, Future future);

/// One sampled future.
struct Course {
  EnvSnapshot start;
  std::vector<double> chance;  // random numbers for Env::step_with, decision by decision
};
/// A course from `start` with `numbers` random numbers: drawn from `rng`, or for the clairvoyant
/// `recorded`, followed by those that the environment's own stream will draw.
Course draw_course(const Env& world, Future future, const EnvSnapshot& start,
                   std::span<const double> recorded, std::size_t numbers, Rng rng);

}  // namespace planet
