// Measurements that need more than one figure.
#pragma once

#include <string>
#include <vector>

namespace planet::bench {

/// Per op: calls, forward and backward time, share of the step.
void print_profile(const std::vector<std::string>& sizes);
/// A step alone, beside one busy program on each core, and with four times as many threads as
/// cores.
void print_oversubscribed(const std::vector<std::string>& sizes, double seconds);
/// The cost of twice the batch, the length and the candidates, and the gain of several threads.
void print_scaling(const std::vector<std::string>& sizes, double seconds);
/// Peak memory after training steps, and whether it grows.
void print_memory(const std::vector<std::string>& sizes);
/// Alternates steps and plans of this program with those of the peer, another program, and prints
/// the ratio of their medians. The peer is started once per size, as
/// `COMMAND serve --size NAME --threads N`; it answers each line "step" or "plan" on its standard
/// input with the seconds taken, on its standard output.
void print_peer(const std::string& command, const std::vector<std::string>& sizes, double seconds);

}  // namespace planet::bench
