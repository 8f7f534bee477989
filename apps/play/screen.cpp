#include "apps/play/screen.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string_view>

#include "apps/common/console/interrupt.hpp"
#include "autograd/base/error.hpp"

namespace planet {
namespace {

constexpr int least_pixels = 16;  // below it a task cannot be recognised

// Each pixel as k x k.
Image enlarged(const Image& image, int k) {
  Image out(image.width * k, image.height * k);
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x)
      std::ranges::copy(image.at(x / k, y / k), out.at(x, y).begin());
  return out;
}

// The mean of each k x k pixels, or of what of them the picture has.
Image shrunk(const Image& image, int k) {
  Image out((image.width + k - 1) / k, (image.height + k - 1) / k);
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x) {
      int sum[3] = {}, count = 0;
      for (int v = y * k; v < std::min((y + 1) * k, image.height); ++v)
        for (int u = x * k; u < std::min((x + 1) * k, image.width); ++u, ++count)
          for (std::size_t c = 0; c < 3; ++c) sum[c] += image.at(u, v)[c];
      for (std::size_t c = 0; c < 3; ++c)
        out.at(x, y)[c] = static_cast<std::uint8_t>((sum[c] + count / 2) / count);
    }
  return out;
}

char shade(Pixel upper, Pixel lower) {
  constexpr std::string_view ramp = " .:-=+*#%@";
  int light = 0;
  for (std::size_t c = 0; c < 3; ++c) light += upper[c] + lower[c];
  return ramp[static_cast<std::size_t>(light * 9 / (6 * 255))];
}

bool same(Pixel a, Pixel b) { return std::ranges::equal(a, b); }

constexpr std::string_view enter_alternate = "\033[?1049h\033[?25l";
constexpr std::string_view leave_alternate = "\033[0m\033[?25h\033[?1049l";
volatile std::sig_atomic_t on_alternate = 0;

void leave_at_once() {
  if (on_alternate != 0)
    (void)!write(STDOUT_FILENO, leave_alternate.data(), leave_alternate.size());
}

}  // namespace

Image fitted(const Image& image, TerminalSize size, int lines) {
  const auto fits = [&](int width, int height) {
    return width <= size.columns && (height + 1) / 2 + lines <= size.rows;
  };
  int k = 1;
  if (fits(image.width, image.height)) {
    while (fits(image.width * (k + 1), image.height * (k + 1))) ++k;
    return enlarged(image, k);
  }
  for (k = 2; image.width / k >= least_pixels; ++k)
    if (fits((image.width + k - 1) / k, (image.height + k - 1) / k)) return shrunk(image, k);
  const int columns = std::min(image.width, least_pixels);
  fail("the terminal has ", size.columns, " columns and ", size.rows, " rows; the picture needs ",
       columns, " and ", columns / 2 + lines, " at least, or no terminal: append | cat");
}

std::string half_blocks(const Image& image, Colors colors) {
  std::string text;
  for (int y = 0; y < image.height; y += 2) {
    const int below = std::min(y + 1, image.height - 1);
    for (int x = 0; x < image.width; ++x) {
      const Pixel upper = image.at(x, y), lower = image.at(x, below);
      if (colors == Colors::none) {
        text += shade(upper, lower);
        continue;
      }
      // Only what changes from cell to cell.
      if (x == 0 || !same(upper, image.at(x - 1, y))) text += color_code(upper, colors, false);
      if (x == 0 || !same(lower, image.at(x - 1, below))) text += color_code(lower, colors, true);
      text += "\u2580";
    }
    text += colors == Colors::none ? "\n" : "\033[0m\n";
  }
  return text;
}

void Screen::show(const Image& image, const std::vector<std::string>& lines) {
  const TerminalSize size = terminal_size(STDOUT_FILENO);
  std::string picture;
  try {
    picture = half_blocks(fitted(image, size, static_cast<int>(lines.size())), colors_);
    for (const std::string& line : lines)
      picture += line.substr(0, static_cast<std::size_t>(size.columns)) + "\n";
    picture.pop_back();  // in the last row a line's end would scroll
  } catch (const Error& e) {
    if (!entered_) throw;
    picture =
        std::string(e.what()).substr(0, static_cast<std::size_t>(size.columns * size.rows - 1));
  }
  // The alternate screen without a cursor; then from its upper left corner on.
  std::string text(entered_ ? "" : enter_alternate);
  text += "\033[H";
  entered_ = true;
  on_alternate = 1;
  undo_at_once(leave_at_once);
  for (const char c : picture) text += c == '\n' ? "\033[K\r\n" : std::string(1, c);
  text += "\033[J";
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void Screen::leave() {
  if (!entered_) return;
  entered_ = false;
  std::fwrite(leave_alternate.data(), 1, leave_alternate.size(), stdout);
  std::fflush(stdout);
  on_alternate = 0;
}

}  // namespace planet
