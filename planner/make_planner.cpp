#include "planner/make_planner.hpp"

#include "planner/cem.hpp"
#include "planner/icem.hpp"
#include "planner/mppi.hpp"
#include "planner/random.hpp"

namespace planet {

std::unique_ptr<Planner> make_planner(const PlannerConfig& config) {
  config.check();
  if (config.method == "icem") return std::make_unique<IcemPlanner>(config);
  if (config.method == "mppi") return std::make_unique<MppiPlanner>(config);
  if (config.method == "random") return std::make_unique<RandomPlanner>(config);
  return std::make_unique<CemPlanner>(config);
}

}  // namespace planet
