// PNG files read back, by stb_image: what another program sees in them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "envs/raster.hpp"

namespace planet::test {

/// The pixels as RGB. Error: not a PNG, or data that do not decode. (CRCs are not looked at.)
Image decode_png(std::span<const std::uint8_t> file);
Image read_png(const std::filesystem::path& path);

}  // namespace planet::test
