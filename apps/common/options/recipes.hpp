// The default training settings of each task, and the planner that its score's 1 was measured with:
// what belongs to a task but is no part of the environment.
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
  int oracle_futures = 1;  // futures over which returns are averaged; 1: each candidate has its own
  // Updates after which the collected episodes scored 0.5, rounded: in apps/studies/paper the mean of
  // twenty episodes, otherwise in apps/studies/learning the median of five; then the median of the
  // runs. 0: not known.
  int updates_to_learn = 0;
};

/// The recipe of a task; the defaults if it has none of its own.
const Recipe& recipe_of(std::string_view task);

}  // namespace planet
