// How the threads of a program wait for work.
#pragma once

namespace planet {

/// OpenMP's threads spin for milliseconds before they sleep. That is right on an idle machine and
/// ruinous beside other programs: a spinning thread uses up the time slice that its neighbour,
/// which it waits for, would have needed. A spin of about 20 microseconds bridges the gap between
/// two loops and no more. The runtime reads its environment before main() begins, so this sets the
/// variable and starts the program anew, once; a choice of the user's own is left alone.
void sleep_when_idle();

}  // namespace planet
