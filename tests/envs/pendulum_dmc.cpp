// dm_control's pendulum: hand-computed steps, its energy, its two rewards and its start.
#include "envs/tasks/pendulum_dmc.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "envs/physics.hpp"
#include "tests/envs/support.hpp"

namespace pendulum_dmc_tests {

using namespace planet;
using physics::pi;
using Kind = PendulumDmc::Reward;

namespace {

struct After {
  double theta, omega, reward;
};

After one_step(double theta, double omega, double u, Kind kind = Kind::shaped) {
  PendulumDmc task(kind);
  task.set_state(std::array{theta, omega});
  const TaskStep step = task.step(std::array{u}, {});
  return {task.state()[0], task.state()[1], step.reward};
}

// A ball of 1 kg and radius 0.05 at 0.5 m: I = 0.25 + 2/5 0.05^2.
double energy(double theta, double omega) {
  return 0.251 * omega * omega / 2 + 4.905 * std::cos(theta);
}

}  // namespace

TEST_CASE("dm_control pendulum steps computed by hand") {
  // Level, at rest, u = -0.5: f = -0.5 + 4.905, divided by 0.251 + 0.02 * 0.1.
  const After level = one_step(pi / 2, 0, -0.5);
  const double omega = 0.02 * 4.405 / 0.253;
  CHECK(level.omega == doctest::Approx(omega).epsilon(1e-15));
  CHECK(level.theta == doctest::Approx(pi / 2 + 0.02 * omega).epsilon(1e-15));
  // Hanging and turning: friction alone, omega' = omega (0.251 / 0.253).
  CHECK(one_step(pi, 3, 0).omega == doctest::Approx(3 * 0.251 / 0.253).epsilon(1e-14));
  const After top = one_step(0, 0, 0);
  CHECK(top.theta == 0.0);
  CHECK(top.reward == 1.0);
}

TEST_CASE("the dm_control pendulum loses what friction takes") {
  // dE/dt = -b omega^2, within the first order of the step.
  double theta = pi - 0.5, omega = 0, lost = 0;
  PendulumDmc task(Kind::shaped);
  task.set_state(std::array{theta, omega});
  const double start = energy(theta, omega);
  for (int k = 0; k < 200; ++k) {
    task.step(std::array{0.0}, {});
    omega = task.state()[1];
    lost += PendulumDmc::dt * PendulumDmc::damping * omega * omega;
  }
  CHECK(lost > 0.3);
  CHECK(start - energy(task.state()[0], omega) == doctest::Approx(lost).epsilon(0.06));
}

TEST_CASE("both rewards of the dm_control pendulum by hand") {
  const double edge = 8 * pi / 180;
  for (const double sign : {-1.0, 1.0}) {
    CHECK(PendulumDmc::reward(Kind::sparse, sign * (edge - 1e-6), 7) == 1.0);
    CHECK(PendulumDmc::reward(Kind::sparse, sign * (edge + 1e-6), 0) == 0.0);
    CHECK(PendulumDmc::reward(Kind::sparse, sign * (2 * pi - edge + 1e-6), 0) == 1.0);
  }
  CHECK(PendulumDmc::reward(Kind::shaped, 0, 0) == 1.0);
  CHECK(PendulumDmc::reward(Kind::shaped, pi / 3, 0) == doctest::Approx(0.75).epsilon(1e-14));
  CHECK(PendulumDmc::reward(Kind::shaped, 0, -5) == doctest::Approx(0.55).epsilon(1e-14));
  CHECK(std::abs(PendulumDmc::reward(Kind::shaped, pi, 0)) <= 1e-15);
  // Of the state after the step: it falls past the edge in this step, and is not paid.
  CHECK(one_step(edge - 1e-3, 1, 0, Kind::sparse).reward == 0.0);
}

TEST_CASE("the dm_control pendulum starts at rest at any angle") {
  for (const char* name : {"pendulum_dmc_sparse", "pendulum_dmc_shaped"}) {
    const auto env = make_env(name);
    double sum = 0, square = 0;
    const int n = 2000;
    env->reset(1);
    for (int k = 0; k < n; ++k) {
      env->reset();
      const auto s = env->state();
      REQUIRE(std::abs(s[0]) <= pi);
      REQUIRE(s[1] == 0.0);
      sum += s[0], square += s[0] * s[0];
    }
    CHECK(std::abs(sum / n) < 4 * pi / std::sqrt(3.0 * n));
    CHECK(square / n == doctest::Approx(pi * pi / 3).epsilon(0.08));
  }
}

}  // namespace pendulum_dmc_tests
