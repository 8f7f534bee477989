#include "apps/common/files/sheet.hpp"

#include <algorithm>
#include <cmath>

#include "apps/common/files/png.hpp"
#include "apps/common/files/stb.hpp"
#include "autograd/base/error.hpp"

namespace planet {
namespace {

constexpr int line_height = 12;  // of the font, with the space between lines
constexpr int margin = 4;

std::uint8_t to_byte(double c) {
  return static_cast<std::uint8_t>(std::floor(255 * std::clamp(c, 0.0, 1.0) + 0.5));
}

void fill_rect(Image& image, int left, int top, int right, int bottom, const Rgb& color) {
  left = std::max(left, 0), top = std::max(top, 0);
  right = std::min(right, image.width), bottom = std::min(bottom, image.height);
  for (int y = top; y < bottom; ++y)
    for (int x = left; x < right; ++x)
      for (std::size_t q = 0; q < 3; ++q) image.at(x, y)[q] = to_byte(color[q]);
}

}  // namespace

Image enlarge(const Image& image, int factor) {
  require(factor >= 1 && factor <= 64, "pictures are enlarged 1 to 64 times, not ", factor);
  Image out(image.width * factor, image.height * factor);
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x)
      std::ranges::copy(image.at(x / factor, y / factor), out.at(x, y).begin());
  return out;
}

void paste(const Image& from, Image& to, int x, int y) {
  const int left = std::max(0, -x), right = std::min(from.width, to.width - x);
  const int top = std::max(0, -y), bottom = std::min(from.height, to.height - y);
  for (int i = top; i < bottom; ++i)
    for (int j = left; j < right; ++j)
      std::ranges::copy(from.at(j, i), to.at(x + j, y + i).begin());
}

void draw_border(Image& image, const Rgb& color, int thickness) {
  const int w = image.width, h = image.height, t = thickness;
  fill_rect(image, 0, 0, w, t, color);
  fill_rect(image, 0, h - t, w, h, color);
  fill_rect(image, 0, 0, t, h, color);
  fill_rect(image, w - t, 0, w, h, color);
}

void draw_text(Image& image, int x, int y, const std::string& text, const Rgb& color, int scale) {
  for (const stb::Rect& r : stb::text_rects(text))
    fill_rect(image, x + r.left * scale, y + r.top * scale, x + r.right * scale,
              y + r.bottom * scale, color);
}

int text_width(const std::string& text, int scale) { return stb::text_width(text) * scale; }

namespace {

// The layout: the corner of picture (row, column) is (x[column], y[row]).
struct Layout {
  std::vector<int> x, y;
  int width = 0, height = 0, columns_y = 0;
};

Layout lay_out(std::span<const SheetRow> rows, const SheetOptions& options) {
  Layout out;
  int label_width = 0;
  std::size_t columns = 0;
  for (const SheetRow& row : rows) {
    label_width = std::max(label_width, text_width(row.label));
    columns = std::max(columns, row.images.size());
  }
  require(columns > 0, "a contact sheet needs at least one picture");

  int x = margin + (label_width > 0 ? label_width + margin : 0);
  for (std::size_t j = 0; j < columns; ++j) {
    int width = j < options.columns.size() ? text_width(options.columns[j]) : 0;
    for (const SheetRow& row : rows)
      if (j < row.images.size()) width = std::max(width, row.images[j].width * options.scale);
    out.x.push_back(x);
    x += width + options.gap;
  }
  out.columns_y = margin + (options.title.empty() ? 0 : line_height);
  int y = out.columns_y + (options.columns.empty() ? 0 : line_height);
  for (const SheetRow& row : rows) {
    int height = row.label.empty() ? 0 : line_height;
    for (const Image& image : row.images) height = std::max(height, image.height * options.scale);
    out.y.push_back(y);
    y += height + options.gap;
  }
  out.width = std::max(x - options.gap, margin + text_width(options.title)) + margin;
  out.height = y - options.gap + margin;
  require(out.width <= max_image_side && out.height <= max_image_side, "a contact sheet of ",
          out.width, " x ", out.height, " pixels is too large; each side has at most ",
          max_image_side);
  return out;
}

}  // namespace

Image contact_sheet(std::span<const SheetRow> rows, const SheetOptions& options) {
  require(options.scale >= 1 && options.scale <= 64 && options.gap >= 0,
          "a contact sheet's scale lies between 1 and 64 and its gap is not negative; they are ",
          options.scale, " and ", options.gap);
  const Layout layout = lay_out(rows, options);
  Image sheet(layout.width, layout.height);
  fill_rect(sheet, 0, 0, sheet.width, sheet.height, {0.16, 0.16, 0.16});
  draw_text(sheet, margin, margin, options.title);
  for (std::size_t j = 0; j < std::min(layout.x.size(), options.columns.size()); ++j)
    draw_text(sheet, layout.x[j], layout.columns_y, options.columns[j]);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    draw_text(sheet, margin, layout.y[i] + 2, rows[i].label);
    for (std::size_t j = 0; j < rows[i].images.size(); ++j)
      paste(enlarge(rows[i].images[j], options.scale), sheet, layout.x[j], layout.y[i]);
  }
  return sheet;
}

}  // namespace planet
