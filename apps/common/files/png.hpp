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

/// An animation that browsers repeat for ever (APNG): frames of one size, `seconds` apart. Of the second
/// and later ones only the rectangle that changed is stored. In browsers it
/// moves under the name .png, too; a viewer that knows only PNG shows the first frame.
class Apng {
 public:
  /// Error: not 0 < seconds < 60.
  explicit Apng(double seconds);
  /// Error: as encode_png(), or another size than the first frame's.
  void add(const Image& frame);
  std::size_t frames() const { return frames_; }
  /// The file as bytes. Error: no frames.
  std::vector<std::uint8_t> file() const;

 private:
  std::uint32_t milliseconds_, sequence_ = 0;
  std::size_t frames_ = 0;
  Image last_;
  std::vector<std::uint8_t> head_, chunks_;  // up to the chunk IHDR; the chunks of the frames
};

/// The same of all frames at once.
std::vector<std::uint8_t> encode_apng(std::span<const Image> frames, double seconds);
void write_apng(const std::filesystem::path& path, std::span<const Image> frames, double seconds);

}  // namespace planet
