#include "apps/train/setup.hpp"

#include <algorithm>
#include <concepts>
#include <fstream>
#include <iostream>
#include <limits>
#include <map>

#include "apps/common/console/threads.hpp"
#include "apps/common/options/command.hpp"
#include "apps/common/options/env_table.hpp"
#include "apps/common/options/recipes.hpp"
#include "apps/common/options/run_options.hpp"
#include "apps/common/options/version.hpp"
#include "apps/common/run/checkpoint.hpp"
#include "apps/common/run/recorded.hpp"
#include "apps/train/reporting.hpp"
#include "autograd/base/cgroup.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"
#include "autograd/base/text.hpp"

namespace planet {
namespace {

// Refuses a run that needs more than the available memory. Of the model, a batch and a plan only the
// largest arrays are counted, so this is a lower bound.
void check_memory(const RunConfig& config, const Env& env) {
  const auto there = static_cast<double>(available_memory());
  const auto fits = [&](const std::string& what, double bytes, const char* smaller) {
    require(there == 0 || bytes <= there, what, " ", bytes_text(bytes), ", and only ",
            bytes_text(there), " are available; give a smaller ", smaller);
  };
  const auto size = [](std::integral auto n) { return static_cast<double>(n); };
  const double row = size(env.image_bytes()) + 4 * (size(env.action_size()) + 1);
  double replay = size(config.replay_bytes());
  if (config.total_episodes > 0)
    replay = std::min(replay, size(config.total_episodes) * row * (size(env.episode_length()) + 1));
  fits("the replay memory may grow to", replay, "--replay-memory");

  const ModelConfig& m = config.model;
  const double h = m.latent_model == "ssm" ? 0 : size(m.deter_size), u = size(m.hidden_size),
               s = size(m.stoch_size), reward = size(m.reward_units);
  const double weights = 6 * h * h + (h + s + m.embed_size) * u +
                         std::max(0.0, size(m.reward_layers) - 1) * reward * reward;
  fits("the model's weights, their gradients and Adam's moments take", 16 * weights,
       "--deter-size, --stoch-size, --hidden-size or --reward-units");
  fits("the pictures of a batch take",
       4 * size(config.batch_size) * size(config.batch_length) * size(env.image_bytes()),
       "--batch-size or --batch-length");
  fits("the candidates of a plan take",
       4 * size(config.planner.horizon) * size(config.planner.candidates) * size(env.action_size()),
       "--candidates or --horizon");
}

const char* const goes_on_alike =
    "; a resumed run computes what it would have computed, so only limits and the options of "
    "evaluation, checkpoints and the machine may change";

RunConfig resumed_config(const RunConfig& before, const std::vector<Assignment>& typed) {
  RunConfig after = before;
  for (const Assignment& a : typed) {
    RunConfig changed = after;
    try {
      a.field->set(changed, a.text);
    } catch (const Error& e) {
      fail(a.where, " ", e.what());
    }
    const std::string was = a.field->get(after), is = a.field->get(changed);
    require(was == is || a.field->may_change, a.where, " is ", is, ", but the run began with ", was,
            goes_on_alike);
    after = changed;
  }
  after.check();
  return after;
}

// The config of a run that goes on. Its checkpoint knows what config.toml said when it was saved.
RunConfig config_before(const RunFolder& folder) {
  const RunConfig now = folder.config();
  const auto checkpoint = newest_checkpoint(folder.checkpoints());
  if (!checkpoint) return now;  // nothing was computed yet
  const std::string file = (folder.path() / "config.toml").string(), saved = config_of(*checkpoint);
  const RunConfig then = config_from_text(saved, checkpoint->string());
  const std::vector<Assignment> had = parse_config(saved, checkpoint->string()),
                                has = read_config_file(file);
  for (const Field& field : run_fields()) {
    if (field.may_change) continue;
    const std::string was = field.get(then), is = field.get(now);
    const auto sets = [&](const Assignment& a) { return a.field == &field; };
    require(std::ranges::none_of(had, sets) || std::ranges::any_of(has, sets), file, " has no ",
            field.key, ", and the run began with ", was, goes_on_alike);
    require(was == is, file, ": ", field.key, " is ", is, ", but the run began with ", was,
            goes_on_alike);
  }
  return now;
}

std::string examples() {
  return cat(
      "Examples:\n  ", command("train", {"--env", "pendulum_swingup", "--time-limit", "3m"}),
      "\n  ",
      command("train", {"--env", "cartpole_swingup", "--model", "ssm", "--total-episodes", "300",
                        "--logdir", "runs/cart"}),
      "\n  ", command("train", {"--resume", "runs/cart", "--total-episodes", "600"}), "\n  ",
      command("train", {"--config", "runs/cart/config.toml", "--seed", "2"}),
      "\nIn [brackets]: the defaults of pendulum_swingup. Other tasks have some of their own; add "
      "--print-config to see every value and stop.\n"
      "What wins: command line, then --config, then --preset, then the task's own preset.\n"
      "Exit status: 0 done, 2 bad input, 3 a non-finite loss, 130 stopped by Ctrl-C (saved).");
}

}  // namespace

std::uint64_t available_memory(const std::string& root) {
  std::uint64_t available = cgroup_limits(root).memory;
  std::ifstream meminfo(root + "/proc/meminfo");
  for (std::string key; meminfo >> key; std::getline(meminfo, key))
    if (std::uint64_t kib = 0; key == "MemAvailable:" && meminfo >> kib)
      available = std::min(available, kib * 1024);
  if (available == std::numeric_limits<std::uint64_t>::max()) return 0;
  return std::max<std::uint64_t>(available, 1);
}

std::optional<Setup> setup_run(int argc, const char* const* argv) {
  CommandLine cli("train", "PlaNet: learn a world model from pixels and plan in it (Algorithm 1).");
  std::string resume, config_file, logdir;
  bool list = false, json = false, print_config = false;
  cli.option("--resume", resume, "continue the run in this folder, bit for bit", "Run");
  cli.option("--config", config_file, "read options from a saved config.toml", "Run");
  cli.option("--logdir", logdir, "folder of the new run (default: runs/ENV-sSEED-TIME)", "Run");
  cli.flag("--print-config", print_config,
           "print the options as they would be used, in the form of config.toml, and stop", "Run");
  cli.flag("--list-envs", list, "print the tasks: figures, states, recipes and options; and stop",
           "Task");
  cli.flag("--json", json, "with --list-envs: one JSON object per line and task", "Task");
  RunOptions options;
  options.add(cli);
  cli.footer(examples());
  if (!cli.parse(argc, argv)) return std::nullopt;
  require(list || !json, "--json is for --list-envs");
  if (list) {
    std::cout << (json ? env_json() : env_table());
    return std::nullopt;
  }
  if (!resume.empty()) {
    require(!print_config, "--resume has its config in its folder; leave --print-config out");
    require(config_file.empty(), "--resume has the run's own config; leave --config out");
    require(logdir.empty() || std::filesystem::path(logdir) == resume,
            "--resume goes on in its own folder; leave --logdir out");
    RunFolder folder = RunFolder::open(resume);
    const RunConfig before = config_before(folder);
    const RunConfig config = resumed_config(before, options.typed());
    if (!(config == before)) folder.write_config(config);
    use_threads(config.threads);
    folder.note_command(argc, argv);
    return Setup{config, std::move(folder), true};
  }
  const std::vector<Assignment> file =
      config_file.empty() ? std::vector<Assignment>{} : read_config_file(config_file);
  std::vector<Assignment> typed = options.typed();
  add_recorded(file, typed);
  const RunConfig config = resolve_config(file, typed);
  if (print_config) {
    std::cout << config_text(config);
    return std::nullopt;
  }
  if (!config.collects()) recorded_episode(config, 0);  // of the right sizes, of the right task?
  check_memory(config, *make_env(config.env, config.make_env_options()));
  use_threads(config.threads);
  RunFolder folder = RunFolder::create(
      logdir.empty() ? default_run_path(config) : std::filesystem::path(logdir), config);
  folder.note_command(argc, argv);
  return Setup{config, std::move(folder), false};
}

namespace {

std::string model_line(const WorldModel& model) {
  std::vector<std::pair<std::string, std::int64_t>> parts;
  for (const Param& p : model.params().params()) {
    const std::string part = p.name.substr(0, p.name.find('/'));
    if (parts.empty() || parts.back().first != part) parts.emplace_back(part, 0);
    parts.back().second += p.shape.size();
  }
  std::string text;
  for (const auto& [part, count] : parts)
    text += cat(text.empty() ? "" : " + ", part, " ", with_commas(count));
  text += cat(" = ", with_commas(model.params().size()), " parameters");
  ModelConfig c = model.config();
  if (c.latent_model == "rssm") return text;
  const int width = latent_hidden_size(c);
  c.latent_model = "rssm";
  return cat(text, "; hidden width ", width, " in the place of ", c.hidden_size, ": an rssm has ",
             with_commas(latent_parameters(c, c.hidden_size)));
}

// The options set by the task's recipe and not overridden; "" if there are none.
std::string recipe_text(const RunConfig& config) {
  const RunConfig defaults = task_defaults(config.env);
  std::string text;
  for (const std::string& entry : recipe_of(config.env).settings) {
    const Field& field = *find_field(entry.substr(0, entry.find('=')));
    const std::string value = field.get(config);
    if (value == field.get(defaults)) text += cat(text.empty() ? "" : ", ", field.key, " ", value);
  }
  return text.empty() ? text : cat(text, ", ", config.env, "'s own");
}

std::string ends_text(const RunConfig& config) {
  std::vector<std::string> ends;
  if (config.total_episodes > 0) ends.push_back(with_commas(config.total_episodes) + " episodes");
  if (config.steps > 0) ends.push_back(with_commas(config.steps) + " environment frames");
  if (config.total_updates > 0) ends.push_back(with_commas(config.total_updates) + " updates");
  if (config.time_limit.seconds > 0)
    ends.push_back(write_value(config.time_limit) +
                   " of wall-clock time, including the last evaluation");
  return ends.empty() ? "never; stop it by Ctrl-C, which saves" : "after " + join(ends, " or ");
}

}  // namespace

void print_header(Console& console, const Setup& setup, const Env& env, const WorldModel& model) {
  const RunConfig& c = setup.config;
  const double budget = static_cast<double>(c.replay_bytes());
  // Wrapped, so that it can be read in a terminal of 80 columns.
  const auto line = [&](const char* head, const std::string& words) {
    std::string text = paragraph(head, words, 80);
    text.pop_back();
    console.line(text);
  };
  line("", version_text());
  console.line(cat("run      ", setup.folder.path().string(), setup.resumed ? " (resumed)" : ""));
  line("threads  ", cat(threads(), " used; the default is ", cpu_budget().describe()));
  if (!c.has_env())
    line("task     ", cat(env_spec(c.env).description, "; ", env.image_size(), "x",
                          env.image_size(), " pixels, ", env.action_size(),
                          env.action_size() == 1 ? " action" : " actions", ", seed ", c.seed));
  else
    line("task     ",
         cat(c.env, ": ", env_spec(c.env).description, "; ", env.image_size(), "x",
             env.image_size(), " pixels, ", env.action_size(),
             env.action_size() == 1 ? " action" : " actions", ", repeat ", env.action_repeat(),
             ", ", env.episode_length(), " decisions per episode, seed ", c.seed));
  line("model    ", cat("preset ", c.preset, ": ", model_line(model)));
  if (const std::string recipe = recipe_text(c); !recipe.empty()) line("recipe   ", recipe);
  std::string round =
      cat(c.updates_per_episode, " updates of ", c.batch_size, " x ", c.batch_length, " rows");
  if (c.collects()) round += ", then one episode ";
  if (c.collect == "random") round += "of random actions";
  if (!c.collects()) round += cat("; ", c.seed_episodes, " recorded episodes of ", c.episodes);
  if (c.collect != "planner" && c.has_env()) round += "; evaluations are ";
  if (c.has_env()) round += "planned with " + planner_text(c.planner);
  line("round    ", round);
  line("replay   ",
       cat("up to ", bytes_text(budget), " = ",
           with_commas(static_cast<std::int64_t>(budget / static_cast<double>(env.image_bytes()))),
           " frames; ", bytes_text(static_cast<double>(available_memory())), " available"));
  line("ends     ", ends_text(c));
  console.line(scale_line(c));
  line(
      "",
      "Losses are means over a round. The return and its score are the collected episode's: noisy, "
      "trained on.");
  console.line(round_header());
}

}  // namespace planet
