// Pictures of a run: true frames above the model's reconstructions.
#pragma once

#include <filesystem>
#include <span>

#include "envs/raster.hpp"
#include "rssm/replay.hpp"
#include "rssm/world_model.hpp"

namespace planet {

/// The model filters the episode (posterior means given its frames) and decodes each frame: [rows]
/// pictures as the model sees them, with image_bits bits per channel.
std::vector<Image> reconstruct(const WorldModel& model, const Episode& episode, std::uint64_t seed);

/// Two rows per episode, true above reconstructed, with `columns` frames evenly spaced in time. decoded:
/// what reconstruct() makes of each episode.
Image reconstruction_sheet(std::span<const Episode* const> episodes,
                           std::span<const std::vector<Image>> decoded, const std::string& title,
                           int columns = 12);
/// The same of episodes that are yet to be reconstructed.
Image reconstruction_sheet(const WorldModel& model, std::span<const Episode> episodes,
                           std::uint64_t seed, const std::string& title, int columns = 12);

}  // namespace planet
