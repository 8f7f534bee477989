// check_env: tests whether an environment can be learned from. For authors of environments.
//
// It plays a few episodes and returns one sentence per broken rule; an empty list means that all
// hold. Learning from pictures and resuming a run rely on these rules, most of which are
// Gymnasium's: seeds, order of calls, clipping, the time limit, clones, snapshots, and rendering
// without side effects.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "envs/env.hpp"

namespace planet {

struct CheckEnvOptions {
  std::uint64_t seed = 1;
  int decisions = 60;          // at most this many per episode are compared in detail
  bool expect_variety = true;  // different seeds must begin differently
  bool expect_motion = true;   // the picture must change within an episode
};

/// Takes an environment that was never reset, because one of the rules is that step() throws before
/// reset(). Rules that need copies are left out where it cannot be copied. Leaves it somewhere within
/// an episode. Never throws for a fault of the environment.
std::vector<std::string> check_env(Env& env, const CheckEnvOptions& options = {});

}  // namespace planet
