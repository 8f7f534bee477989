#include "apps/common/console/console.hpp"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "apps/common/console/terminal.hpp"
#include "autograd/base/error.hpp"

namespace planet {
namespace {

// Set before main(), and in a child of fork().
auto process_start = std::chrono::steady_clock::now();
[[maybe_unused]] const int forks =
    pthread_atfork(nullptr, nullptr, [] { process_start = std::chrono::steady_clock::now(); });

}  // namespace

double process_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - process_start).count();
}

Progress progress_from(const std::string& word) {
  if (word == "bar") return Progress::bar;
  if (word == "plain") return Progress::plain;
  if (word == "none") return Progress::none;
  return cursor_moves(STDERR_FILENO) ? Progress::bar : Progress::plain;
}

Console::Console(Progress progress, const std::filesystem::path& log)
    : progress_(progress), log_path_(log) {
  color_ = cursor_moves(STDERR_FILENO) && !colors_unwanted();
  if (!log.empty()) {
    log_ = std::fopen(log.c_str(), "ab");
    require(log_ != nullptr, log.string(), " cannot be written");
  }
}

Console::~Console() {
  clear_bar();
  if (log_ != nullptr) std::fclose(log_);
}

void Console::write(const std::string& text) {
  clear_bar();
  if (progress_ != Progress::none) std::fprintf(stderr, "%s\n", text.c_str());
  note(text);
}

void Console::note(const std::string& text) {
  if (log_ == nullptr) return;
  const bool ok = std::fprintf(log_, "%s\n", text.c_str()) > 0 && std::fflush(log_) == 0;
  require(ok, log_path_.string(), " could not be written; is the disk full?");
}

void Console::line(const std::string& text) { write(text); }

void Console::row(const std::string& text, bool always) {
  const double now = process_seconds();
  const double pause = progress_ == Progress::bar ? 5 : 30;
  if (!always && now - last_row_ < pause) return;
  if (!always) last_row_ = now;  // otherwise frequent early looks would leave no rows
  write(text);
}

void Console::bar(double fraction, const std::string& text) {
  if (progress_ != Progress::bar) return;
  const double now = process_seconds();
  if (bar_visible_ && now - last_bar_ < 0.1) return;
  last_bar_ = now;
  std::string line;
  if (fraction >= 0) {
    constexpr int width = 24;
    const int full = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * width + 0.5);
    line = std::string(static_cast<std::size_t>(full), '#') +
           std::string(static_cast<std::size_t>(width - full), '.') + " ";
  }
  line += text;
  // A line that wraps could not be erased.
  const int width = terminal_size(STDERR_FILENO).columns - 1;
  line.resize(std::min(line.size(), static_cast<std::size_t>(std::max(1, width))));
  std::fprintf(stderr, color_ ? "\r\033[36m%s\033[0m\033[K" : "\r%s\033[K", line.c_str());
  std::fflush(stderr);
  bar_visible_ = true;
}

void Console::clear_bar() {
  if (!bar_visible_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  bar_visible_ = false;
}

}  // namespace planet
