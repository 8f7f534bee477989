#include "planner/random.hpp"

namespace planet {

const Plan& RandomPlanner::plan(Dynamics& dynamics, Rng& rng) {
  start(dynamics, rng);
  for (int i = 0; i < config_.iterations; ++i) {
    draw_noise(i, rng);
    noise_to_actions();
    imagine(dynamics, rng);
    const double before = plan_.best_return;
    const std::int32_t winner = choose_elites(1)[0];
    if (i == 0 || plan_.best_return > before) copy_to(winner, plan_.actions.data());
    else plan_.best_return = plan_.elite_return = before;
  }
  plan_.mean = plan_.actions;  // from which a warm start continues
  return finish();
}

}  // namespace planet
