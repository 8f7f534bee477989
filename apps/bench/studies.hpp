// Measurements that need more than one figure.
#pragma once

#include <string>
#include <vector>

#include "autograd/precision.hpp"

namespace planet::bench {

/// Per op: calls, forward and backward time, share of the step.
void print_profile(const std::vector<std::string>& sizes);
/// A step alone, beside one busy program on each core, and with four times as many threads as
/// cores.
void print_oversubscribed(const std::vector<std::string>& sizes, double seconds);
/// The cost of twice the batch, the length and the candidates; then the time and the allocations of
/// a step and of a plan with 1, 2, 4, 8, ... threads.
void print_scaling(const std::vector<std::string>& sizes, double seconds);
/// Peak memory after training steps, whether it grows, and how much of it is the kernels' workspaces.
void print_memory(const std::vector<std::string>& sizes, Precision precision);
/// Steps and plans of this program and of the peers in apps/peer/, each in every way that this Python
/// can, in turn; prints their medians and the best peer. A peer is a program: `SCRIPT ways` prints its
/// name and its ways, and `SCRIPT serve --case FILE --batch B --length L --threads N --way WAY` answers
/// each line "loss" on its standard input with that of the case, and "step" or "plan" with the
/// seconds taken. A peer whose loss is not ours to 1e-5 is left out, as is one that fails.
void print_peer(const std::string& python, const std::vector<std::string>& sizes, double seconds);

}  // namespace planet::bench
