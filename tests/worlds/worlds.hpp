// The environments that only tests use, to check agents and programs.
#pragma once

#include <deque>

#include "envs/registry.hpp"
#include "tests/worlds/counting.hpp"
#include "tests/worlds/terminating.hpp"

namespace planet::test {

/// The registered tasks and the two test environments.
inline std::deque<EnvSpec> every_world() {
  std::deque<EnvSpec> all = list_envs();
  all.push_back(counting_spec());
  all.push_back(terminating_spec());
  return all;
}

}  // namespace planet::test
