// Acting in an environment: the episodes that are learned from, and those that are only measured.
//
// Both follow Algorithm 2's loop. What differs: collecting adds exploration noise; an evaluation
// has none, its own seeds and streams, and plays its episodes in parallel with an agent each, which
// changes no bit of any of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "apps/common/options/run_config.hpp"
#include "apps/common/run/limits.hpp"
#include "envs/env.hpp"
#include "planner/agent.hpp"
#include "rssm/replay.hpp"

namespace planet {

/// An episode that was collected, and what it cost in the two counters of experience.
struct Collected {
  Episode episode;
  std::int64_t decisions = 0;
  std::int64_t env_frames = 0;  // control steps, also when the task ended inside a decision
};

/// The seed of training episode k's environment, from all 64 bits of the run's seed. Its highest
/// bit is set, so it is never one of an evaluation's (1000, 1001, ...).
std::uint64_t training_env_seed(std::uint64_t run_seed, std::int64_t episode);

/// Episode k of a run by uniformly random actions.
Collected collect_random(Env& env, const RunConfig& config, std::int64_t episode);
/// An episode by uniformly random actions that belongs to no run: of this environment seed alone.
Episode random_episode(Env& env, std::uint64_t env_seed);
/// Episode k by the agent, with exploration noise. Nothing when there is no time for
/// all of it, or on Ctrl-C: what it drew is a function of k, so it can be repeated bit for bit.
std::optional<Collected> collect(Env& env, MpcAgent& agent, const RunConfig& config,
                                 std::int64_t episode, Limits& limits);

/// The environment seeds of an evaluation: 1000, 1001, ...
inline constexpr std::uint64_t first_evaluation_seed = 1000;

struct Evaluation {
  std::vector<std::uint64_t> seeds;
  std::vector<double> returns;
  double mean = 0;
  double std = 0;               // over the episodes, divided by their number
  std::optional<double> score;  // of the mean; nothing when the task has no scale
  std::vector<Episode> episodes;
  double seconds = 0;

  /// mean, std and score from the returns.
  void summarise(const EnvSpec& spec, const EnvOptions& options);
};

/// `episodes` episodes without exploration noise, from environment seeds that begin at
/// `first_seed`. Depends on the weights and the config alone. Nothing on Ctrl-C.
std::optional<Evaluation> evaluate(const WorldModel& model, const RunConfig& config, int episodes,
                                   std::uint64_t first_seed = first_evaluation_seed);
/// Seconds that evaluate() will take, from its first decisions.
double estimate_evaluation(const WorldModel& model, const RunConfig& config, int episodes);

}  // namespace planet
