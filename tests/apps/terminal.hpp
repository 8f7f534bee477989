// A program in a terminal of its own: a pseudo-terminal, whose other end the test holds.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/apps/programs.hpp"

namespace planet::test {

struct Pty {
  int columns = 80, rows = 24;
  std::vector<std::pair<std::string, std::string>> environment{};  // NAME, VALUE
  // What is typed when a text was seen since the last time: TEXT, KEYS.
  std::vector<std::pair<std::string, std::string>> keys{};
  // Signals that are sent, all at once, when this text was seen.
  std::pair<std::string, std::vector<int>> signals{};
};

struct PtyResult {
  int status = -1;
  std::string text;      // all that reached the terminal
  bool by_line = false;  // at the end it takes input line by line, with echo, as a shell needs it
};
/// Runs bin/PROGRAM to its end.
PtyResult run_in_terminal(const Scratch& scratch, const Pty& pty, const std::string& program,
                          const Args& args);

/// What was drawn on the alternate screen, one text per redrawing from its upper left corner; without
/// colours and other control sequences.
std::vector<std::string> frames(const std::string& text);

}  // namespace planet::test
