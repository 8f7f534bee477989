// RunConfig: everything that decides what a run does, as one struct with one table of its fields.
//
// The table (run_fields) is the single source of the flags, of the keys in config.toml, of the
// config inside a checkpoint, of the help and of the suggestions for a wrong word. A field may be
// set in several places; from weakest to strongest:
//
//   built-in defaults  <  the task's own preset  <  --preset  <  --config FILE  <  command line
//
// Next: run_options.hpp, which offers them to a program.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "apps/common/options/values.hpp"
#include "envs/registry.hpp"
#include "planner/planner.hpp"
#include "rssm/trainer.hpp"

namespace planet {

struct RunConfig {
  // ---- the task ----
  std::string env = "pendulum_swingup";
  std::map<std::string, std::string> env_options;  // options of the task, NAME -> VALUE
  int action_repeat = 0;                           // R; 0: the task's default
  std::uint64_t seed = 1;
  Precision precision = Precision::f32;  // or bf16

  // ---- Algorithm 1 ----
  std::string preset;                  // row of the table of sizes; informative
  int seed_episodes = 5;               // S
  int updates_per_episode = 100;       // C, updates per round
  int episodes_per_round = 1;          // after them
  int batch_size = 50;                 // B
  int batch_length = 50;               // L
  std::string collect = "planner";     // after the seed episodes: planner, random or none
  std::string episodes;                // folder of recorded episodes, for none
  std::string initial_model;           // whose parameters the run begins with; none: random ones
  double action_noise = 0.3;           // std of the planner's exploration noise, per action
  std::int64_t total_episodes = 1000;  // N, including seed episodes; 0: no limit
  std::int64_t steps = 0;              // environment frames, R per decision; 0: no limit
  std::int64_t total_updates = 0;      // of the model's parameters; 0: no limit
  Duration time_limit;                 // wall-clock time of the whole run; 0: no limit

  // ---- model, optimiser, planner ----
  ModelConfig model;  // action_size is the task's
  double learning_rate = 1e-3;
  std::vector<RateDrop> learning_rate_drops;  // after so many updates
  double adam_epsilon = 1e-4;
  double grad_clip = 1000;   // by the global norm
  double average_decay = 0;  // b of the parameters' average, which acts; 0: the last ones act
  PlannerConfig planner;

  // ---- evaluation, logging, checkpoints ----
  // There is always an evaluation at the end. never: only that one; auto: early looks at other
  // episodes as well, where they take little time. They change nothing in the run.
  Cadence eval_every{0, 0, true};
  int eval_episodes = 10;
  Cadence checkpoint_every{0, 60};
  int threads = 0;                // 0: as many as this process may use
  Duration env_timeout{60};       // for an answer of an environment elsewhere; 0: without end
  Duration rank_timeout{600};     // 0: a rank waits for another without end
  Bytes replay_memory;            // 0: room for 100,000 frames
  std::string progress = "auto";  // auto, bar, plain, none
  bool check_finite = false;

  /// Is there an environment, in which episodes can be played?
  bool has_env() const { return env != "none"; }
  bool collects() const { return collect != "none"; }
  bool operator==(const RunConfig&) const = default;
  /// Throws with a sentence naming the field. What needs the environment is checked by make_env.
  void check() const;
  /// The name of the task as a part of a file's name.
  std::string env_file_name() const;
  /// What the environment is built from. Error: an option the task does not have.
  EnvOptions make_env_options() const;
  /// What of it an update needs.
  TrainerConfig trainer() const;
  /// The replay memory in bytes, `auto` resolved.
  std::uint64_t replay_bytes() const;
};

/// One field of RunConfig: its names, its help, and how it is read and written.
struct Field {
  std::string key;      // "batch_length"; the flag is --batch-length
  std::string aliases;  // "--chunk-size,--other": names it has in other programs
  std::string group;    // heading in the help
  std::string help;
  enum class Kind { number, text, boolean, list } kind = Kind::text;
  /// May differ between a run and its continuation: it does not change what is computed.
  bool may_change = false;
  /// Of a field whose later part may differ: what the first `updates` updates used of it.
  std::function<std::string(const RunConfig&, std::int64_t updates)> used_by;
  /// Sets the field; of a list, adds one entry. Throws the end of a sentence ("is 'x'; it is ...").
  std::function<void(RunConfig&, const std::string&)> set;
  std::function<std::string(const RunConfig&)> get;  // of a list: entries joined by ','

  std::string flag() const;  // "--batch-length"
  /// What must be the same in the continuation of a run of so many updates.
  std::string fixed_part(const RunConfig& config, std::int64_t updates) const;
};

const std::vector<Field>& run_fields();
/// Null when there is no such key.
const Field* find_field(std::string_view key);
/// The keys of all fields, for suggestions.
std::vector<std::string> field_keys();

/// The defaults of a task: the row of the table of sizes that it asks for, and its recipe over it.
RunConfig task_defaults(const std::string& env);
/// Applies the row `preset` of the table of sizes to `config`: image and model, B x L, planner.
/// image_size 0 is the preset's own; convolutions and free nats follow the size.
void apply_preset(RunConfig& config, const std::string& preset, int image_size = 0);

}  // namespace planet
