#include "apps/common/console/interrupt.hpp"

#include <csignal>
#include <cstdlib>
#include <initializer_list>

namespace planet {
namespace {

volatile std::sig_atomic_t flag = 0;

volatile std::sig_atomic_t asked = 0;  // by Ctrl-C or SIGTERM
void (*volatile undos[4])() = {};      // before the process ends at once

// Only what a signal handler may do: read and write a flag, or leave without clean-up. A terminal
// that closes sends SIGHUP more than once, and SIGXCPU comes every second: only who asks twice means
// at once.
extern "C" void on_signal(int number) {
  flag = 1;
  if (number != SIGINT && number != SIGTERM) return;
  if (asked != 0) {
    for (const auto undo : undos)
      if (undo != nullptr) undo();
    std::_Exit(status_interrupted);
  }
  asked = 1;
}

}  // namespace

void catch_interrupts() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGXCPU})
    if (std::signal(number, on_signal) == SIG_IGN) std::signal(number, SIG_IGN);
  for (const int number : {SIGPIPE, SIGXFSZ}) std::signal(number, SIG_IGN);
}

void undo_at_once(void (*undo)()) {
  for (auto& place : undos) {
    if (place == nullptr) place = undo;
    if (place == undo) return;
  }
}

bool interrupted() { return flag != 0; }

}  // namespace planet
