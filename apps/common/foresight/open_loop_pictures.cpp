#include "apps/common/foresight/open_loop_pictures.hpp"

#include <algorithm>

#include "apps/common/files/sheet.hpp"
#include "autograd/base/error.hpp"
#include "rssm/preprocess.hpp"

namespace planet {
namespace {

constexpr int border = 2;  // width of the frame around a picture, pixels
constexpr Rgb grey{0.16, 0.16, 0.16};

// Enlarged to about `side` pixels, with a frame around it.
Image framed(const Image& image, int side, const Rgb& color) {
  const Image large = enlarge(image, std::max(1, side / image.width));
  Image out(large.width + 2 * border, large.height + 2 * border);
  draw_border(out, color, border);
  paste(large, out, border, border);
  return out;
}

const Rgb& border_color(const Strip& strip, std::ptrdiff_t t, std::ptrdiff_t context) {
  if (!strip.border) return grey;
  return t < context ? palette::goal : palette::opponent;
}

// n evenly spaced numbers from first to last, both included.
void spread(std::ptrdiff_t first, std::ptrdiff_t last, std::ptrdiff_t n,
            std::vector<std::ptrdiff_t>& out) {
  n = std::clamp<std::ptrdiff_t>(n, 1, last - first + 1);
  for (std::ptrdiff_t i = 0; i < n; ++i)
    out.push_back(n == 1 ? last : first + (i * (last - first) + (n - 1) / 2) / (n - 1));
}

// A picture with its label above.
Image tile(const Strip& strip, std::ptrdiff_t t, std::ptrdiff_t context) {
  const Image picture = framed(strip.frames[index(t)], 128, border_color(strip, t, context));
  Image out(std::max(picture.width, text_width(strip.label)), picture.height + 12);
  draw_border(out, grey, out.height);
  draw_text(out, 0, 2, strip.label);
  paste(picture, out, 0, 12);
  return out;
}

// All frames of an animation have the same size, although the texts above them differ in width.
void pad_to_widest(std::vector<Image>& frames) {
  int width = 0;
  for (const Image& frame : frames) width = std::max(width, frame.width);
  for (Image& frame : frames) {
    if (frame.width == width) continue;
    Image wide(width, frame.height);
    draw_border(wide, grey, width);
    paste(frame, wide, 0, 0);
    frame = std::move(wide);
  }
}

}  // namespace

std::vector<Image> to_images(std::span<const float> pixels, std::ptrdiff_t n, int image_bits) {
  const std::size_t all = index(n * n * 3);
  std::vector<Image> images;
  std::vector<std::uint8_t> bytes(all);
  for (std::size_t i = 0; i + all <= pixels.size(); i += all) {
    postprocess(pixels.data() + i, static_cast<std::ptrdiff_t>(all), image_bits, bytes.data());
    images.emplace_back(static_cast<int>(n), static_cast<int>(n), bytes);
  }
  return images;
}

std::vector<Image> imagined_frames(const WorldModel& model, const OpenLoop& loop,
                                   std::ptrdiff_t j) {
  std::vector<float> rows;
  for (std::ptrdiff_t t = 0; t < loop.T; ++t)
    std::ranges::copy(loop.features_at(t).subspan(index(j * loop.F), index(loop.F)),
                      std::back_inserter(rows));
  return to_images(decode(model, rows), model.config().image_size, model.config().image_bits);
}

std::vector<Image> true_frames(const Episode& episode, std::ptrdiff_t T) {
  const int n = static_cast<int>(episode.image_size);
  const std::size_t bytes = episode.frame_bytes();
  std::vector<Image> images;
  for (std::ptrdiff_t t = 0; t < T; ++t)
    images.emplace_back(n, n, std::span(episode.image).subspan(index(t) * bytes, bytes));
  return images;
}

std::vector<Image> differences(std::span<const Image> imagined, std::span<const Image> truth) {
  require(imagined.size() == truth.size(), "[differences] ", imagined.size(), " pictures against ",
          truth.size(), "; there must be as many of both");
  std::vector<Image> out(imagined.begin(), imagined.end());
  for (std::size_t t = 0; t < out.size(); ++t)
    for (std::size_t i = 0; i < out[t].rgb.size(); ++i)
      out[t].rgb[i] = static_cast<std::uint8_t>((imagined[t].rgb[i] + 255 - truth[t].rgb[i]) / 2);
  return out;
}

std::vector<std::ptrdiff_t> sheet_columns(std::ptrdiff_t T, std::ptrdiff_t context,
                                          std::ptrdiff_t columns) {
  std::vector<std::ptrdiff_t> out;
  const std::ptrdiff_t imagined = T - context;
  // At most a third of the columns for rows that were seen; the rest for imagined ones.
  std::ptrdiff_t seen = std::min(context, std::max<std::ptrdiff_t>(1, columns / 3));
  if (imagined < columns - seen) seen = std::max<std::ptrdiff_t>(1, columns - imagined);
  if (context > 0) spread(0, context - 1, seen, out);
  if (imagined > 0) spread(context, T - 1, columns - std::min(seen, context), out);
  return out;
}

Image open_loop_sheet(std::span<const Strip> strips, std::ptrdiff_t context,
                      const std::string& title, std::ptrdiff_t columns) {
  require(!strips.empty(), "a sheet needs at least one strip");
  SheetOptions options;
  options.title = title;
  options.scale = 1;
  const auto T = static_cast<std::ptrdiff_t>(strips.front().frames.size());
  const std::vector<std::ptrdiff_t> chosen = sheet_columns(T, context, columns);
  for (const std::ptrdiff_t t : chosen) options.columns.push_back(std::to_string(t));
  std::vector<SheetRow> rows;
  for (const Strip& strip : strips) {
    SheetRow row{strip.label, {}};
    for (const std::ptrdiff_t t : chosen)
      row.images.push_back(framed(strip.frames[index(t)], 64, border_color(strip, t, context)));
    rows.push_back(std::move(row));
  }
  return contact_sheet(rows, options);
}

std::vector<Image> open_loop_animation(std::span<const Strip> strips, std::ptrdiff_t context,
                                       const std::string& title) {
  require(!strips.empty(), "an animation needs at least one strip");
  constexpr std::size_t in_a_line = 8;
  std::vector<Image> frames;
  const auto T = static_cast<std::ptrdiff_t>(strips.front().frames.size());
  for (std::ptrdiff_t t = 0; t < T; ++t) {
    SheetOptions options;
    options.scale = 1;
    options.gap = 4;
    options.title = cat(title, ", row ", t);
    if (t >= context) options.title += cat(", eyes closed for ", t - context + 1);
    std::vector<SheetRow> rows;
    for (std::size_t i = 0; i < strips.size(); ++i) {
      if (i % in_a_line == 0) rows.emplace_back();
      rows.back().images.push_back(tile(strips[i], t, context));
    }
    frames.push_back(contact_sheet(rows, options));
  }
  pad_to_widest(frames);
  return frames;
}

}  // namespace planet
