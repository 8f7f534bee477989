#include "apps/train/setup.hpp"

#include <algorithm>
#include <concepts>
#include <fstream>
#include <iostream>
#include <limits>
#include <regex>
#include <sstream>

#include "apps/common/console/threads.hpp"
#include "apps/common/options/command.hpp"
#include "apps/common/options/env_table.hpp"
#include "apps/common/options/recipes.hpp"
#include "apps/common/options/run_options.hpp"
#include "apps/common/run/checkpoint.hpp"
#include "apps/train/recorded.hpp"
#include "autograd/base/cgroup.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"
#include "autograd/base/text.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace fs = std::filesystem;
namespace {

// Refuses runs, so many at a time, that need more than the available memory. Of the model, a batch and
// a plan only the largest arrays are counted, so this is a lower bound.
void check_memory(const RunConfig& config, int runs) {
  const std::unique_ptr<Env> made = make_env(config.env, config.make_env_options());
  const Env& env = *made;
  const auto there = static_cast<double>(available_memory());
  const auto fits = [&](const std::string& what, double each, const char* smaller) {
    const double bytes = each * runs;
    require(there == 0 || bytes <= there, what, " ", bytes_text(bytes),
            runs > 1 ? cat(" in ", runs, " runs at a time") : "", ", and only ", bytes_text(there),
            " are available; give a smaller ", smaller, runs > 1 ? " or fewer --jobs" : "");
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
    "; a resumed run computes what it would have computed, so only limits, drops of the learning "
    "rate yet to come, and the options of evaluation, checkpoints and the machine may change";

// A checkpoint's folder is named by its updates.
std::int64_t updates_of(const std::optional<fs::path>& checkpoint) {
  std::int64_t updates = 0;
  if (checkpoint) read_value(checkpoint->filename().string(), updates);
  return updates;
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
  const std::int64_t updates = updates_of(checkpoint);
  for (const Field& field : run_fields()) {
    if (field.may_change) continue;
    const std::string was = field.fixed_part(then, updates), is = field.fixed_part(now, updates);
    const auto sets = [&](const Assignment& a) { return a.field == &field; };
    require(std::ranges::none_of(had, sets) || std::ranges::any_of(has, sets), file, " has no ",
            field.key, ", and the run began with ", was, goes_on_alike);
    require(was == is, file, ": ", field.key, " is ", is, ", but the run began with ", was,
            goes_on_alike);
  }
  return now;
}

RunConfig resumed_config(const RunFolder& folder, const std::vector<Assignment>& typed) {
  RunConfig after = config_before(folder);
  const std::int64_t updates = updates_of(newest_checkpoint(folder.checkpoints()));
  for (const Assignment& a : typed) {
    RunConfig changed = after;
    try {
      a.field->set(changed, a.text);
    } catch (const Error& e) {
      fail(a.where, " ", e.what());
    }
    const std::string was = a.field->fixed_part(after, updates),
                      is = a.field->fixed_part(changed, updates);
    require(was == is, a.where, " is ", is, ", but the run began with ", was, goes_on_alike);
    after = changed;
  }
  after.check();
  return after;
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

namespace {

// "1-5", "1,3,7-9"
std::vector<std::uint64_t> read_seeds(const std::string& text) {
  const auto wrong = [&](const std::string& why) {
    fail("--seeds is '", text, "'; ", why, "it is a list such as 1-5 or 1,3,7-9");
  };
  const auto number = [&](const std::string& word) {
    std::uint64_t value = 0;
    try {
      read_value(word, value);
    } catch (const Error&) {
      wrong("");
    }
    return value;
  };
  std::vector<std::uint64_t> seeds;
  std::istringstream parts(text + ",");
  for (std::string part; std::getline(parts, part, ',');) {
    const std::size_t dash = part.find('-');
    const std::uint64_t first = number(part.substr(0, dash));
    const std::uint64_t last = dash == std::string::npos ? first : number(part.substr(dash + 1));
    if (last < first) wrong("a range goes upwards; ");
    if (last - first >= 1000 || seeds.size() >= 1000) wrong("a thousand seeds are the most; ");
    for (std::uint64_t seed = first; seed <= last; ++seed) seeds.push_back(seed);
  }
  std::ranges::sort(seeds);
  if (std::ranges::adjacent_find(seeds) != seeds.end()) wrong("each seed may occur once; ");
  return seeds;
}

// The runs of --seeds in a folder, by seed.
std::vector<fs::path> seed_runs(const fs::path& folder) {
  std::vector<std::pair<std::uint64_t, fs::path>> found;
  if (fs::is_directory(folder) && !fs::exists(folder / "config.toml"))
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      static const std::regex pattern("seed([0-9]{1,20})");
      const std::string name = entry.path().filename().string();
      std::smatch parts;
      if (std::regex_match(name, parts, pattern) && fs::exists(entry.path() / "config.toml"))
        found.emplace_back(std::stoull(parts[1]), entry.path());
    }
  std::ranges::sort(found);
  std::vector<fs::path> runs;
  for (const auto& [seed, path] : found) runs.push_back(path);
  return runs;
}

// What several ranks need.
void check_ranks(const RunConfig& config, int ranks) {
  require(config.batch_size >= ranks, "batch_size is ", config.batch_size, ", and ", ranks,
          " ranks share a batch; each takes at least one window, so give at most ",
          config.batch_size, " ranks, or a larger --batch-size");
  require(ranks == 1 || config.collects(), "collect is none, and ", ranks,
          " ranks each collect episodes of their own; learn from recorded episodes in one process");
  require(
      ranks == 1 || !config.model.free_nats_after_mean, "free_nats_after_mean is true, and ", ranks,
      " ranks share a batch; the mean over all of its windows is known to none of them, so leave "
      "it out or start one process");
}

// The words of the command line that RunOptions read, as they go to each run.
std::vector<std::string> words_of(const std::vector<Assignment>& typed) {
  std::vector<std::string> words;
  for (const Assignment& a : typed)
    if (a.field->key != "threads") words.push_back(cat(a.field->flag(), "=", a.text));
  return words;
}

// A model that begins with the parameters of another has its options, too.
void add_initial_model(const std::vector<Assignment>& file, std::vector<Assignment>& typed) {
  const Assignment* given = strongest_assignment(file, typed, "initial_model");
  if (given == nullptr || given->text.empty()) return;
  const RunConfig initial = load_model(given->text).config;
  const std::string where = cat("--initial-model ", given->text);
  for (const Field& field : run_fields())
    if (field.group == "Model" || field.key == "image_size")
      follow(typed, field.key, field.get(initial), where);
}

void check_actions(const RunConfig& config) {
  if (config.initial_model.empty()) return;
  const RunConfig initial = load_model(config.initial_model).config;
  require(initial.model.action_size == config.model.action_size, "--initial-model ",
          config.initial_model, " is a model of ", initial.env, " with ",
          counted(initial.model.action_size, "action"), ", and ", config.env, " has ",
          counted(config.model.action_size, "action"));
}

// Options of the command line that are no fields of a run's config.
struct Words {
  std::string resume, config_file, logdir, seeds, jobs, env_command;
  bool list = false, json = false, print_config = false;
};

void add_env_command(const std::string& command, std::vector<Assignment>& typed) {
  const auto is_env = [](const Assignment& a) { return a.field->key == "env"; };
  require(std::ranges::none_of(typed, is_env),
          "--env and --env-command are both given; give one of them");
  typed.push_back({find_field("env"), "command:" + command, "--env-command"});
}

// The share of each run: all threads that were asked for, or that there are, divided by the runs at
// a time; at least one.
void share_threads(SeedRuns& set, const std::string& jobs, int threads) {
  if (!jobs.empty()) read_option("--jobs", jobs, set.jobs);
  require(set.jobs >= 1, "--jobs is ", set.jobs, "; it is a number of runs, 1 or more");
  set.jobs = std::min(set.jobs, static_cast<int>(set.runs.size()));
  set.threads = std::max(1, choose_threads(threads).threads / set.jobs);
}

Setup resume_run(const fs::path& path, const std::vector<Assignment>& typed, int ranks) {
  RunFolder folder = RunFolder::open(path);
  const RunConfig config = resumed_config(folder, typed);
  check_ranks(config, ranks);
  if (!(config == folder.config())) folder.write_config(config);
  return {config, std::move(folder), true};
}

// Each run is resumed by a process of its own: train --resume FOLDER/seed1.
SeedRuns resume_seeds(const Words& words, const std::vector<Assignment>& typed) {
  SeedRuns set;
  set.folder = words.resume;
  set.runs = seed_runs(set.folder);
  set.options = words_of(typed);
  int threads = 0;
  for (const fs::path& run : set.runs) {
    const RunConfig config = resumed_config(RunFolder::open(run), typed);
    for (const Assignment& a : typed)
      if (a.field->key == "threads") threads = config.threads;
    set.progress = config.progress;
  }
  share_threads(set, words.jobs, threads);
  return set;
}

SeedRuns create_seeds(const Words& words, const std::vector<Assignment>& file,
                      const std::vector<Assignment>& typed, int argc, const char* const* argv) {
  require(!words.print_config, "--print-config shows one run; give --seed in the place of --seeds");
  for (const Assignment& a : typed)
    require(a.field->key != "seed", "--seed and --seeds are both given; give one of them");
  const std::vector<std::uint64_t> seeds = read_seeds(words.seeds);
  RunConfig config = resolve_config(file, typed);
  check_actions(config);
  SeedRuns set;
  set.folder = words.logdir.empty() ? default_run_path(config, "seeds") : fs::path(words.logdir);
  for (const std::uint64_t seed : seeds) set.runs.push_back(set.folder / cat("seed", seed));
  share_threads(set, words.jobs, config.threads);
  set.progress = config.progress;
  config.threads = set.threads;
  check_memory(config, set.jobs);
  make_folder(set.folder);
  require(seed_runs(set.folder).empty(), set.folder.string(),
          " holds runs already; give another --logdir, or go on with them: ",
          command("train", {"--resume", set.folder.string()}));
  require(fs::is_empty(set.folder), set.folder.string(), " is not empty; give another --logdir");
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    config.seed = seeds[i];
    RunFolder::create(set.runs[i], config).note_command(argc, argv);
  }
  return set;
}

}  // namespace

std::optional<Setup> share_setup(Asked asked, Ranks& ranks) {
  std::optional<Setup> setup;
  if (auto* own = std::get_if<Setup>(&asked)) setup.emplace(std::move(*own));
  const std::string config = ranks.from_first(setup ? config_text(setup->config) : "");
  if (config.empty()) return std::nullopt;
  const std::string folder = ranks.from_first(setup ? setup->folder.path().string() : "");
  const bool resumed = ranks.any(setup && setup->resumed);
  if (!setup) {
    setup.emplace(Setup{config_from_text(config, "rank 0"), RunFolder::of_rank_0(folder), resumed});
    use_threads(setup->config.threads);
  }
  ranks.set_patience(setup->config.rank_timeout.seconds);
  return setup;
}

Asked setup_run(int argc, const char* const* argv, int ranks) {
  CommandLine cli("train", "PlaNet: learn a world model from pixels and plan in it (Algorithm 1).");
  Words words;
  cli.option("--resume", words.resume, "continue the run in this folder, bit for bit", "Run");
  cli.option("--config", words.config_file, "read options from a saved config.toml", "Run");
  cli.option("--logdir", words.logdir, "folder of the new run (default: runs/ENV-sSEED-TIME)",
             "Run");
  cli.option("--seeds", words.seeds,
             "a run for each of these seeds (1-5, or 1,3,7-9) in LOGDIR/seed1, ..., drawn together",
             "Run");
  cli.option("--jobs", words.jobs, "with --seeds, runs at a time, which share the threads [1]",
             "Run");
  cli.flag("--print-config", words.print_config,
           "print the options as they would be used, in the form of config.toml, and stop", "Run");
  cli.option(
      "--env-command", words.env_command,
      "a program that is the environment (short for --env command:...): it answers on a pipe",
      "Task");
  cli.flag("--list-envs", words.list,
           "print the tasks: figures, states, recipes and options; and stop", "Task");
  cli.flag("--json", words.json, "with --list-envs: one JSON object per line and task", "Task");
  RunOptions options;
  options.add(cli);
  cli.footer(examples());
  if (!cli.parse(argc, argv)) return {};
  require(words.list || !words.json, "--json is for --list-envs");
  if (words.list) {
    std::cout << (words.json ? env_json() : env_table());
    return {};
  }
  const bool go_on = !words.resume.empty();
  const bool several = !words.seeds.empty() || (go_on && !seed_runs(words.resume).empty());
  require(several || words.jobs.empty(),
          "--jobs is for several runs: --seeds, or --resume of their "
          "folder");
  require(!several || ranks == 1, "several runs have a process each; start train without mpirun");
  if (go_on) {
    require(!words.print_config, "--resume has its config in its folder; leave --print-config out");
    require(words.config_file.empty(), "--resume has the run's own config; leave --config out");
    require(words.env_command.empty(), "--resume has the run's own task; leave --env-command out");
    require(words.seeds.empty(),
            "--resume goes on with the seeds in its folder; leave --seeds out");
    require(words.logdir.empty() || fs::path(words.logdir) == words.resume,
            "--resume goes on in its own folder; leave --logdir out");
    if (several) return resume_seeds(words, options.typed());
    Setup setup = resume_run(words.resume, options.typed(), ranks);
    use_threads(setup.config.threads);
    setup.folder.note_command(argc, argv);
    return setup;
  }
  const std::vector<Assignment> file =
      words.config_file.empty() ? std::vector<Assignment>{} : read_config_file(words.config_file);
  std::vector<Assignment> typed = options.typed();
  if (!words.env_command.empty()) add_env_command(words.env_command, typed);
  add_recorded(file, typed);
  add_initial_model(file, typed);
  if (several) return create_seeds(words, file, typed, argc, argv);
  RunConfig config = resolve_config(file, typed);
  const auto sets_episodes = [](const Assignment& a) {
    return a.field->key == "episodes_per_round";
  };
  if (std::ranges::none_of(file, sets_episodes) && std::ranges::none_of(typed, sets_episodes))
    config.episodes_per_round = ranks;
  check_ranks(config, ranks);
  check_actions(config);
  if (words.print_config) {
    std::cout << config_text(config);
    return {};
  }
  if (!config.collects()) recorded_episode(config, 0);  // of the right sizes, of the right task?
  check_memory(config, 1);
  use_threads(config.threads);
  RunFolder folder =
      RunFolder::create(words.logdir.empty() ? default_run_path(config, cat("s", config.seed))
                                             : fs::path(words.logdir),
                        config);
  folder.note_command(argc, argv);
  return Setup{config, std::move(folder), false};
}

}  // namespace planet
