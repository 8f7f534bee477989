// Acting in an environment: episodes collected for training, and episodes of evaluations.
//
// Both follow the data collection of Algorithm 1. Collecting adds exploration noise. An evaluation
// has no noise, uses its own seeds and streams, and plays its episodes in parallel with one agent
// each, which changes no bit of any of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "apps/common/options/run_config.hpp"
#include "apps/common/run/limits.hpp"
#include "envs/env.hpp"
#include "planner/agent.hpp"
#include "rssm/replay.hpp"

namespace planet {

class Ranks;
Ranks& one_process();  // ranks.hpp

/// A collected episode, and its length in the two counters of experience.
struct CollectedEpisode {
  Episode episode;
  std::int64_t decisions = 0;
  std::int64_t env_frames = 0;  // control steps, exact even if the task ended inside a decision
};

/// The environment seed of training episode k, from all 64 bits of the run's seed. Its highest bit
/// is set, so it is never the seed of an evaluation (1000, 1001, ...).
std::uint64_t training_env_seed(std::uint64_t run_seed, std::int64_t episode);

/// Episode k of a run, with uniformly random actions.
CollectedEpisode collect_random(Env& env, const RunConfig& config, std::int64_t episode);
/// An episode of uniformly random actions outside any run: it depends on this seed alone.
Episode random_episode(Env& env, std::uint64_t env_seed);
/// Episode k, played by the agent with exploration noise. Returns nothing if there is no time for
/// the whole episode, or after Ctrl-C; its random numbers depend on k alone, so it can be repeated
/// bit for bit.
std::optional<CollectedEpisode> collect(Env& env, MpcAgent& agent, const RunConfig& config,
                                        std::int64_t episode, Limits& limits);

/// The environment seeds of an evaluation: 1000, 1001, ... And of an early one, which has no part in
/// the result: from a million on.
inline constexpr std::uint64_t first_evaluation_seed = 1000;
inline constexpr std::uint64_t first_early_seed = 1'000'000;

/// One decision of an agent's episode: its belief, its search, and its plan.
struct Decision {
  std::int64_t number = 0;  // of the decisions made before it
  std::vector<float> h, s;  // [D_h], [D_s]
  PlanTrace trace;
  Plan plan;
};

struct Evaluation {
  std::vector<std::uint64_t> seeds;
  std::vector<double> returns;
  double mean = 0;
  double std = 0;               // population standard deviation over the episodes
  std::optional<double> score;  // of the mean; nothing when the task has no scale
  std::vector<Episode> episodes;
  // Of the first episode, decision 20 or, in a shorter one, that of its middle; nothing if it ended
  // before.
  std::optional<Decision> decision;
  double seconds = 0;

  /// mean, std and score from the returns.
  void summarise(const EnvSpec& spec, const EnvOptions& options);
};

/// Told by the thread that called evaluate() how many decisions of how many were made.
using EvaluationProgress = std::function<void(std::int64_t decisions, std::int64_t of)>;
/// `episodes` episodes without exploration noise, with environment seeds from `first_seed` on.
/// Depends on the weights and the config alone: several ranks are dealt the episodes, and each has all
/// of them in the end. Returns nothing after Ctrl-C.
std::optional<Evaluation> evaluate(const WorldModel& model, const RunConfig& config, int episodes,
                                   std::uint64_t first_seed = first_evaluation_seed,
                                   const EvaluationProgress& progress = {},
                                   Ranks& ranks = one_process());
/// An episode of an evaluation up to a decision, which is watched. `episode` has the rows before it.
/// Nothing after Ctrl-C. Error: the episode ends before.
struct WatchedEpisode {
  Episode episode;
  Decision decision;
};
std::optional<WatchedEpisode> watch_decision(const WorldModel& model, const RunConfig& config,
                                             std::uint64_t seed, std::int64_t number);
/// Seconds that evaluate() will take, from its first decisions.
double estimate_evaluation(const WorldModel& model, const RunConfig& config, int episodes);

}  // namespace planet
