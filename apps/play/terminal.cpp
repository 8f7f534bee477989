#include "apps/play/terminal.hpp"

#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "autograd/base/error.hpp"

namespace planet {
namespace {

// The nearest of the 6x6x6 colours 16..231.
int cube_index(std::span<const std::uint8_t, 3> c) {
  const auto level = [](std::uint8_t v) { return (v * 5 + 127) / 255; };
  return 16 + 36 * level(c[0]) + 6 * level(c[1]) + level(c[2]);
}

std::string color_code(std::span<const std::uint8_t, 3> c, Colors colors, bool background) {
  const int kind = background ? 48 : 38;
  if (colors == Colors::cube) return cat("\033[", kind, ";5;", cube_index(c), "m");
  return cat("\033[", kind, ";2;", int{c[0]}, ";", int{c[1]}, ";", int{c[2]}, "m");
}

char shade(const Image& image, int x, int y) {
  constexpr std::string_view ramp = " .:-=+*#%@";
  int light = 0;
  for (int dy = 0; dy < 2 && y + dy < image.height; ++dy)
    for (const std::uint8_t v : image.at(x, y + dy)) light += v;
  return ramp[static_cast<std::size_t>(light * 9 / (6 * 255))];
}

}  // namespace

Colors terminal_colors() {
  if (const char* no = std::getenv("NO_COLOR"); no != nullptr && *no != '\0') return Colors::none;
  const char* term = std::getenv("COLORTERM");
  const std::string_view word = term == nullptr ? "" : term;
  return word == "truecolor" || word == "24bit" ? Colors::full : Colors::cube;
}

std::string half_blocks(const Image& image, Colors colors) {
  std::string text;
  for (int y = 0; y < image.height; y += 2) {
    for (int x = 0; x < image.width; ++x) {
      if (colors == Colors::none) {
        text += shade(image, x, y);
        continue;
      }
      text += color_code(image.at(x, y), colors, false);
      if (y + 1 < image.height) text += color_code(image.at(x, y + 1), colors, true);
      text += "\u2580";
    }
    if (colors != Colors::none) text += "\033[0m";
    text += '\n';
  }
  return text;
}

Screen::~Screen() { std::fflush(stdout); }

void Screen::show(const Image& image, const std::string& caption) {
  std::string text;
  if (lines_ > 0) text = cat("\033[", lines_, "A\r");  // back to the first line
  text += half_blocks(image, colors_) + caption + "\033[K\n";
  lines_ = (image.height + 1) / 2 + 1;
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

Keyboard::Keyboard() {
  require(isatty(STDIN_FILENO) != 0 && tcgetattr(STDIN_FILENO, &before_) == 0,
          "--policy keys needs a terminal to read keys from");
  termios raw = before_;
  raw.c_lflag &= static_cast<tcflag_t>(~(ICANON | ECHO));
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

Keyboard::~Keyboard() { tcsetattr(STDIN_FILENO, TCSANOW, &before_); }

Keyboard::Key Keyboard::poll() {
  Key key = Key::none;
  pollfd in{STDIN_FILENO, POLLIN, 0};
  char bytes[64];
  while (::poll(&in, 1, 0) > 0) {
    const ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
    if (n <= 0) return Key::quit;
    for (ssize_t i = 0; i < n; ++i) {
      if (bytes[i] == '\033' && i + 2 < n && (bytes[i + 1] == '[' || bytes[i + 1] == 'O')) {
        const char arrow = bytes[i + 2];
        if (arrow == 'A') key = Key::up;
        else if (arrow == 'B') key = Key::down;
        else if (arrow == 'C') key = Key::right;
        else if (arrow == 'D') key = Key::left;
        i += 2;
        continue;
      }
      switch (bytes[i]) {
        case 'a':
          key = Key::left;
          break;
        case 'd':
          key = Key::right;
          break;
        case 'w':
          key = Key::up;
          break;
        case 's':
          key = Key::down;
          break;
        case ' ':
          key = Key::stop;
          break;
        case '\t':
          key = Key::next;
          break;
        case 'q':
          return Key::quit;
        default:
          break;
      }
    }
  }
  return key;
}

}  // namespace planet
