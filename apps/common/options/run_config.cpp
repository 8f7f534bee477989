#include "apps/common/options/run_config.hpp"

#include <algorithm>

#include "apps/common/bridge/bridge.hpp"
#include "apps/common/options/recipes.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"
#include "planner/agent.hpp"

namespace planet {
namespace {

// The rows of the table that do not belong to the model (rssm/config.hpp has those that do).
struct Sizes {
  const char* preset;
  int batch_size, batch_length;
  PlannerConfig planner;
};
const Sizes sizes[] = {
    {"tiny", 16, 25, {"cem", 12, 6, 200, 20}},
    {"small", 32, 32, {"cem", 12, 10, 500, 50}},
    {"paper", 50, 50, {"cem", 12, 10, 1000, 100}},
};

// Applies a task's recipe to the row of the table that the task asks for. The image size comes
// first, because the convolutions follow it.
void apply_recipe(RunConfig& config, const Recipe& recipe) {
  const auto each = [&](const auto& visit) {
    for (const std::string& entry : recipe.settings) {
      const std::size_t equals = std::min(entry.find('='), entry.size());
      const Field* field = find_field(entry.substr(0, equals));
      require(field != nullptr && equals < entry.size(), "[", config.env, "] the recipe's '", entry,
              "' is not KEY=VALUE of a run's option",
              did_you_mean(entry.substr(0, equals), field_keys()));
      visit(*field, entry.substr(equals + 1));
    }
  };
  each([&](const Field& field, const std::string& value) {
    if (field.key != "image_size") return;
    field.set(config, value);
    apply_preset(config, recipe.preset, config.model.image_size);
  });
  each([&](const Field& field, const std::string& value) { field.set(config, value); });
}

}  // namespace

void apply_preset(RunConfig& config, const std::string& preset, int image_size) {
  const int action_size = config.model.action_size;
  config.model = model_preset(preset, image_size);
  config.model.action_size = action_size;
  const auto row = std::find_if(std::begin(sizes), std::end(sizes),
                                [&](const Sizes& s) { return s.preset == preset; });
  require(row != std::end(sizes), "the preset '", preset, "' has no batch and planner sizes");
  config.preset = preset;
  config.batch_size = row->batch_size;
  config.batch_length = row->batch_length;
  config.planner = row->planner;
}

RunConfig task_defaults(const std::string& env) {
  const EnvSpec& spec = find_env(env);
  RunConfig config;
  config.env = env;
  const Recipe& recipe = recipe_of(env);
  apply_preset(config, recipe.preset);
  apply_recipe(config, recipe);
  if (spec.time_limit > 0)
    config.batch_length = std::min(config.batch_length, spec.time_limit / spec.action_repeat + 1);
  return config;
}

std::string RunConfig::env_file_name() const {
  std::string name = env;
  for (char& c : name)
    if (std::string_view(":/ '\"").find(c) != std::string_view::npos) c = '-';
  return name.substr(0, 60);
}

EnvOptions RunConfig::make_env_options() const {
  const EnvSpec& spec = env_spec(env);
  EnvOptions options;
  for (const auto& [name, value] : env_options)
    set_env_option(spec, options, cat(name, "=", value));
  options.image_size = model.image_size;
  options.patience = env_timeout.seconds;
  if (action_repeat != 0) {
    require(options.action_repeat == 0 || options.action_repeat == action_repeat,
            "--action-repeat is ", action_repeat, " and --env-option action_repeat is ",
            options.action_repeat, "; give one of them");
    options.action_repeat = action_repeat;
  }
  return options;
}

TrainerConfig RunConfig::trainer() const {
  return {seed,
          batch_size,
          batch_length,
          grad_clip,
          {learning_rate, 0.9, 0.999, adam_epsilon, learning_rate_drops}};
}

std::uint64_t RunConfig::replay_bytes() const {
  if (replay_memory.count > 0) return replay_memory.count;
  constexpr std::uint64_t frames = 100'000;
  const auto n = static_cast<std::uint64_t>(model.image_size);
  const auto row = n * n * 3 + (static_cast<std::uint64_t>(model.action_size) + 1) * sizeof(float);
  return frames * row;
}

void RunConfig::check() const {
  const auto at_least = [](double value, double least, const char* key) {
    require(value >= least, key, " is ", value, "; it must be at least ", least);
  };
  at_least(seed_episodes, 1, "seed_episodes");
  at_least(updates_per_episode, 1, "updates_per_episode");
  at_least(episodes_per_round, 1, "episodes_per_round");
  at_least(batch_size, 1, "batch_size");
  at_least(batch_length, 2, "batch_length");
  at_least(action_noise, 0, "action_noise");
  const std::vector<std::string> collectors{"planner", "random", "none"};
  require(std::find(collectors.begin(), collectors.end(), collect) != collectors.end(),
          "collect is '", collect, "'; it is one of ", join(collectors),
          did_you_mean(collect, collectors));
  require(
      collects() || !episodes.empty(),
      "with --collect none a model learns from recorded episodes; give their folder by --episodes");
  require(!collects() || episodes.empty(), "--episodes is ", episodes, ", and collect is ", collect,
          "; recorded episodes are learned from with --collect none");
  require(!collects() || has_env(),
          "with --env none nothing can be collected; give --collect none and "
          "--episodes FOLDER");
  require(collects() || (total_episodes == 0 && steps == 0),
          "with --collect none no episode and no frame "
          "is collected; the limit is --total-updates or --time-limit");
  require(collects() || episodes_per_round == 1, "episodes_per_round is ", episodes_per_round,
          ", and with --collect none no episode is collected; leave it out");
  require(
      collects() || (eval_every.episodes == 0 && checkpoint_every.episodes == 0),
      "with --collect none no episode is collected; --eval-every and --checkpoint-every are times "
      "(60s) or never");
  require(has_env() || eval_every.automatic || eval_every.never(), "--eval-every is ",
          write_value(eval_every),
          ", and with --env none there is nothing to evaluate in; leave it out");
  at_least(static_cast<double>(total_updates), 0, "total_updates");
  at_least(static_cast<double>(total_episodes), 0, "total_episodes");
  at_least(static_cast<double>(steps), 0, "steps");
  require(total_episodes == 0 || total_episodes >= seed_episodes, "total_episodes is ",
          total_episodes, " and seed_episodes is ", seed_episodes,
          "; the total includes the seed episodes");
  at_least(learning_rate, 0, "learning_rate");
  check_drops(learning_rate, learning_rate_drops);
  require(adam_epsilon > 0, "adam_epsilon is ", adam_epsilon, "; it must be above 0");
  require(grad_clip > 0, "grad_clip is ", grad_clip, "; it must be above 0");
  require(average_decay >= 0 && average_decay < 1, "average_decay is ", average_decay,
          "; it must be in [0,1), such as 0.999");
  at_least(eval_episodes, 1, "eval_episodes");
  require(!checkpoint_every.automatic,
          "checkpoint_every is 'auto'; it is a number of episodes, a time, or never");
  require(threads >= 0 && threads <= 1024, "threads is ", threads,
          "; it must be between 0 (choose) and 1024");
  const std::vector<std::string> ways{"auto", "bar", "plain", "none"};
  require(std::find(ways.begin(), ways.end(), progress) != ways.end(), "progress is '", progress,
          "'; it is one of ", join(ways), did_you_mean(progress, ways));
  model.check();
  require(model.overshooting_distance <= batch_length, "overshooting_distance is ",
          model.overshooting_distance, " and batch_length is ", batch_length,
          "; a window holds no target further than its length from a start");
  planner.check();
  check_planner_for(model, planner);
}

}  // namespace planet
