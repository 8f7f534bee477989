// PNG files read back by an independent reader, stb_image.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "envs/raster.hpp"

namespace planet::test {

/// The pixels as RGB. Error: not a PNG, or data that do not decode. (CRCs are not checked.)
Image decode_png(std::span<const std::uint8_t> file);
Image read_png(const std::filesystem::path& path);

}  // namespace planet::test
