// What futures.hpp needs to know of single tasks: their mean future, and what their pictures hide.
#pragma once

#include <memory>
#include <vector>

#include "envs/env.hpp"

namespace planet {

/// The same task without randomness: each random outcome is replaced by the mean of the possible
/// ones. Its states are those of `env`. Null where this is not implemented.
///   peg family   the ball drops straight through: side 0
///   duel         the opponent stands at the mean of 256 sampled opponents, and is hostile whenever
///                that mean does not move away
std::unique_ptr<Env> average_world(const Env& env);

/// Whether this task's pictures hide a part of its state for a while.
bool can_forget(const Env& env);
/// While the ball is behind the screen, its side in `state` becomes left (w < 0.5) or right.
void guess_hidden(const Env& env, std::vector<double>& state, double w);

}  // namespace planet
