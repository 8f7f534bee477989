// Contact sheets: rows of small pictures, enlarged by whole factors, each row with its label.
//
// For inspecting runs: true frames above reconstructions, one column per time step.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "envs/raster.hpp"

namespace planet {

/// Every pixel becomes a block of factor x factor pixels, factor 1..64.
Image enlarge(const Image& image, int factor);
/// Copies `from` with its top left corner at (x, y) of `to`; what lies outside is cut off.
void paste(const Image& from, Image& to, int x, int y);
/// A frame of `thickness` pixels along the picture's own edge.
void draw_border(Image& image, const Rgb& color, int thickness = 1);
/// Text in an 8-pixel font of printable ASCII (other bytes become '?'), its top left corner at
/// (x, y), enlarged by `scale`; what lies outside is cut off.
void draw_text(Image& image, int x, int y, const std::string& text,
               const Rgb& color = palette::lamp, int scale = 1);
/// The width of that text in pixels.
int text_width(const std::string& text, int scale = 1);

struct SheetRow {
  std::string label;          // to the left of the row; may be empty
  std::vector<Image> images;  // may be shorter than other rows, and of other sizes
};
struct SheetOptions {
  int scale = 2;                     // enlargement of the pictures, 1..64
  int gap = 2;                       // pixels between them
  std::string title;                 // above everything; may be empty
  std::vector<std::string> columns;  // labels above the columns; may be empty or shorter
};
/// Error: no rows, no pictures at all, or a sheet beyond 16384 pixels on a side.
Image contact_sheet(std::span<const SheetRow> rows, const SheetOptions& options = {});

}  // namespace planet
