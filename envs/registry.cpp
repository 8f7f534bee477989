#include "envs/registry.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"
#include "envs/numbers.hpp"
#include "envs/task_env.hpp"
#include "envs/tasks/cartpole_swingup.hpp"
#include "envs/tasks/cheetah_run.hpp"
#include "envs/tasks/cup_catch.hpp"
#include "envs/tasks/duel.hpp"
#include "envs/tasks/finger_spin.hpp"
#include "envs/tasks/none.hpp"
#include "envs/tasks/peg.hpp"
#include "envs/tasks/pendulum_dmc.hpp"
#include "envs/tasks/pendulum_swingup.hpp"
#include "envs/tasks/point_mass.hpp"
#include "envs/tasks/reacher.hpp"
#include "envs/tasks/walker.hpp"

namespace planet {
namespace {

// The options of every task. A task whose picture is a fixed grid (view 0) has no `view`.
const TaskOption repeat_option{
    "action_repeat", "", "R, control steps per decision", {}, 1, 1e6, true};
const TaskOption limit_option{"time_limit", "", "T, control steps per episode", {}, 1, 1e6, true};
const TaskOption view_option{"view", "",   "width of the picture in the task's units", {}, 1e-3,
                             1e3,    false};

double checked_number(const EnvSpec& spec, const TaskOption& option, const std::string& text) {
  const std::optional<double> value = parse_number(text);
  require(value.has_value(), "[", spec.name, "] ", option.name, " is '", text,
          "', which is not a number");
  require(*value >= option.min && *value <= option.max, "[", spec.name, "] ", option.name, " is ",
          text, "; it lies between ", option.min, " and ", option.max);
  require(!option.integer || *value == std::floor(*value), "[", spec.name, "] ", option.name,
          " is ", text, "; it is a whole number");
  return *value;
}

void check_value(const EnvSpec& spec, const TaskOption& option, const std::string& text) {
  if (option.choices.empty()) {
    checked_number(spec, option, text);
    return;
  }
  const bool known =
      std::find(option.choices.begin(), option.choices.end(), text) != option.choices.end();
  require(known, "[", spec.name, "] ", option.name, " is '", text, "'; it is one of ",
          join(option.choices), did_you_mean(text, option.choices));
}

const TaskOption* find_option(const EnvSpec& spec, std::string_view name) {
  for (const TaskOption& option : spec.options)
    if (option.name == name) return &option;
  return nullptr;
}

[[noreturn]] void fail_unknown_option(const EnvSpec& spec, const std::string& name) {
  require(name != "view", "[", spec.name, "] the picture is a fixed grid, its view cannot change");
  const std::vector<std::string> names = env_option_names(spec);
  fail("[", spec.name, "] has no option '", name, "'", did_you_mean(name, names), "; it has ",
       join(names));
}

// The task's own options: the values given, checked, and the defaults of the others.
TaskValues fill_values(const EnvSpec& spec, const EnvOptions& options) {
  std::map<std::string, std::string> values;
  for (const TaskOption& option : spec.options) values[option.name] = option.default_value;
  for (const auto& [name, value] : options.values) {
    const TaskOption* option = find_option(spec, name);
    if (option == nullptr && !spec.make_own) fail_unknown_option(spec, name);
    if (option != nullptr) check_value(spec, *option, value);
    values[name] = value;
  }
  return TaskValues(std::move(values));
}

// Fills in the fields that are read from the task itself.
EnvSpec completed(EnvSpec spec) {
  if (spec.make_own) return spec;
  require(spec.make_task != nullptr, "the task '", spec.name, "' is registered without make_task");
  const std::unique_ptr<Task> task = spec.make_task(fill_values(spec, {}));
  spec.action_size = task->action_size();
  spec.state_names = task->state_names();
  return spec;
}

// A deque, so that references to its entries outlive a registration.
std::deque<EnvSpec>& registry() {
  static std::deque<EnvSpec> specs = [] {
    std::deque<EnvSpec> all;
    for (EnvSpec& spec : std::vector<EnvSpec>{
             pendulum_swingup_spec(), point_mass_easy_spec(), cartpole_swingup_spec(),
             reacher_easy_spec(), reacher_shaped_spec(),
             // Contacts.
             cup_catch_spec(), cup_catch_r6_spec(), cup_catch_shaped_spec(), finger_spin_spec(),
             finger_spin_shaped_spec(), cheetah_run_spec(), walker_stand_spec(), walker_walk_spec(),
             walker_walk_r4_spec(), walker_run_spec(),
             // Several futures.
             peg_catch_spec(), peg_memory_spec(), peg_cued_spec(), peg_dodge_spec(), duel_spec(),
             // As published by dm_control, with rewards seldom found in twelve decisions; variants.
             point_mass_dmc_spec(), pendulum_dmc_sparse_spec(), pendulum_dmc_shaped_spec()})
      all.push_back(completed(std::move(spec)));
    return all;
  }();
  return specs;
}

// A task as other libraries name it: CartPole-v1, dmc_walker_walk, ball_in_cup-catch, HalfCheetah-v4.
std::string our_spelling(std::string_view theirs) {
  static const std::map<std::string, std::string, std::less<>> ours{
      {"pendulum", "pendulum_swingup"}, {"inverted_pendulum", "cartpole_swingup"},
      {"cartpole", "cartpole_swingup"}, {"cartpole_balance", "cartpole_swingup"},
      {"reacher", "reacher_easy"},      {"reacher_hard", "reacher_easy"},
      {"ball_in_cup", "cup_catch"},     {"ball_in_cup_catch", "cup_catch"},
      {"halfcheetah", "cheetah_run"},   {"cheetah", "cheetah_run"},
      {"walker2d", "walker_walk"},      {"walker", "walker_walk"},
      {"pointmaze", "point_mass_easy"}, {"point_mass", "point_mass_easy"},
      {"finger", "finger_spin"}};
  std::string name;
  for (const char c : theirs) {
    if (c == '-' || c == '/' || c == ' ') name += '_';
    else name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (const std::size_t v = name.rfind("_v");
      v != std::string::npos && v + 2 < name.size() &&
      name.find_first_not_of("0123456789", v + 2) == std::string::npos)
    name.resize(v);
  for (const std::string_view prefix : {"dm_control_", "dmc_", "gym_", "mujoco_"})
    if (name.starts_with(prefix)) name.erase(0, prefix.size());
  const auto found = ours.find(name);
  return found == ours.end() ? name : found->second;
}

}  // namespace

double TaskValues::number(const std::string& name) const {
  const std::optional<double> value = parse_number(word(name));
  require(value.has_value(), "the option ", name, " is '", word(name), "', not a number");
  return *value;
}

const std::string& TaskValues::word(const std::string& name) const {
  const auto found = values_.find(name);
  require(found != values_.end(), "the task reads the option '", name, "', which it does not list");
  return found->second;
}

const std::deque<EnvSpec>& list_envs() { return registry(); }

void register_env(EnvSpec spec) {
  require(spec.name != no_environment, "no task can be named 'none': that is no environment");
  for (const EnvSpec& other : registry())
    require(other.name != spec.name, "a task named '", spec.name, "' is registered already");
  registry().push_back(completed(std::move(spec)));
}

const EnvSpec& env_spec(std::string_view name) {
  static const EnvSpec none = completed(none_spec());
  if (name == none.name) return none;
  std::vector<std::string> names;
  for (const EnvSpec& spec : list_envs()) {
    if (spec.name == name) return spec;
    names.push_back(spec.name);
  }
  fail("there is no environment '", name, "'", did_you_mean(our_spelling(name), names),
       "; there are ", join(names));
}

std::vector<std::string> env_option_names(const EnvSpec& spec) {
  std::vector<std::string> names;
  for (const TaskOption& option : spec.options) names.push_back(option.name);
  names.push_back(repeat_option.name);
  names.push_back(limit_option.name);
  if (spec.view > 0) names.push_back(view_option.name);
  return names;
}

void set_env_option(const EnvSpec& spec, EnvOptions& options, std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  require(equals != std::string_view::npos && equals > 0,
          "an environment option is NAME=VALUE, not '", assignment, "'");
  const std::string name(assignment.substr(0, equals));
  const std::string value(assignment.substr(equals + 1));
  if (name == repeat_option.name) {
    options.action_repeat = static_cast<int>(checked_number(spec, repeat_option, value));
  } else if (name == limit_option.name) {
    options.time_limit = static_cast<int>(checked_number(spec, limit_option, value));
  } else if (name == view_option.name && spec.view > 0) {
    options.view = checked_number(spec, view_option, value);
  } else {
    const TaskOption* option = find_option(spec, name);
    if (option == nullptr && !spec.make_own) fail_unknown_option(spec, name);
    if (option != nullptr) check_value(spec, *option, value);
    options.values[name] = value;
  }
}

std::unique_ptr<Env> make_env(std::string_view name, const EnvOptions& options) {
  return make_env(env_spec(name), options);
}

std::unique_ptr<Env> make_env(const EnvSpec& spec, const EnvOptions& options) {
  const int n = options.image_size;
  require(n == 16 || n == 32 || n == 64, "[", spec.name, "] image_size is ", n,
          "; pictures are 16, 32 or 64 pixels wide");
  require(options.view == 0 || spec.view > 0, "[", spec.name,
          "] the picture is a fixed grid, its view cannot change");
  const TaskValues values = fill_values(spec, options);
  if (spec.make_own) return spec.make_own(options);
  EpisodeSettings settings;
  settings.image_size = n;
  settings.action_repeat = options.action_repeat == 0 ? spec.action_repeat : options.action_repeat;
  settings.time_limit = options.time_limit != 0           ? options.time_limit
                        : spec.time_limit_with != nullptr ? spec.time_limit_with(values)
                                                          : spec.time_limit;
  settings.view = options.view;
  return std::make_unique<TaskEnv>(spec.make_task(values), settings);
}

std::optional<double> env_score(const EnvSpec& spec, const EnvOptions& options,
                                double episode_return) {
  if (!spec.scale) return std::nullopt;
  const auto same = [](auto given, auto registered) {
    return given == decltype(given){} || given == registered;
  };
  if (!same(options.action_repeat, spec.action_repeat) ||
      !same(options.time_limit, spec.time_limit) || !same(options.view, spec.view))
    return std::nullopt;
  for (const auto& [name, value] : options.values) {
    const TaskOption* option = find_option(spec, name);
    if (option == nullptr || option->default_value != value) return std::nullopt;
  }
  const double zero = spec.scale->random.mean, one = spec.scale->oracle.mean;
  return (episode_return - zero) / (one - zero);
}

}  // namespace planet
