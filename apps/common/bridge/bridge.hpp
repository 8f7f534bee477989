// Environments that are programs of their own, of any language: a process, and a line for a line.
//
//   gym:NAME         an environment of Gymnasium with continuous actions (apps/gym_env.py)
//   command:COMMAND  whatever the shell runs by COMMAND, if it speaks the protocol (README.md)
//
// To everything else such a name is the name of a task: it is registered when it is first asked for. A
// thread that plays one episode at a time needs one process, which plays episode after episode. An
// episode is a function of its seed and its actions, so a run can be stopped and resumed as always.
#pragma once

#include <string_view>

#include "apps/common/bridge/child.hpp"
#include "envs/registry.hpp"

namespace planet {

/// env_spec(), which also knows these names. Starts no process. Not thread-safe, as register_env().
const EnvSpec& find_env(std::string_view name);

}  // namespace planet
