#include "apps/plot/run_metrics.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "apps/common/files/text.hpp"
#include "apps/common/files/toml.hpp"
#include "apps/common/options/command_line.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"
#include "envs/registry.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace {

namespace fs = std::filesystem;

// "seed12"
bool is_seed(const std::string& name) {
  return name.starts_with("seed") && name.size() > 4 &&
         name.find_first_not_of("0123456789", 4) == std::string::npos;
}

// The folder itself, or the runs of `train --seeds` in it, by seed.
std::vector<fs::path> runs_in(const fs::path& folder) {
  require(fs::is_directory(folder), folder.string(),
          " is no run folder; give one table, or run folders");
  if (fs::exists(folder / "config.toml")) return {folder};
  std::vector<fs::path> runs;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (is_seed(entry.path().filename().string()) && fs::exists(entry.path() / "metrics.csv"))
      runs.push_back(entry.path());
  std::ranges::sort(runs, {}, [](const fs::path& run) {
    const std::string name = run.filename().string();
    return std::pair(name.size(), name);
  });
  require(!runs.empty(), folder.string(), " holds neither a run nor runs of train --seeds");
  return runs;
}

struct Config {
  std::string seed, env;
  std::optional<ScoreScale> scale;
};

Config read_config(const fs::path& run) {
  const fs::path file = run / "config.toml";
  Config c;
  EnvOptions options;
  std::vector<std::string> env_options;
  for (const TomlEntry& entry : parse_toml(read_text(file), file.string())) {
    if (entry.values.empty()) continue;
    if (entry.key == "seed") c.seed = entry.values.front();
    if (entry.key == "env") c.env = entry.values.front();
    if (entry.key == "env_option") env_options = entry.values;
    if (entry.key == "action_repeat")
      read_option(file.string() + ": action_repeat", entry.values.front(), options.action_repeat);
  }
  require(!c.seed.empty(), file.string(), " has no seed");
  const auto spec = std::ranges::find(list_envs(), c.env, &EnvSpec::name);
  if (spec == list_envs().end()) return c;  // a task of another binary
  for (const std::string& option : env_options) set_env_option(*spec, options, option);
  if (env_score(*spec, options, 0)) c.scale = spec->scale;
  return c;
}

}  // namespace

RunsTable read_runs(const std::vector<std::string>& folders) {
  std::string text;
  std::vector<Config> configs;
  bool seeds = false;
  for (const fs::path folder : folders)
    for (const fs::path& run : runs_in(folder)) {
      const std::string metrics = read_plain_text(run / "metrics.csv", std::size_t{1} << 28);
      const fs::path path = fs::absolute(run.has_filename() ? run : run.parent_path());
      const bool repeated = is_seed(path.filename().string());
      const std::string name = (repeated ? path.parent_path() : path).filename().string();
      seeds = seeds || repeated;
      configs.push_back(read_config(run));
      const std::string front = cat(csv_cell(name), ",", csv_cell(configs.back().seed), ",");
      std::size_t at = metrics.find('\n');
      if (text.empty()) text = cat("run,seed,", metrics.substr(0, at), "\n");
      // An incomplete last row is left by a killed process; --resume drops it.
      for (std::size_t end; at != std::string::npos; at = end) {
        end = metrics.find('\n', at + 1);
        if (end != std::string::npos) text += front + metrics.substr(at + 1, end - at);
      }
    }
  RunsTable out{CsvTable::parse(text, join(folders)), configs.front().env, seeds, {}};
  for (const Config& c : configs)
    if (c.env != out.env) out.env = "";
  if (!out.env.empty() &&
      std::ranges::all_of(configs, [](const auto& c) { return c.scale.has_value(); })) {
    const ScoreScale& scale = *configs.front().scale;
    out.scale = {{scale.random.mean, "random"}, {scale.oracle.mean, "oracle"}};
  }
  return out;
}

std::string in_words(const std::string& column) {
  static const std::map<std::string, const char*> words{
      {"counter/updates", "updates"},
      {"counter/episodes", "episodes"},
      {"counter/decisions", "decisions"},
      {"counter/env_frames", "control steps"},
      {"train/return", "return while training"},
      {"eval/return_mean", "return of the evaluations"},
      {"eval/score", "score of the evaluations"},
      {"loss/image", "image loss (nats)"},
      {"loss/kl", "KL of posterior and prior (nats)"},
      {"time/elapsed", "wall-clock time (s)"},
  };
  const auto found = words.find(column);
  return found == words.end() ? column : found->second;
}

}  // namespace planet
