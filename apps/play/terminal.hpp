// Pictures in a terminal, and keys from it. Works over ssh; needs no display.
//
// A character cell shows two pixels: the upper half block in the colour of the upper one, on the
// colour of the lower. 24-bit colours where COLORTERM says so, else the 256-colour cube, and with
// NO_COLOR a ramp of characters.
#pragma once

#include <termios.h>

#include <string>

#include "envs/raster.hpp"

namespace planet {

enum class Colors { full, cube, none };
/// From COLORTERM and NO_COLOR.
Colors terminal_colors();

/// The picture as lines of text, without moving the cursor.
std::string half_blocks(const Image& image, Colors colors);

/// Shows pictures of one size in place: each covers the one before.
class Screen {
 public:
  explicit Screen(Colors colors) : colors_(colors) {}
  ~Screen();
  void show(const Image& image, const std::string& caption);

 private:
  Colors colors_;
  int lines_ = 0;  // of the picture now shown
};

/// Takes the terminal's input key by key, without echo, until it is destroyed.
class Keyboard {
 public:
  Keyboard();  // Error: stdin is not a terminal
  ~Keyboard();
  Keyboard(const Keyboard&) = delete;
  Keyboard& operator=(const Keyboard&) = delete;

  enum class Key { none, left, right, up, down, stop, next, quit };
  /// The last key that was pressed since the last call.
  Key poll();

 private:
  termios before_{};
};

}  // namespace planet
