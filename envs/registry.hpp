// The tasks by name: their descriptions, options, and the two returns that define the score.
//
// make_env("cartpole_swingup", options) is all that programs need. A task is added by one line in
// registry.cpp, or from outside by register_env(); everything else about it is in tasks/NAME.cpp.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "envs/env.hpp"
#include "envs/task.hpp"

namespace planet {

/// A measured return: mean and standard deviation over episodes.
struct ReferenceReturn {
  double mean = 0;
  double std = 0;
  int episodes = 0;
};

/// The two ends of the score: 0 is the uniformly random policy, 1 a planner in the true simulator.
struct ScoreScale {
  ReferenceReturn random;
  ReferenceReturn oracle;
};

/// A task-specific option, given as NAME=VALUE.
struct TaskOption {
  std::string name;
  std::string default_value;
  std::string description;
  std::vector<std::string> choices;  // the words allowed; empty: a number between min and max
  double min = 0;
  double max = 0;
  bool integer = false;
};

/// The values of all task-specific options, with defaults filled in.
class TaskValues {
 public:
  explicit TaskValues(std::map<std::string, std::string> values) : values_(std::move(values)) {}
  double number(const std::string& name) const;
  const std::string& word(const std::string& name) const;

 private:
  std::map<std::string, std::string> values_;
};

struct EnvOptions;

struct EnvSpec {
  std::string name;
  std::string description;          // one line
  int time_limit = 0;               // T, control steps, with the options at their defaults
  int action_repeat = 1;            // R, control steps per decision
  double dt = 0;                    // seconds of one control step
  double view = 0;                  // width of the picture; 0: it cannot be changed
  double max_return = 0;            // no episode can return more
  std::optional<ScoreScale> scale;  // none: the task has no score
  std::vector<TaskOption> options;  // besides those of every task
  std::unique_ptr<Task> (*make_task)(const TaskValues&) = nullptr;
  int (*time_limit_with)(const TaskValues&) = nullptr;  // T, if an option changes it; else null
  // In the place of make_task, for what is no Task. It is given every option, those of other names
  // than `options` too, and T and R that are not set are its own.
  std::function<std::unique_ptr<Env>(const EnvOptions&)> make_own = {};
  // Filled in by list_envs() from the task itself, with the options at their defaults.
  int action_size = 0;                   // A
  std::vector<std::string> state_names;  // the entries of state(), in order
};

/// How an environment differs from its registration.
struct EnvOptions {
  int image_size = 64;                             // 16, 32 or 64
  int action_repeat = 0;                           // R; 0: the registered one
  int time_limit = 0;                              // T; 0: the registered one
  double view = 0;                                 // 0: the registered one
  std::map<std::string, std::string> values = {};  // task-specific, NAME -> VALUE
  double patience = 60;  // seconds to wait for one that is elsewhere; 0: for ever
};

/// Every registered task, in the order in which to read about them.
const std::deque<EnvSpec>& list_envs();
/// Adds a task after the others. Not thread-safe: call it before anything else uses the registry.
/// Error: there is a task of this name, or nothing to make it by.
void register_env(EnvSpec spec);
/// `none`, which is not listed, is no environment (tasks/none.hpp). Error: an unknown name; the nearest
/// one is suggested.
const EnvSpec& env_spec(std::string_view name);

/// Reads one "NAME=VALUE" into `options`: `view`, `time_limit`, `action_repeat`, or a task-specific
/// option. Error: no '=', an unknown name (the nearest is suggested), a value out of its range.
void set_env_option(const EnvSpec& spec, EnvOptions& options, std::string_view assignment);
/// The names that set_env_option knows for this task.
std::vector<std::string> env_option_names(const EnvSpec& spec);

/// Builds the environment. Error: unknown name, or any option out of its range.
std::unique_ptr<Env> make_env(std::string_view name, const EnvOptions& options = {});
/// The same for a task that need not be registered.
std::unique_ptr<Env> make_env(const EnvSpec& spec, const EnvOptions& options = {});

/// (return - random) / (oracle - random). Nothing when the task has no scale, or when T, R, the
/// view or a task-specific option differs from those with which the scale was measured. The
/// picture's size in pixels does not matter.
std::optional<double> env_score(const EnvSpec& spec, const EnvOptions& options,
                                double episode_return);

}  // namespace planet
