// The environments: control steps and pictures per second on one core.
#pragma once

#include <cstdint>

#include "envs/registry.hpp"

namespace planet::bench {

struct EnvRate {
  double control_steps = 0;           // per second, through Env::step with the registered repeat
  double frames32 = 0, frames64 = 0;  // per second, Env::render at 32 and 64 pixels
  std::int64_t allocations = 0;       // calls of operator new in 64 decisions and 64 pictures
};

/// Random actions, episode after episode, for about three times `seconds`.
EnvRate measure_env(const EnvSpec& spec, double seconds);
/// A line for every registered task but those for tests.
void print_envs(double seconds);

}  // namespace planet::bench
