// Episodes that were recorded elsewhere, to be learned from: train --episodes FOLDER --collect none.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/common/options/config_file.hpp"
#include "apps/common/run/acting.hpp"

namespace planet {

/// Adds to `typed` what follows from the folder of its --episodes: the sizes of pictures and actions, the
/// number of episodes, no limit on episodes and, unless `typed` or `file` say otherwise, windows no
/// longer than the longest episode. Changes nothing without that option. Every file is read once.
/// Error: no episodes, episodes of several sizes, too much for the replay memory, or an option that
/// says otherwise.
void add_recorded(const std::vector<Assignment>& file, std::vector<Assignment>& typed);

/// Episode k of the run's folder of recorded episodes, in the order of the names. Error: not an
/// episode of the model's sizes, or one of another task than the run's.
CollectedEpisode recorded_episode(const RunConfig& config, std::int64_t k);

}  // namespace planet
