// The policy that a person steers with the keyboard.
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "apps/common/console/interrupt.hpp"
#include "apps/common/console/terminal.hpp"
#include "apps/play/policies.hpp"
#include "autograd/base/error.hpp"

namespace planet {
namespace {

enum class Key { none, left, right, up, down, stop, next, pause, restart, quit, other };

Key key_of(char c) {
  switch (c) {
    case 'a':
      return Key::left;
    case 'd':
      return Key::right;
    case 'w':
      return Key::up;
    case 's':
      return Key::down;
    case ' ':
      return Key::stop;
    case '\t':
      return Key::next;
    case 'p':
      return Key::pause;
    case 'r':
      return Key::restart;
    case 'q':
      return Key::quit;
    default:
      return Key::other;
  }
}

Key arrow_of(char c) {
  switch (c) {
    case 'A':
      return Key::up;
    case 'B':
      return Key::down;
    case 'C':
      return Key::right;
    case 'D':
      return Key::left;
    default:
      return Key::other;
  }
}

termios settings_before{};  // of the one keyboard; a signal handler puts it back, too

void put_back() { tcsetattr(STDIN_FILENO, TCSANOW, &settings_before); }

/// Takes the terminal's input key by key, without echo, until it is destroyed.
class Keyboard {
 public:
  Keyboard() {
    require(isatty(STDIN_FILENO) != 0 && cursor_moves(STDOUT_FILENO) &&
                tcgetattr(STDIN_FILENO, &settings_before) == 0,
            "--policy keys needs a terminal to read keys from and to draw in");
    termios raw = settings_before;
    raw.c_lflag &= static_cast<tcflag_t>(~(ICANON | ECHO));
    undo_at_once(put_back);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  }
  ~Keyboard() { put_back(); }
  Keyboard(const Keyboard&) = delete;
  Keyboard& operator=(const Keyboard&) = delete;

  /// The keys that were pressed since the last call, in order.
  std::vector<Key> pressed() {
    std::vector<Key> keys;
    pollfd in{STDIN_FILENO, POLLIN, 0};
    char bytes[64];
    while (::poll(&in, 1, 0) > 0) {
      const ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
      if (n <= 0) return {Key::quit};
      for (ssize_t i = 0; i < n; ++i) {
        const bool arrow =
            bytes[i] == '\033' && i + 2 < n && (bytes[i + 1] == '[' || bytes[i + 1] == 'O');
        keys.push_back(arrow ? arrow_of(bytes[i + 2]) : key_of(bytes[i]));
        if (arrow) i += 2;
      }
    }
    return keys;
  }
};

// Terminals report when a key is pressed, not when it is released, so a push ends by itself.
class Keys final : public Policy {
 public:
  explicit Keys(int A) : action_(static_cast<std::size_t>(A), 0.0) {}

  Wish wish() override {
    bool restart = false;
    for (const Key key : keyboard_.pressed()) {
      if (key == Key::quit) return Wish::stop;
      const bool toggled = key == Key::pause && begun_;
      paused_ = toggled ? !paused_ : paused_ && begun_;
      begun_ = true;
      if (key == Key::restart) restart = true, let_go();
      take(key);
    }
    return restart ? Wish::restart : paused_ ? Wish::wait : Wish::act;
  }

  std::optional<std::span<const double>> act(const Env&, const Image&) override {
    if (++age_ > decisions_per_push) let_go();
    return action_;
  }

  std::vector<std::string> lines() const override {
    const std::size_t A = action_.size();
    const auto driven = [&](const char* keys, std::size_t i) {
      return cat(keys, " action ", i + 1, " of ", A, ": ", action_[i] > 0 ? "+" : "", action_[i]);
    };
    std::string held = driven(A == 1 ? "the arrows push" : "left/right", pair_);
    if (second() != pair_) held += driven("   down/up", second());
    if (paused_) held += begun_ ? "   paused" : "   press a key to begin";
    return {held, cat("arrows or wasd push, space lets go,", A > 2 ? " tab others," : "",
                      " p pause, r restart, q quit")};
  }

 private:
  void let_go() { std::fill(action_.begin(), action_.end(), 0.0); }
  std::size_t second() const { return std::min(pair_ + 1, action_.size() - 1); }
  void push(std::size_t i, double value) {
    let_go();
    action_[i] = value;
    age_ = 0;
  }
  void take(Key key) {
    if (key == Key::left) push(pair_, -1);
    if (key == Key::right) push(pair_, 1);
    if (key == Key::down) push(second(), -1);
    if (key == Key::up) push(second(), 1);
    if (key == Key::stop || key == Key::next) let_go();
    if (key == Key::next) pair_ = pair_ + 2 < action_.size() ? pair_ + 2 : 0;
  }

  static constexpr int decisions_per_push = 3;
  Keyboard keyboard_;
  std::vector<double> action_;
  std::size_t pair_ = 0;                // the first of the two actions that the arrows push
  int age_ = 0;                         // decisions since the last push
  bool begun_ = false, paused_ = true;  // the first key begins
};

}  // namespace

std::unique_ptr<Policy> keys_policy(int action_size) { return std::make_unique<Keys>(action_size); }

}  // namespace planet
