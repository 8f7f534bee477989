// Progress of a program: lines and, on a terminal, a bar. Everything here goes to stderr and to the
// run's log.txt; results go to stdout and are printed by the program itself.
//
// Control codes are written to a terminal only, never to a file or a pipe; NO_COLOR is honoured.
#pragma once

#include <cstdio>
#include <filesystem>
#include <string>

namespace planet {

enum class Progress {
  bar,    // lines, and a bar that is redrawn in place
  plain,  // lines only; a table row at most every 30 s
  none,   // silent; log.txt is still written
};
/// "auto" is bar when stderr is a terminal whose cursor can be moved, else plain.
Progress progress_from(const std::string& word);

class Console {
 public:
  /// Lines are appended to the file `log`; an empty path means no file.
  explicit Console(Progress progress, const std::filesystem::path& log = {});
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  void line(const std::string& text);
  /// To the log alone: what the program itself prints to stdout.
  void note(const std::string& text);
  /// A row of a table: shown if the last one is old enough (5 s with a bar, otherwise 30 s), or
  /// `always`, which does not count as the last one.
  void row(const std::string& text, bool always = false);
  /// Draws the bar, at once where there is none, then at most ten times per second. fraction in
  /// [0, 1]; negative: unknown.
  void bar(double fraction, const std::string& text);
  void clear_bar();

 private:
  void write(const std::string& text);

  Progress progress_;
  std::filesystem::path log_path_;
  bool color_ = false;
  bool bar_visible_ = false;
  double last_row_ = -1e9, last_bar_ = -1e9;
  std::FILE* log_ = nullptr;
};

/// Seconds since this process began (a monotonic clock). Clocks decide when something is reported
/// or stopped, never what is computed.
double process_seconds();

}  // namespace planet
