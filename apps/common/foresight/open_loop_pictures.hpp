// Pictures of open-loop predictions: strips of frames one below the other on a sheet, or side by
// side in an animation. The border is green while the model sees, red once its eyes are closed.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "apps/common/foresight/open_loop.hpp"
#include "envs/raster.hpp"

namespace planet {

/// One strip of pictures, with one frame per row of the episode.
struct Strip {
  std::string label;
  std::vector<Image> frames;  // [T]
  bool border = true;         // false for what the model neither sees nor imagines
};

/// Pictures [N,n,n,3] in the model's range as images, image_bits deep.
std::vector<Image> to_images(std::span<const float> pixels, std::ptrdiff_t n, int image_bits);
/// The pictures of sample j in every row.
std::vector<Image> imagined_frames(const WorldModel& model, const OpenLoop& loop, std::ptrdiff_t j);
/// The episode's own frames 0 .. T-1.
std::vector<Image> true_frames(const Episode& episode, std::ptrdiff_t T);
/// (imagined - truth) / 2 around a middle grey, which means "equal".
std::vector<Image> differences(std::span<const Image> imagined, std::span<const Image> truth);

/// At most `columns` rows of the episode, spread over both parts; they include the last row that
/// was seen, the first that was imagined, and the last of all.
std::vector<std::ptrdiff_t> sheet_columns(std::ptrdiff_t T, std::ptrdiff_t context,
                                          std::ptrdiff_t columns);
/// The strips one below the other, with the row numbers above the columns.
Image open_loop_sheet(std::span<const Strip> strips, std::ptrdiff_t context,
                      const std::string& title, std::ptrdiff_t columns);
/// Every row of the episode, with the strips side by side (eight per line).
std::vector<Image> open_loop_animation(std::span<const Strip> strips, std::ptrdiff_t context,
                                       const std::string& title);

}  // namespace planet
