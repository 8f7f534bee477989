// Pictures of a run: true frames over what the model makes of them.
#pragma once

#include <filesystem>
#include <span>

#include "envs/raster.hpp"
#include "rssm/replay.hpp"
#include "rssm/world_model.hpp"

namespace planet {

/// The model follows the episode (posterior means of the pictures it was shown) and decodes each
/// frame: [rows] pictures as the model sees them, image_bits deep.
std::vector<Image> reconstruct(const WorldModel& model, const Episode& episode, std::uint64_t seed);

/// Two rows for each episode, true over reconstructed, `columns` frames evenly spaced in time.
Image reconstruction_sheet(const WorldModel& model, std::span<const Episode> episodes,
                           std::uint64_t seed, const std::string& title, int columns = 12);

}  // namespace planet
