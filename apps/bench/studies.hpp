// The questions that need more than one figure.
#pragma once

#include <string>
#include <vector>

namespace planet::bench {

/// By op: calls, forward and backward time, share of the step.
void print_profile(const std::vector<std::string>& sizes);
/// A step alone, beside one busy program on each core, and with four times as many threads as
/// cores.
void print_oversubscribed(const std::vector<std::string>& sizes, double seconds);
/// What twice the batch, the length and the candidates cost, and what more than one thread gains.
void print_scaling(const std::vector<std::string>& sizes, double seconds);
/// Peak memory after training steps, and whether it grows.
void print_memory(const std::vector<std::string>& sizes);
/// Steps and plans of this program and of the peer in turn, and the ratio of their medians. The
/// peer is started once for each size, as `COMMAND serve --size NAME --threads N`; it answers each
/// line "step" or "plan" on its stdin with the seconds that took, on its stdout.
void print_peer(const std::string& command, const std::vector<std::string>& sizes, double seconds);

}  // namespace planet::bench
