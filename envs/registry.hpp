// The tasks by name: what each is, how it is set up, and between which two returns its score lies.
//
// make_env("cartpole_swingup", options) is all that programs need. A task joins by one line in
// registry.cpp, or from outside by register_env(); the rest of what is known about it stands in its own file, tasks/NAME.cpp.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "envs/env.hpp"
#include "envs/task.hpp"

namespace planet {

/// A return that was measured: mean and standard deviation over episodes.
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

/// A setting of one task's own, given as NAME=VALUE.
struct TaskOption {
  std::string name;
  std::string default_value;
  std::string description;
  std::vector<std::string> choices;  // the words allowed; empty: a number between min and max
  double min = 0;
  double max = 0;
  bool integer = false;
};

/// The values of all of a task's own options, defaults filled in.
class TaskValues {
 public:
  explicit TaskValues(std::map<std::string, std::string> values) : values_(std::move(values)) {}
  double number(const std::string& name) const;
  const std::string& word(const std::string& name) const;

 private:
  std::map<std::string, std::string> values_;
};

struct EnvSpec {
  std::string name;
  std::string description;          // one line
  int time_limit = 0;               // T, control steps, with the options at their defaults
  int action_repeat = 1;            // R, control steps a decision
  double dt = 0;                    // seconds of one control step
  double view = 0;                  // width of the picture; 0: it cannot be changed
  double max_return = 0;            // no episode can return more
  std::optional<ScoreScale> scale;  // none: the task has no score
  std::vector<TaskOption> options;  // beside those that every task has
  std::unique_ptr<Task> (*make_task)(const TaskValues&) = nullptr;
  int (*time_limit_with)(const TaskValues&) = nullptr;  // T, where an option changes it; else null
  // Asked of the task itself, with the options at their defaults, by list_envs().
  int action_size = 0;                   // A
  std::vector<std::string> state_names;  // what state() holds, in order
};

/// How an environment is to differ from its registration.
struct EnvOptions {
  int image_size = 64;                             // 16, 32 or 64
  int action_repeat = 0;                           // R; 0: the registered one
  int time_limit = 0;                              // T; 0: the registered one
  double view = 0;                                 // 0: the registered one
  std::map<std::string, std::string> values = {};  // the task's own, NAME -> VALUE
};

/// Every registered task, in the order in which to meet them.
const std::deque<EnvSpec>& list_envs();
/// Adds a task of your own after the others, before anything else uses the registry: it is not
/// guarded against other threads. Error: there is a task of this name; make_task is null.
void register_env(EnvSpec spec);
/// Error for an unknown name, with the nearest known one.
const EnvSpec& env_spec(std::string_view name);

/// Reads one "NAME=VALUE" into `options`: `view`, `time_limit`, `action_repeat`, or one of the
/// task's own. Error: no '=', an unknown name (the nearest is offered), a value out of its range.
void set_env_option(const EnvSpec& spec, EnvOptions& options, std::string_view assignment);
/// The names that set_env_option knows for this task.
std::vector<std::string> env_option_names(const EnvSpec& spec);

/// Builds the environment. Error: unknown name, or any option out of its range.
std::unique_ptr<Env> make_env(std::string_view name, const EnvOptions& options = {});
/// The same of a task that need not be registered.
std::unique_ptr<Env> make_env(const EnvSpec& spec, const EnvOptions& options = {});

/// (return - random) / (oracle - random); nothing when the task has no scale, or when T, R, the
/// view or an option of the task's own differs from what the scale was measured with. The picture's
/// size in pixels makes no difference.
std::optional<double> env_score(const EnvSpec& spec, const EnvOptions& options,
                                double episode_return);

}  // namespace planet
