// P40: the action repeat is a choice with two wrong ends (apps/studies/action_repeat has the
// sweep).
#include <doctest/doctest.h>

#include <numeric>

#include "apps/common/simulator/simulator_dynamics.hpp"

using namespace planet;

namespace {

// The mean return of episodes 1000, 1001, .. with R control steps a decision; 4 x 100 candidates.
double mean_return(const char* name, int R, std::size_t episodes) {
  EnvOptions options;
  options.action_repeat = R;
  std::vector<std::uint64_t> seeds(episodes);
  std::iota(seeds.begin(), seeds.end(), std::uint64_t{1000});
  const auto returns = oracle_returns(*make_env(name, options), {"cem", 12, 4, 100, 10}, seeds);
  return std::accumulate(returns.begin(), returns.end(), 0.0) / static_cast<double>(episodes);
}

}  // namespace

TEST_CASE("P40 an action repeat that sees too short or acts too coarsely loses the task") {
  // Twelve decisions of 2 control steps are a quarter of a second: cart-pole never sees the
  // swing-up that pays later, and returns 181 to 206 in the study's ten episodes; with 8, 692 to
  // 796, with a standard deviation of 28: 600 is five and a half of them away for one episode,
  // eight for two.
  const double myopic = mean_return("cartpole_swingup", 2, 2),
               chosen = mean_return("cartpole_swingup", 8, 2);
  MESSAGE("cart-pole: R 2 " << myopic << ", R 8 " << chosen);
  CHECK(myopic < 300);
  CHECK(chosen > 600);
  // Held for 40 control steps of 0.05 s a torque cannot balance: pendulum returns 131 with a
  // standard deviation of 12, against 187 and 4. The mean of four: bounds five and more standard
  // errors away.
  const double coarse = mean_return("pendulum_swingup", 40, 4),
               fine = mean_return("pendulum_swingup", 2, 4);
  MESSAGE("pendulum: R 40 " << coarse << ", R 2 " << fine);
  CHECK(coarse < 165);
  CHECK(fine > 170);
}
