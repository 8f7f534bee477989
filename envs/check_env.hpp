// check_env: is this environment fit to learn from? For everybody who writes one.
//
// It plays a few episodes and returns a sentence for every rule that is broken; an empty list means
// fit. The rules are those that learning from pictures and resuming a run rely on, most of them
// Gymnasium's: seeds, order, clipping, the time limit, clones, snapshots, and rendering without
// traces.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "envs/env.hpp"

namespace planet {

struct CheckEnvOptions {
  std::uint64_t seed = 1;
  int decisions = 60;          // at most so many of an episode are compared in detail
  bool expect_variety = true;  // different seeds must begin differently
  bool expect_motion = true;   // the picture must change within an episode
};

/// Hand over an environment that was never reset: that step() refuses before reset() is one of the
/// rules. It is left somewhere within an episode. Never throws for a fault of the environment's.
std::vector<std::string> check_env(Env& env, const CheckEnvOptions& options = {});

}  // namespace planet
