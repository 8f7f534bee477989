#include "planner/cem.hpp"

namespace planet {

// Algorithm 2. The search keeps a distribution over the next H actions, q(a_{t:t+H}) = Normal(mean,
// std^2) with independent entries; each of I iterations draws J sequences from it and refits it to
// the best K. The agent executes the first action of the last mean.
const Plan& CemPlanner::plan(Dynamics& dynamics, Rng& rng) {
  const int I = config_.iterations, K = config_.elites;
  const bool full = config_.cem.covariance == "full";

  start(dynamics, rng);  // q(a_{t:t+H}) <- Normal(0, 1)
  if (full) correlation_.reset(H_ * A_);
  for (int i = 0; i < I; ++i) {
    // Draw: a^(j)_{t:t+H} ~ q(a_{t:t+H}) for j = 1 .. J, clipped to [-1, 1].
    draw_noise(i, rng);
    if (full) correlation_.apply(actions_.data(), H_, J_, A_);
    noise_to_actions();

    // Imagine: s^(j)_{t:t+H} ~ p(s_tau | h_tau), R^(j) = sum_{tau=t+1..t+H} E[r_tau].
    imagine(dynamics, rng);

    // Elites: the K sequences with the highest R^(j).
    const std::span<const std::int32_t> elites = choose_elites(K);

    // Refit: mean = 1/K sum_k a^(k),  std^2 = 1/K sum_k (a^(k) - mean)^2 + 1e-6.
    fit(elites, plan_.mean, plan_.std);
    if (full) correlation_.fit(actions_.data(), H_, J_, A_, elites);
  }
  plan_.actions = plan_.mean;
  return finish();
}

}  // namespace planet
