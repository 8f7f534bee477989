// Pendulum swing-up: hand-computed steps, its energy, its order, its reward and its random return.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "autograd/base/error.hpp"
#include "envs/physics.hpp"
#include "envs/registry.hpp"
#include "envs/tasks/pendulum_swingup.hpp"
#include "tests/envs/support.hpp"

namespace pendulum_tests {

using namespace planet;
using physics::pi;

namespace {

struct After {
  double theta, omega, reward;
};

After one_step(double theta, double omega, double u) {
  PendulumSwingup task;
  task.set_state(std::array{theta, omega});
  const TaskStep step = task.step(std::array{u}, {});
  return {task.state()[0], task.state()[1], step.reward};
}

// A uniform rod of 1 kg and 1 m about its end: I = 1/3, centre of mass at 1/2.
double energy(double theta, double omega) { return omega * omega / 6 + 5 * std::cos(theta); }

}  // namespace

TEST_CASE("pendulum steps computed by hand") {
  // Level, at rest, u = 0.5: alpha = 15 sin + 3 * 2u = 18, omega = 18 * 0.05, theta += 0.9 * 0.05.
  const After level = one_step(pi / 2, 0, 0.5);
  CHECK(level.omega == doctest::Approx(0.9).epsilon(1e-15));
  CHECK(level.theta == doctest::Approx(pi / 2 + 0.045).epsilon(1e-15));
  const double angle = pi / 2 + 0.045;
  CHECK(level.reward ==
        doctest::Approx(1 - (angle * angle + 0.1 * 0.81 + 0.001) / 16.2736044).epsilon(1e-14));
  // Upright, no torque: nothing happens and the reward is full.
  const After top = one_step(0, 0, 0);
  CHECK(top.theta == 0.0);
  CHECK(top.omega == 0.0);
  CHECK(top.reward == 1.0);
  // The speed is clipped before the angle moves.
  const After fast = one_step(pi / 2, 7.9, 1);
  CHECK(fast.omega == 8.0);
  CHECK(fast.theta == doctest::Approx(pi / 2 + 0.4).epsilon(1e-15));
  CHECK(one_step(-pi / 2, -7.9, -1).omega == -8.0);
}

TEST_CASE("the pendulum angle is wrapped in the reward and kept in the state") {
  const After a = one_step(0.3, 1, 0.2), b = one_step(0.3 + 4 * pi, 1, 0.2);
  CHECK(b.theta == doctest::Approx(a.theta + 4 * pi).epsilon(1e-14));
  CHECK(b.reward == doctest::Approx(a.reward).epsilon(1e-13));
}

TEST_CASE("the pendulum reward is the Gymnasium cost scaled to 0 to 1") {
  Rng rng(2, Stream::test);
  for (int k = 0; k < 10000; ++k) {
    const double theta = rng.uniform(-10, 10), omega = rng.uniform(-8, 8), u = rng.uniform(-2, 2);
    const double r = PendulumSwingup::reward(theta, omega, u);
    CHECK(r >= 0);
    CHECK(r <= 1);
    const double wrapped = std::atan2(std::sin(theta), std::cos(theta));
    const double cost = wrapped * wrapped + 0.1 * omega * omega + 0.001 * u * u;
    CHECK(std::abs(16.2736044 * (1 - r) - cost) <= 1e-12);
  }
  CHECK(std::abs(PendulumSwingup::reward(pi, 8, 2)) <= 1e-9);  // the smallest reward
}

TEST_CASE("an undriven pendulum keeps its energy on average") {
  // Velocity first, then angle: a symplectic step. The energy swings by O(dt), and never drifts.
  double theta = pi - 1.2, omega = 0;
  const double start = energy(theta, omega);
  double low = start, high = start, late_low = start, late_high = start;
  for (int k = 0; k < 100000; ++k) {
    const auto next = PendulumSwingup::advance(theta, omega, 0, PendulumSwingup::dt);
    theta = next[0], omega = next[1];
    const double e = energy(theta, omega);
    low = std::min(low, e), high = std::max(high, e);
    if (k == 90000) late_low = late_high = e;
    if (k > 90000) late_low = std::min(late_low, e), late_high = std::max(late_high, e);
  }
  CHECK(high - low < 0.65);  // of a swing 3.2 deep
  CHECK(std::abs((late_high + late_low) - (high + low)) / 2 < 0.01);
  CHECK(late_high - late_low > 0.9 * (high - low));  // no decay in the last tenth
}

TEST_CASE("the pendulum step approximates the equation of motion to first order") {
  // Truth: I theta'' = (m g l / 2) sin theta + torque with I = 1/3, by fine RK4.
  const double torque = 1.3;
  std::array<double, 2> truth{2.5, 0.4};
  for (int k = 0; k < 20000; ++k)
    truth = physics::rk4_step(truth, 1e-4 / 4, [&](const std::array<double, 2>& y) {
      return std::array<double, 2>{y[1], (5 * std::sin(y[0]) + torque) * 3};
    });
  const auto error = [&](int steps) {
    double theta = 2.5, omega = 0.4;
    for (int k = 0; k < steps; ++k) {
      const auto next = PendulumSwingup::advance(theta, omega, torque, 0.5 / steps);
      theta = next[0], omega = next[1];
    }
    return std::hypot(theta - truth[0], omega - truth[1]);
  };
  for (const int steps : {40, 80, 160}) {
    const double order = std::log2(error(steps) / error(2 * steps));
    CHECK(order > 0.9);
    CHECK(order < 1.1);
  }
}

TEST_CASE("pendulum starts are uniform in angle and speed") {
  const auto env = make_env("pendulum_swingup");
  double sum_theta = 0, sum_omega = 0, square_theta = 0, square_omega = 0;
  const int n = 4000;
  env->reset(1);
  for (int k = 0; k < n; ++k) {
    env->reset();
    const auto s = env->state();
    REQUIRE(std::abs(s[0]) <= pi);
    REQUIRE(std::abs(s[1]) <= 1);
    sum_theta += s[0], square_theta += s[0] * s[0];
    sum_omega += s[1], square_omega += s[1] * s[1];
  }
  // A uniform variable on [-a, a] has mean 0 and variance a^2 / 3; four standard errors.
  CHECK(std::abs(sum_theta / n) < 4 * pi / std::sqrt(3.0 * n));
  CHECK(std::abs(sum_omega / n) < 4 / std::sqrt(3.0 * n));
  CHECK(square_theta / n == doctest::Approx(pi * pi / 3).epsilon(0.06));
  CHECK(square_omega / n == doctest::Approx(1.0 / 3).epsilon(0.06));
}

TEST_CASE("the pendulum refuses a state that no episode reaches") {
  const auto env = make_env("pendulum_swingup");
  const std::string text = test::sentence([&] { env->set_state(std::array{0.0, 9.0}); });
  CHECK(test::contains(text, "omega is 9"));
}

}  // namespace pendulum_tests
