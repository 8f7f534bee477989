#include "planner/random.hpp"

#include "autograd/kernels/random.hpp"

namespace planet {

void RandomPlanner::draw(const Search& s, Rng& rng) {
  kernels::fill_normal(rng, s.actions, s.H * s.J * s.A);
  s.noise_to_actions();
}

// The mean moves once, when all is over: to the plan, for a warm start to go on from.
void RandomPlanner::refit(Search& s) {
  Plan& plan = *s.plan;
  const double before = plan.best_return;
  choose(s, 1);
  if (s.iteration == 0 || plan.best_return > before) s.copy_to(s.best(), plan.actions.data());
  else plan.best_return = plan.elite_return = before;
  if (s.iteration == config_.iterations - 1) plan.mean = plan.actions;
}

}  // namespace planet
