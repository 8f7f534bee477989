// Pictures in a terminal. Works over ssh; needs no display.
//
// A character cell shows two pixels: the upper half block in the colour of the upper one, on the
// colour of the lower. Without colours it shows their brightness by a ramp of characters.
#pragma once

#include <string>
#include <vector>

#include "apps/common/console/terminal.hpp"
#include "apps/play/palette.hpp"
#include "envs/raster.hpp"

namespace planet {

/// The picture as it fits beside `lines` lines of text: every pixel as a square of k x k, or the mean
/// of k x k pixels, with the k that makes it largest. Error, with what is needed: fewer than 16 pixels
/// in width would be left.
Image fitted(const Image& image, TerminalSize size, int lines);

/// The picture as lines of text, without moving the cursor.
std::string half_blocks(const Image& image, Colors colors);

/// Pictures on the alternate screen of the terminal at stdout, each over the one before: what stood
/// there comes back at the end, and nothing is left in the scrollback.
class Screen {
 public:
  explicit Screen(Colors colors) : colors_(colors) {}
  ~Screen() { leave(); }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  /// The picture, with the lines of text under it. Error at the first time: too small. A terminal that
  /// is made too small later shows the error's sentence instead, until there is room.
  void show(const Image& image, const std::vector<std::string>& lines);
  /// Back to what was there before.
  void leave();

 private:
  Colors colors_;
  bool entered_ = false;
};

}  // namespace planet
