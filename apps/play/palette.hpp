// The colours that a terminal can show, and the one of them nearest to a pixel.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace planet {

enum class Colors {
  full,     // 24 bits
  indexed,  // xterm's 16..255: a 6x6x6 cube and a grey ramp
  sixteen,  // its 0..15
  none,     // a ramp of characters instead
};
/// From NO_COLOR, COLORTERM and TERM. ssh and tmux pass TERM on, but not COLORTERM.
Colors terminal_colors();

using Pixel = std::span<const std::uint8_t, 3>;

/// The index in xterm's palette of the colour nearest to `pixel`, by squared distance in RGB; of 0..15
/// or, since these are often redefined, of 16..255. `colors` is sixteen or indexed.
int nearest_color(Pixel pixel, Colors colors);

/// The control sequence that writes on a background of this colour, or in it. Not for Colors::none.
std::string color_code(Pixel pixel, Colors colors, bool background);

}  // namespace planet
