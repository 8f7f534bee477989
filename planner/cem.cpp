#include "planner/cem.hpp"

#include "autograd/kernels/random.hpp"

namespace planet {

void CemPlanner::begin(const Search& s) {
  if (!full()) return;
  if (correlation_.size() <= s.b) correlation_.resize(s.b + 1);
  correlation_[s.b].reset(s.H * s.A);
}

void CemPlanner::draw(const Search& s, Rng& rng) {
  kernels::fill_normal(rng, s.actions, s.H * s.J * s.A);
  if (full()) correlation_[s.b].apply(s.actions, s.H, s.J, s.A);
  s.noise_to_actions();
}

void CemPlanner::refit(Search& s) {
  choose(s, config_.elites);
  s.fit(s.plan->mean, s.plan->std);
  if (full()) correlation_[s.b].fit(s.actions, s.H, s.J, s.A, s.chosen());
  s.plan->actions = s.plan->mean;
}

}  // namespace planet
