// What a task is trained with unless told otherwise, and what its score's 1 was measured with: what
// is known of a task and is no part of the world.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "planner/config.hpp"

namespace planet {

struct Recipe {
  std::string preset = "tiny";        // the sizes of model, batch and planner
  std::vector<std::string> settings;  // over the preset: KEY=VALUE, as in config.toml
  // The planner in the true simulator whose mean return is the registry's `oracle`.
  PlannerConfig oracle{"cem", 12, 10, 1000, 100};
  int oracle_futures = 1;  // that all candidates are averaged over; 1: each candidate has its own
};

/// A task without a recipe of its own has the defaults.
const Recipe& recipe_of(std::string_view task);

}  // namespace planet
