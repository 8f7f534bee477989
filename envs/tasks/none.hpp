// No environment: what a model has that was learned from recorded episodes alone (train --env none).
// Its name, its sizes and its clock are those of a task; whoever begins an episode is told that there
// is none. It is not listed.
#pragma once

#include "envs/registry.hpp"

namespace planet {

inline constexpr const char* no_environment = "none";

/// With the option action_size, the numbers in a recorded action.
EnvSpec none_spec();

}  // namespace planet
