// What is shown in a terminal: it fits, it scrolls nothing away, and its colours are the terminal's.
#include "tests/apps/terminal.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <sstream>
#include <utility>

#include "apps/play/screen.hpp"
#include "autograd/base/error.hpp"

namespace planet::test {
namespace {

constexpr char end_of_text = '\003';  // no program writes it

// In the child: the terminal becomes its own, with the size and the environment asked for, and the
// program runs in it. A text with a picture too few has been seen once; so that nothing depends on what
// happens to unread text when the last process leaves a terminal, this one stays: it writes end_of_text
// after the program's last output, waits until the other side of `finished` is closed, and ends as the
// program did.
[[noreturn]] void become(const char* terminal, const Scratch& scratch, const Pty& pty,
                         const std::string& path, const Args& args, int finished) {
  setsid();
  const int slave = open(terminal, O_RDWR);
  winsize size{};
  size.ws_col = static_cast<unsigned short>(pty.columns);
  size.ws_row = static_cast<unsigned short>(pty.rows);
  ioctl(slave, TIOCSCTTY, 0);
  ioctl(slave, TIOCSWINSZ, &size);
  sigset_t all, before;  // signals to the session are the program's
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &before);
  const pid_t pid = fork();
  if (pid == 0) {
    sigprocmask(SIG_SETMASK, &before, nullptr);
    for (const int descriptor : {0, 1, 2}) dup2(slave, descriptor);
    close(slave);
    for (const char* name : {"NO_COLOR", "COLORTERM"}) unsetenv(name);
    setenv("TERM", "xterm", 1);
    for (const auto& [name, value] : pty.environment) setenv(name.c_str(), value.c_str(), 1);
    std::vector<char*> argv{const_cast<char*>(path.c_str())};
    for (const std::string& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
    argv.push_back(nullptr);
    if (chdir(scratch.path().c_str()) == 0) execv(path.c_str(), argv.data());
    _exit(127);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  (void)!write(slave, &end_of_text, 1);
  char none;
  (void)!read(finished, &none, 1);
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

// Characters of a line of UTF-8: its bytes that begin one.
int width(const std::string& line) {
  return static_cast<int>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

int lines_of(const std::string& frame) {
  return 1 + static_cast<int>(std::count(frame.begin(), frame.end(), '\n'));
}

int widest(const std::string& frame) {
  int most = 0;
  std::istringstream in(frame);
  for (std::string line; std::getline(in, line);) most = std::max(most, width(line));
  return most;
}

std::string last_line(const std::string& text) {
  std::istringstream in(text);
  std::string line, last;
  while (std::getline(in, line))
    if (!line.empty() && line != "\r") last = line;
  return last;
}

const Args eight_decisions{"--policy",     "zero",          "--speed",   "0",
                           "--env-option", "time_limit=16", "--threads", "1"};

}  // namespace

PtyResult run_in_terminal(const Scratch& scratch, const Pty& pty, const std::string& program,
                          const Args& args) {
  const std::string path = PLANET_BINARY_DIR "/bin/" + program;
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  REQUIRE((master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0));
  const std::string terminal = ptsname(master);
  int finished[2];
  REQUIRE(pipe2(finished, O_CLOEXEC) == 0);
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    close(finished[1]);
    become(terminal.c_str(), scratch, pty, path, args, finished[0]);
  }
  close(finished[0]);
  PtyResult result;
  auto next = pty.keys.begin();
  std::vector<int> signals = pty.signals.second;
  std::size_t seen = 0;
  char bytes[4096];
  while (!result.text.ends_with(end_of_text)) {
    const ssize_t n = read(master, bytes, sizeof bytes);
    REQUIRE(n > 0);
    result.text.append(bytes, static_cast<std::size_t>(n));
    if (!signals.empty() && has(result.text, pty.signals.first))
      for (const int number : std::exchange(signals, {})) kill(-pid, number);
    if (next == pty.keys.end() || result.text.find(next->first, seen) == std::string::npos)
      continue;
    CHECK(write(master, next->second.data(), next->second.size()) > 0);
    seen = result.text.size();
    ++next;
  }
  result.text.pop_back();
  termios left{};
  REQUIRE(tcgetattr(master, &left) == 0);  // of the other side
  result.by_line = (left.c_lflag & ICANON) != 0 && (left.c_lflag & ECHO) != 0;
  close(finished[1]);
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  close(master);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

std::vector<std::string> frames(const std::string& text) {
  std::vector<std::string> out;
  bool on_alternate = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\033') {
      if (on_alternate && text[i] != '\r') out.back() += text[i];
      continue;
    }
    const std::size_t end = text.find_first_of("ABCDHJKmhl", i);
    const std::string code = text.substr(i, end - i + 1);
    if (code == "\033[?1049h" || code == "\033[?1049l") on_alternate = code.back() == 'h';
    if (code == "\033[H") out.emplace_back();
    if (code == "\033[?1049h") out.clear();
    i = end;
    if (on_alternate && out.empty()) out.emplace_back();
  }
  if (!out.empty() && out.front().empty()) out.erase(out.begin());
  return out;
}

TEST_CASE("play fits into any terminal and leaves only its result") {
  const Scratch scratch;
  for (const auto& [columns, rows, picture] :
       {std::array{80, 24, 32}, {80, 40, 64}, {28, 40, 22}, {20, 12, 16}, {200, 70, 128}}) {
    CAPTURE(columns);
    const PtyResult r = run_in_terminal(scratch, {columns, rows}, "play", eight_decisions);
    REQUIRE(r.status == 0);
    const std::size_t left = r.text.find("\033[?1049l");
    REQUIRE(left != std::string::npos);
    CHECK(r.text.substr(left + 8).starts_with("pendulum_swingup: return "));
    CHECK(has(r.text, "\033[?25h"));  // the cursor is back
    const std::vector<std::string> all = frames(r.text);
    REQUIRE(all.size() == 8);
    for (const std::string& frame : all) {
      CHECK(lines_of(frame) == picture / 2 + 1);
      CHECK(widest(frame) <= columns);
      CHECK(width(frame.substr(0, frame.find('\n'))) == picture);
    }
  }
}

TEST_CASE("a terminal too small for a picture gets one sentence") {
  const Scratch scratch;
  const PtyResult r = run_in_terminal(scratch, {12, 5}, "play", eight_decisions);
  CHECK(r.status == 2);
  CHECK(r.text ==
        "play: the terminal has 12 columns and 5 rows; the picture needs 16 and 9 at least, or no "
        "terminal: append | cat\r\n");
}

TEST_CASE("play shows the colours that the terminal has") {
  const Scratch scratch;
  const auto shown = [&](const std::vector<std::pair<std::string, std::string>>& environment) {
    const PtyResult r = run_in_terminal(scratch, {80, 24, environment}, "play", eight_decisions);
    REQUIRE(r.status == 0);
    return r.text;
  };
  // The ground is 26, 28, 46: nearest are the grey 38 of the 256 colours and black of the 16.
  CHECK(has(shown({{"COLORTERM", "truecolor"}}), "\033[38;2;26;28;46m"));
  CHECK(has(shown({{"TERM", "tmux-256color"}}), "\033[38;5;235m"));
  CHECK(has(shown({{"TERM", "xterm"}}), "\033[30m"));
  const std::string plain = shown({{"NO_COLOR", "1"}, {"COLORTERM", "truecolor"}});
  CHECK(has(plain, "\033[H"));
  CHECK(!has(plain, "\033[3"));
  CHECK(!has(plain, "\u2580"));
  // Without a cursor to move there are no pictures and no control codes.
  const std::string dumb =
      run_in_terminal(scratch, {80, 24, {{"TERM", "dumb"}}}, "play", {"--threads", "1"}).text;
  CHECK(dumb.starts_with("pendulum_swingup: return "));
  CHECK(!has(dumb, "\033"));
}

TEST_CASE("the nearest colour is one of xterm's") {
  const auto nearest = [](std::array<std::uint8_t, 3> c, Colors colors) {
    return nearest_color(c, colors);
  };
  const Colors c = Colors::indexed;
  CHECK(nearest({0, 0, 0}, c) == 16);
  CHECK(nearest({255, 255, 255}, c) == 231);
  CHECK(nearest({95, 135, 175}, c) == 16 + 36 * 1 + 6 * 2 + 3);
  CHECK(nearest({255, 47, 0}, c) == 196);  // 0 is nearer than 95
  CHECK(nearest({255, 48, 0}, c) == 202);  // and here 95
  CHECK(nearest({215, 255, 0}, c) == 16 + 36 * 4 + 6 * 5);
  CHECK(nearest({8, 8, 8}, c) == 232);
  CHECK(nearest({238, 238, 238}, c) == 255);
  CHECK(nearest({60, 57, 58}, c) == 237);
  CHECK(nearest({26, 28, 46}, c) == 235);
  CHECK(nearest({242, 140, 51}, Colors::sixteen) == 3);
  CHECK(nearest({90, 90, 250}, Colors::sixteen) == 12);
}

TEST_CASE("a picture is scaled in whole steps") {
  Image image(32, 32);
  for (int y = 0; y < 32; ++y)
    for (int x = 0; x < 32; ++x) image.at(x, y)[0] = static_cast<std::uint8_t>(8 * x + y);
  const Image twice = fitted(image, {64, 40}, 3);
  REQUIRE(twice.width == 64);
  CHECK(twice.at(63, 5)[0] == image.at(31, 2)[0]);
  const Image half = fitted(image, {31, 40}, 3);
  REQUIRE(half.width == 16);
  CHECK(half.at(1, 2)[0] == 8 * 2 + 4 + (0 + 8 + 1 + 9 + 2) / 4);
  CHECK(fitted(image, {80, 17}, 1) == image);
  CHECK_THROWS_AS(fitted(image, {15, 40}, 1), Error);
}

TEST_CASE("playing with the keys shows the keys and the result") {
  const Scratch scratch;
  // As fast as it goes: what is typed at once, or while it pauses, comes before the next decision however
  // late it is read.
  const auto play = [&](const std::vector<std::pair<std::string, std::string>>& keys,
                        const Args& more) {
    Pty pty;
    pty.keys = keys;
    const PtyResult r = run_in_terminal(
        scratch, pty, "play", Args{"--policy", "keys", "--speed", "0", "--threads", "1"} + more);
    CHECK(r.by_line);
    return r;
  };
  // It begins with the first key, which here is the push to the right; then it pauses, and ends.
  const PtyResult stopped = play({{"press a key", "dp"}, {"paused", "q"}}, {});
  CHECK(stopped.status == 0);
  const std::vector<std::string> all = frames(stopped.text);
  REQUIRE(all.size() >= 2);
  CHECK(has(all.front(), "decision 0 of 100"));
  CHECK(has(all.front(), "press a key to begin"));
  CHECK(has(all.front(), "arrows or wasd push, space lets go, p pause, r restart, q quit"));
  CHECK(has(all.back(), "paused"));
  CHECK(has(stopped.text, "the arrows push action 1 of 1: +1"));
  CHECK(has(last_line(stopped.text), ", random 125.3, oracle 189.4 in a whole episode"));
  // Tab takes the next two of six actions; the episode goes on to its end.
  const PtyResult six =
      play({{"press a key", "\tp"}, {"action 3 of 6: 0", "wp"}}, {"--env", "cheetah_run"});
  CHECK(has(six.text, "left/right action 1 of 6: 0   down/up action 2 of 6: 0"));
  CHECK(has(six.text, "left/right action 3 of 6: 0   down/up action 4 of 6: +1"));
  CHECK(has(six.text, "space lets go, tab others, p pause"));
  CHECK(has(last_line(six.text), "oracle 767: score "));
  for (const std::string& frame : frames(six.text)) {
    CHECK(lines_of(frame) <= 24);
    CHECK(widest(frame) <= 80);
  }
  // Once more from the start, of an episode that is long enough for any reader.
  const PtyResult again = play({{"press a key", "d"}, {"decision 3 ", "r"}, {"decision 0 ", "q"}},
                               {"--env-option", "time_limit=1000000"});
  const std::vector<std::string> seen = frames(again.text);
  const auto later = std::ranges::find_if(
      seen, [](const std::string& frame) { return has(frame, "decision 3 "); });
  CHECK(std::any_of(later, seen.end(), [](const std::string& frame) {
    return has(frame, "decision 0 of 500000  return 0.00");
  }));
  CHECK(has(last_line(again.text), "stopped before the end"));
}

TEST_CASE("Ctrl-C gives the terminal back, also the second one") {
  const Scratch scratch;
  Pty pty;
  pty.keys = {{"press a key", "\003"}};
  const PtyResult keys =
      run_in_terminal(scratch, pty, "play", {"--policy", "keys", "--threads", "1"});
  CHECK(keys.status == 130);
  CHECK(keys.by_line);
  CHECK(has(keys.text, "\033[?1049l"));
  // The next picture comes in an hour: the first Ctrl-C does not wait for it.
  pty.keys = {{"decision 0 ", "\003"}};
  const PtyResult slow = run_in_terminal(
      scratch, pty, "play", {"--policy", "zero", "--speed", "0.00003", "--threads", "1"});
  CHECK(slow.status == 130);
  CHECK(has(slow.text, "\033[?1049l"));
  // A plan that takes minutes. Two of one signal might arrive as one.
  pty.keys.clear();
  pty.signals = {"decision 0 ", {SIGINT, SIGTERM}};
  const PtyResult twice =
      run_in_terminal(scratch, pty, "play",
                      {"--policy", "oracle", "--candidates", "20000", "--horizon", "100",
                       "--iterations", "2000", "--threads", "1"});
  CHECK(twice.status == 130);
  const std::size_t left = twice.text.rfind("\033[?1049l");
  REQUIRE(left != std::string::npos);
  CHECK(twice.text.rfind("\033[?1049h") < left);
  CHECK(twice.text.rfind("\033[?25h") > twice.text.rfind("\033[?25l"));  // with a cursor
}

}  // namespace planet::test
