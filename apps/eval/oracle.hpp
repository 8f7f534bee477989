// eval --oracle: the two ends of a task's score. 0 is uniformly random actions, 1 is the oracle: a
// planner in the true simulator (CEM: Table 1's last row). In tasks with several futures also the
// returns of planners that know more or less of the future (--future,
// common/simulator/futures.hpp).
//
// For measuring the registered constants, also those of a new task.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/common/options/command_line.hpp"
#include "apps/common/options/config_file.hpp"
#include "apps/common/run/acting.hpp"
#include "apps/common/simulator/futures.hpp"
#include "envs/registry.hpp"
#include "planner/config.hpp"

namespace planet {

/// The options that are for --oracle only.
struct OracleFlags {
  bool oracle = false, check = false, row = false;
  std::string env, policy, future, state_error, at_once;
  std::vector<std::string> env_options;

  void add(CommandLine& cli);
  /// The first of them that was given besides --oracle itself, or "" if none was.
  std::string given() const;
};

/// The task, policy and planner to be evaluated.
struct Oracle {
  const EnvSpec* spec = nullptr;
  EnvOptions env_options;
  std::string options;  // the same as they were typed
  std::string policy;   // oracle, random or zero
  PlannerConfig planner;
  FutureConfig future;
  double state_error = 0;     // of the oracle's state: oracle_returns()
  int at_once = 0;            // episodes between two updates of the CSV; 0: all
  bool as_registered = true;  // task, budget, future and state: only then can two means agree
  bool afresh = false;        // plays every episode, whatever the CSV has

  /// ", state off by 0.3", or "" where it is known.
  std::string state_text() const;
};

/// Error: anything wrong with the flags, or with the planner options that were typed.
Oracle read_oracle(const OracleFlags& flags, std::vector<Assignment> planner);
/// The returns of `episodes` seeds from `first_seed` on. Those that `csv` holds are not played
/// again unless `afresh`, and it is written anew whenever some are done; it may be empty. It says of
/// each return what was measured: seed, return, env, env_options, policy, planner, future, version.
/// Error: `csv` holds returns of anything else, another version's too.
Evaluation evaluate_oracle(const Oracle& oracle, int episodes, std::uint64_t first_seed,
                           const std::string& csv);
/// A CSV file seed,return with one row per episode.
void write_returns(const std::string& csv, const Evaluation& evaluation);

/// The measured return compared with the registered one.
struct Agreement {
  ReferenceReturn measured, registered;
  double apart = 0;
  /// 3 standard errors of the difference, or 1 % of the largest return if that is more: the
  /// standard error is no guide where all episodes are alike.
  double allowed = 0;
  bool agrees() const { return apart <= allowed; }
};
/// Nothing if no return is registered for this task and policy.
std::optional<Agreement> compare_with_registered(const Oracle& oracle, const Evaluation& e);
/// The row of a Markdown table: task, policy, J/I/K, episodes, measured, registered, apart.
std::string markdown_row(const Oracle& oracle, const Evaluation& e);

}  // namespace planet
