// Which recorded episodes dream and compare predict: files, or episodes that are played for it.
//
// Played episodes begin from environment seeds that training never uses (run/acting.hpp), so that
// no model has seen them. The agents of the runs play them without exploration noise, in turn;
// random actions say more of the world and less of what the model is used for.
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

/// The options that choose them, as typed.
struct HeldOutOptions {
  std::vector<std::string> files;
  std::string policy, seed, count;
  void add_to(CommandLine& cli, const std::string& default_count);
};

struct HeldOut {
  std::vector<Episode> episodes;
  std::string description;  // "5 episodes by the agent, seeds 1000 to 1004"
};

/// `agents` play `default_count` episodes together where nothing else is said. Nothing on Ctrl-C.
/// Error: options that contradict each other, a file or folder without episodes, an agent without
/// an episode.
std::optional<HeldOut> held_out_episodes(const HeldOutOptions& options,
                                         std::span<const LoadedModel> agents, int default_count,
                                         Console& console);

}  // namespace planet
