#include "apps/common/console/interrupt.hpp"

#include <csignal>
#include <cstdlib>

namespace planet {
namespace {

volatile std::sig_atomic_t flag = 0;

// Only what a signal handler may do: read and write the flag, or leave without clean-up.
extern "C" void on_signal(int) {
  if (flag != 0) std::_Exit(status_interrupted);
  flag = 1;
}

}  // namespace

void catch_interrupts() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

bool interrupted() { return flag != 0; }

}  // namespace planet
