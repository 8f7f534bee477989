#include "apps/common/foresight/held_out.hpp"

#include <algorithm>

#include "apps/common/console/interrupt.hpp"
#include "apps/common/files/episode_file.hpp"
#include "apps/common/run/acting.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"

namespace planet {
namespace fs = std::filesystem;
namespace {

HeldOutEpisodes from_files(const HeldOutOptions& o, const RunConfig& config) {
  const ModelConfig& model = config.model;
  require(
      o.policy.empty() && o.seed.empty() && o.count.empty(),
      "--episodes names recorded episodes; --policy, --episode-seed and --episode-count are for "
      "episodes that are played");
  HeldOutEpisodes out;
  for (const std::string& name : o.files)
    for (const fs::path& file : episode_files(name)) {
      std::string task;
      out.episodes.push_back(load_episode_file(file, model, &task));
      require(task.empty() || task == config.env || config.env == "none" || o.other_task,
              file.string(), " is an episode of ", task, ", and the model has learned ", config.env,
              "; --other-task predicts it all the same");
    }
  out.description =
      cat(counted(static_cast<std::int64_t>(out.episodes.size()), "episode"), " from files");
  return out;
}

// Each agent plays its share of the seeds, one agent after the other.
bool play_agents(std::span<const LoadedModel> agents, std::uint64_t seed, int count,
                 Console& console, std::vector<Episode>& episodes) {
  const int n = static_cast<int>(agents.size());
  require(count >= n, "--episode-count is ", count, ", but there are ", n,
          " agents, and each plays at least one episode; --policy random needs none of them");
  for (int i = 0; i < n; ++i) {
    const int share = count / n + (i < count % n ? 1 : 0);
    const LoadedModel& agent = agents[static_cast<std::size_t>(i)];
    console.bar(static_cast<double>(i) / n, cat("agent ", i + 1, " of ", n, " plays"));
    std::optional<Evaluation> e = evaluate(*agent.model, agent.config, share, seed);
    if (!e) return false;
    seed += static_cast<std::uint64_t>(share);
    std::ranges::move(e->episodes, std::back_inserter(episodes));
  }
  console.clear_bar();
  return true;
}

}  // namespace

void HeldOutOptions::add_to(CommandLine& cli, const std::string& default_count) {
  const char* group = "Episodes";
  cli.list("--episodes", files,
           "predict these recorded episodes: an .npz file, or a folder of them such as "
           "RUN/episodes; may be given several times",
           group);
  cli.flag("--other-task", other_task, "accept --episodes of another task than the model's", group);
  cli.option("--policy", policy,
             "predict new episodes, played with `agent` (default) or `random` actions", group);
  cli.option("--episode-seed", seed, "environment seed of the first new episode (default 1000)",
             group);
  cli.option("--episode-count", count, cat("number of new episodes (default ", default_count, ")"),
             group);
}

std::optional<HeldOutEpisodes> held_out_episodes(const HeldOutOptions& o,
                                                 std::span<const LoadedModel> agents,
                                                 int default_count, Console& console) {
  const RunConfig& config = agents.front().config;
  require(!o.files.empty() || !o.other_task, "--other-task is for --episodes");
  if (!o.files.empty()) return from_files(o, config);
  const std::vector<std::string> policies{"agent", "random"};
  const std::string policy = o.policy.empty() ? "agent" : o.policy;
  require(std::ranges::find(policies, policy) != policies.end(), "--policy is '", policy,
          "'; it is agent or random", did_you_mean(policy, policies));
  std::uint64_t seed = first_evaluation_seed;
  int count = default_count;
  if (!o.seed.empty()) read_option("--episode-seed", o.seed, seed);
  if (!o.count.empty()) read_option("--episode-count", o.count, count);
  require(count >= 1, "--episode-count is ", count, "; it must be at least 1");
  require(seed < std::uint64_t{1} << 32, "--episode-seed is ", seed,
          "; from 4294967296 on the seeds belong to training");

  HeldOutEpisodes out;
  const auto last = seed + static_cast<std::uint64_t>(count) - 1;
  out.description = cat(counted(count, "episode"), " by ",
                        policy == "random"   ? "random actions"
                        : agents.size() == 1 ? "the agent"
                                             : "the agents in turn",
                        count == 1 ? ", seed " : ", seeds ", seed);
  if (count > 1) out.description += cat(" to ", last);
  if (policy == "agent") {
    if (!play_agents(agents, seed, count, console, out.episodes)) return std::nullopt;
    return out;
  }
  const std::unique_ptr<Env> env = make_env(config.env, config.make_env_options());
  for (; seed <= last; ++seed) {
    if (interrupted()) return std::nullopt;
    out.episodes.push_back(random_episode(*env, seed));
  }
  return out;
}

}  // namespace planet
