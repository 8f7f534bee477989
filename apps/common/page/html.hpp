// A page of HTML in one file: nothing is fetched and nothing runs. Pictures are inside, plots are SVG, and
// the colours follow the reader's light or dark theme.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "envs/raster.hpp"

namespace planet {

/// The text as it stands between tags and in quoted attributes. Bytes that are not UTF-8 become U+FFFD.
std::string html_text(const std::string& text);

/// A file of encode_png() or Apng as a picture inside the page, `width` CSS pixels wide or as wide as the
/// screen. `alt` says what it shows.
std::string html_picture(std::span<const std::uint8_t> file, const std::string& alt, int width);
/// The same of an image; what is wider than the screen can be pushed aside.
std::string html_sheet(const Image& image, const std::string& alt);

/// Documents of svg_plot(), `width` wide, side by side where there is room.
std::string html_plots(const std::vector<std::string>& svgs, int width = 420);

/// The first row is the head. Cells are HTML; all columns but the first are numbers.
std::string html_table(const std::vector<std::vector<std::string>>& rows);

/// A command and what it does, to be pasted.
std::string html_command(const std::string& command, const std::string& what);

/// The document. `body` is HTML, `title` is not.
std::string html_page(const std::string& title, const std::string& body);

}  // namespace planet
