// Open-loop predictions to look at: strips of frames under each other on a sheet, or side by side
// in an animation. A green border while the model sees, a red one once its eyes are closed.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "apps/common/foresight/open_loop.hpp"
#include "envs/raster.hpp"

namespace planet {

/// One line of pictures, a frame a row of the episode.
struct Strip {
  std::string label;
  std::vector<Image> frames;  // [T]
  bool border = true;         // is it what the model sees or imagines?
};

/// Pictures [N,n,n,3] in the model's range as images, image_bits deep.
std::vector<Image> to_images(std::span<const float> pixels, std::ptrdiff_t n, int image_bits);
/// What sample j of every row looks like.
std::vector<Image> imagined_frames(const WorldModel& model, const OpenLoop& loop, std::ptrdiff_t j);
/// The episode's own frames 0 .. T-1.
std::vector<Image> true_frames(const Episode& episode, std::ptrdiff_t T);
/// (imagined - truth) / 2 around a middle grey, which is "the same".
std::vector<Image> differences(std::span<const Image> imagined, std::span<const Image> truth);

/// At most `columns` rows of the episode, spread over both parts; always the last row that was
/// seen, the first that was imagined, and the last of all.
std::vector<std::ptrdiff_t> sheet_columns(std::ptrdiff_t T, std::ptrdiff_t context,
                                          std::ptrdiff_t columns);
/// The strips under each other; above the columns the numbers of the rows.
Image open_loop_sheet(std::span<const Strip> strips, std::ptrdiff_t context,
                      const std::string& title, std::ptrdiff_t columns);
/// Every row of the episode, the strips side by side (eight in a line).
std::vector<Image> open_loop_animation(std::span<const Strip> strips, std::ptrdiff_t context,
                                       const std::string& title);

}  // namespace planet
