// Planners of different honesty: what a planner in the true simulator takes for the future.
//
// All of them know the state. They differ in the chance that their candidates meet, and that alone
// turns a return of 87 into one of 140 (envs/README.md has the table). Used by
// simulator_dynamics.hpp; what has to be known of single tasks: task_futures.hpp.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "envs/registry.hpp"

namespace planet {

enum class Future {
  average,      // "average": the mean of all futures, which may be an impossible one
  one,          // "one": each candidate in each iteration samples its own, PlaNet's rule
  shared,       // "shared": some samples, drawn once a decision; a return is the mean over them
  clairvoyant,  // "true": what will really happen
  forgetful,    // "forgetful": as shared, but what the picture hides is guessed anew for each
};

struct FutureConfig {
  Future future = Future::one;
  int samples = 16;  // of shared and forgetful

  /// Futures that each candidate is played in.
  int courses() const {
    return future == Future::shared || future == Future::forgetful ? samples : 1;
  }
};

/// "average", "one", ...: the word of the command line.
std::string future_word(Future future);
/// "one", "shared, 16 samples": for a person.
std::string future_text(const FutureConfig& config);
/// The words of --future and --samples-per-candidate; an empty one stands for the task's registered
/// budget. Error: an unknown word (the nearest is offered), less than one sample, samples for a
/// future that has none.
FutureConfig read_future(const EnvSpec& spec, const std::string& future,
                         const std::string& samples);

/// The world to play candidates in: a copy of `env`, or its average.
/// Error: a future that this task does not have.
std::unique_ptr<Env> imagined_world(const Env& env, Future future);

/// One way the world can go.
struct Course {
  EnvSnapshot start;
  std::vector<double> chance;  // for Env::step_with, decision after decision
};
/// A course from `start` with `numbers` numbers of chance: those of `rng`, or for the clairvoyant
/// `recorded`, and after them what the world's own stream will draw.
Course draw_course(const Env& world, Future future, const EnvSnapshot& start,
                   std::span<const double> recorded, std::size_t numbers, Rng rng);

}  // namespace planet
