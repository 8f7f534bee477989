// PNG files: write any Image, read any PNG. Errors are sentences, and a file is whole or absent.
//
// The pixels go through stb; around it stands a strict walk over the file's chunks, because stb
// checks no CRC and is not hardened. Labels and contact sheets: sheet.hpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "envs/raster.hpp"

namespace planet {

/// The file as bytes, 8-bit RGB. Error: an image without pixels, a side beyond 16384.
std::vector<std::uint8_t> encode_png(const Image& image);

/// Pixels of any PNG, as RGB (grey and palettes are expanded, transparency is dropped, 16 bits are
/// cut to 8). `name` stands in the messages. Error: not a PNG, cut short, a CRC that does not
/// match, a side beyond 16384, more than 2^26 pixels, data that do not decode.
Image decode_png(std::span<const std::uint8_t> file, const std::string& name);

/// Writes beside the target and renames, so that a reader never meets half a file.
void write_png(const std::filesystem::path& path, const Image& image);
Image read_png(const std::filesystem::path& path);

/// An animation that browsers play for ever (APNG): frames of one size, `seconds` apart.
/// A viewer that knows only PNG shows the first frame. Error: no frames, or two sizes.
std::vector<std::uint8_t> encode_apng(std::span<const Image> frames, double seconds);
void write_apng(const std::filesystem::path& path, std::span<const Image> frames, double seconds);

}  // namespace planet
