// What the terminal at a file descriptor can do, asked of the system and of the environment.
#pragma once

namespace planet {

struct TerminalSize {
  int columns = 80, rows = 24;  // where the system does not say
};
TerminalSize terminal_size(int descriptor);

/// A terminal on which the cursor can be moved: TERM is set, and is not "dumb".
bool cursor_moves(int descriptor);
/// NO_COLOR is set and not empty (no-color.org).
bool colors_unwanted();

}  // namespace planet
