// From a name to a planner: the one place that knows all methods.
#pragma once

#include <memory>

#include "planner/planner.hpp"

namespace planet {

/// The planner that config.method names. Error: config.check().
std::unique_ptr<Planner> make_planner(const PlannerConfig& config);

}  // namespace planet
