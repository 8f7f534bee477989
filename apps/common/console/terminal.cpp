#include "apps/common/console/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace planet {

TerminalSize terminal_size(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

bool cursor_moves(int descriptor) {
  const char* term = std::getenv("TERM");
  return isatty(descriptor) != 0 && term != nullptr && *term != '\0' &&
         std::string_view(term) != "dumb";
}

bool colors_unwanted() {
  const char* no = std::getenv("NO_COLOR");
  return no != nullptr && *no != '\0';
}

}  // namespace planet
