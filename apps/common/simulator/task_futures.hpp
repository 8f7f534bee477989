// What futures.hpp has to know of single tasks: what their mean future is, and what they hide.
#pragma once

#include <memory>
#include <vector>

#include "envs/env.hpp"

namespace planet {

/// The same world without luck: its chance replaced by the mean of what could happen. Its states
/// are those of `env`. Null where that has not been written.
///   peg family   the ball drops straight through: side 0
///   duel         the opponent stands at the mean of 256 sampled opponents, and is hostile whenever
///                that mean does not move away
std::unique_ptr<Env> average_world(const Env& env);

/// Is there anything in this world's state that its pictures hide for a while?
bool can_forget(const Env& env);
/// While the ball is behind the screen, its side in `state` becomes left (w < 0.5) or right.
void guess_hidden(const Env& env, std::vector<double>& state, double w);

}  // namespace planet
