#include "apps/play/palette.hpp"

#include <array>
#include <cstdlib>
#include <limits>
#include <string_view>

#include "apps/common/console/terminal.hpp"
#include "autograd/base/error.hpp"

namespace planet {
namespace {

using Levels = std::array<int, 3>;

constexpr Levels first_sixteen[] = {{0, 0, 0},       {205, 0, 0},   {0, 205, 0},   {205, 205, 0},
                                    {0, 0, 238},     {205, 0, 205}, {0, 205, 205}, {229, 229, 229},
                                    {127, 127, 127}, {255, 0, 0},   {0, 255, 0},   {255, 255, 0},
                                    {92, 92, 255},   {255, 0, 255}, {0, 255, 255}, {255, 255, 255}};
constexpr int cube_levels[] = {0, 95, 135, 175, 215, 255};

Levels xterm_color(int index) {
  if (index < 16) return first_sixteen[index];
  if (index >= 232) return {8 + 10 * (index - 232), 8 + 10 * (index - 232), 8 + 10 * (index - 232)};
  const int i = index - 16;
  return {cube_levels[i / 36], cube_levels[i / 6 % 6], cube_levels[i % 6]};
}

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Colors terminal_colors() {
  if (colors_unwanted()) return Colors::none;
  const std::string_view word = variable("COLORTERM"), term = variable("TERM");
  if (word == "truecolor" || word == "24bit" || term.ends_with("-direct")) return Colors::full;
  return term.find("256color") != std::string_view::npos ? Colors::indexed : Colors::sixteen;
}

int nearest_color(Pixel pixel, Colors colors) {
  const bool sixteen = colors == Colors::sixteen;
  int best = 0, least = std::numeric_limits<int>::max();
  for (int index = sixteen ? 0 : 16; index < (sixteen ? 16 : 256); ++index) {
    const Levels color = xterm_color(index);
    int distance = 0;
    for (std::size_t k = 0; k < 3; ++k) distance += (color[k] - pixel[k]) * (color[k] - pixel[k]);
    if (distance < least) least = distance, best = index;
  }
  return best;
}

std::string color_code(Pixel pixel, Colors colors, bool background) {
  const int extended = background ? 48 : 38;
  if (colors == Colors::full)
    return cat("\033[", extended, ";2;", int{pixel[0]}, ";", int{pixel[1]}, ";", int{pixel[2]},
               "m");
  const int index = nearest_color(pixel, colors);
  if (colors == Colors::indexed) return cat("\033[", extended, ";5;", index, "m");
  return cat("\033[", (index < 8 ? 30 + index : 90 + index - 8) + (background ? 10 : 0), "m");
}

}  // namespace planet
