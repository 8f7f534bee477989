// Pictures as PNG files, and animations as APNG. A file is written completely or not at all.
//
// Labels and contact sheets: sheet.hpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "envs/raster.hpp"

namespace planet {

inline constexpr int max_image_side = 16384;  // pixels

/// The file as bytes, 8-bit RGB. Error: an image without pixels, a side beyond max_image_side.
std::vector<std::uint8_t> encode_png(const Image& image);

/// Error: as encode_png, or the file cannot be written.
void write_png(const std::filesystem::path& path, const Image& image);

/// An animation that browsers repeat for ever (APNG): frames of one size, `seconds` apart.
/// A viewer that knows only PNG shows the first frame. Error: no frames, or two sizes.
std::vector<std::uint8_t> encode_apng(std::span<const Image> frames, double seconds);
void write_apng(const std::filesystem::path& path, std::span<const Image> frames, double seconds);

}  // namespace planet
