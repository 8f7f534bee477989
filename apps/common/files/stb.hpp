// What we use of stb, as plain functions. Internal: include png.hpp, zlib.hpp or sheet.hpp
// instead. stb.cpp compiles stb once, with internal linkage, so that a program that uses stb itself
// links without a clash.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace planet::stb {

/// A zlib stream (2-byte head, deflate, 4-byte Adler sum).
std::vector<std::uint8_t> zlib_compress(std::span<const std::uint8_t> bytes, int quality);
/// Inflates raw deflate into `out`. Returns the number of bytes written, or -1 for a bad stream or
/// one that does not fit.
int inflate(std::span<const std::uint8_t> deflated, std::span<std::uint8_t> out);

/// A PNG file of [height, width, 3] bytes.
std::vector<std::uint8_t> png_encode(int width, int height, const std::uint8_t* rgb);

/// The filled rectangles that make up a text, in pixels of the font's own size.
struct Rect {
  int left, top, right, bottom;
};
std::vector<Rect> text_rects(const std::string& text);
int text_width(const std::string& text);

}  // namespace planet::stb
