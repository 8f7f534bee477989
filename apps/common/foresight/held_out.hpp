// The held-out episodes that dream and compare predict: recorded files, or new episodes.
//
// New episodes begin from environment seeds that training never uses (run/acting.hpp), so that no
// model has seen them. The agents of the runs play them in turn, without exploration noise. Random
// actions cover more of the environment, but less of what the model is used for.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/common/console/console.hpp"
#include "apps/common/options/command_line.hpp"
#include "apps/common/run/checkpoint.hpp"
#include "rssm/replay.hpp"

namespace planet {

/// The options that choose the episodes, as typed.
struct HeldOutOptions {
  std::vector<std::string> files;
  bool other_task = false;
  std::string policy, seed, count;
  void add_to(CommandLine& cli, const std::string& default_count);
};

struct HeldOutEpisodes {
  std::vector<Episode> episodes;
  std::string description;  // "5 episodes by the agent, seeds 1000 to 1004"
};

/// By default `agents` play `default_count` episodes in all. Returns nothing after Ctrl-C.
/// Error: options that contradict each other, a file or folder without episodes, an agent that
/// would play no episode, an episode of another task without other_task.
std::optional<HeldOutEpisodes> held_out_episodes(const HeldOutOptions& options,
                                                 std::span<const LoadedModel> agents,
                                                 int default_count, Console& console);

}  // namespace planet
