// eval --oracle: the two ends of a task's score. 0 is uniformly random actions, 1 is the planner
// with nothing to learn: a planner in the true simulator (CEM: Table 1's last row). In tasks with
// several futures also what planners get that know more or less of the future (--future,
// common/simulator/futures.hpp).
//
// For the registered constants, and for everybody who adds a task and needs its own.
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

/// The flags that only --oracle reads.
struct OracleFlags {
  bool oracle = false, check = false, row = false;
  std::string env, policy, future, at_once;
  std::vector<std::string> env_options;

  void add(CommandLine& cli);
  /// The first of them that was given beside --oracle itself, "" if none.
  std::string given() const;
};

/// What is played.
struct Oracle {
  const EnvSpec* spec = nullptr;
  EnvOptions env_options;
  std::string policy;  // oracle, random or zero
  PlannerConfig planner;
  FutureConfig future;
  int at_once = 0;            // episodes between two writings of the CSV; 0: all
  bool as_registered = true;  // task, budget and future: only then can two means agree
};

/// Error: anything wrong with the flags, or with the planner options that were typed.
Oracle read_oracle(const OracleFlags& flags, std::vector<Assignment> planner);
/// The returns of `episodes` seeds from `first_seed` on. Those that `csv` holds are not played
/// again, and it is written anew whenever some are done; it may be empty.
Evaluation evaluate_oracle(const Oracle& oracle, int episodes, std::uint64_t first_seed,
                           const std::string& csv);
/// A file seed,return with a row for each episode.
void write_returns(const std::string& csv, const Evaluation& evaluation);

/// What was measured beside what is registered.
struct Comparison {
  ReferenceReturn measured, registered;
  double apart = 0;
  /// 3 standard errors of the difference, or 1 % of the largest return: where all episodes are
  /// alike the standard error says nothing.
  double allowed = 0;
  bool agrees() const { return apart <= allowed; }
};
/// Nothing when nothing is registered for what was played.
std::optional<Comparison> compare_with_registered(const Oracle& oracle, const Evaluation& e);
/// The row of a Markdown table: task, policy, J/I/K, episodes, measured, registered, apart.
std::string markdown_row(const Oracle& oracle, const Evaluation& e);

}  // namespace planet
