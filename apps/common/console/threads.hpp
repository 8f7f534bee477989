// The threads of a program: their number, and how they wait between two parallel loops.
//
// OpenMP's threads spin for milliseconds before they sleep. This is right on an idle machine but
// very slow beside other programs: a spinning thread uses the time slice that the thread it waits
// for needs, and a training step takes four to eight times as long. A spin of about 20 microseconds
// bridges the gap between two loops and no more.
#pragma once

#include <string>

namespace planet {

/// For the option --threads: uses the requested number of threads (0: chooses), and says on
/// standard error if and why there are fewer.
void use_threads(int asked);

/// For the first line of main(): sets the length of the spin in the environment and executes this
/// program again with the same arguments. It takes a new process image because the OpenMP runtime
/// reads its environment before main() begins. Does nothing when OMP_WAIT_POLICY, GOMP_SPINCOUNT or
/// KMP_BLOCKTIME is set, by this function or by you. `--version` prints what is in force.
void restart_with_short_spin(char* const* argv);

/// "idle threads spin for GOMP_SPINCOUNT=10000, set at the start", for --version.
std::string wait_policy_text();

}  // namespace planet
