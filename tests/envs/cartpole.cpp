// Cart-pole swing-up: its equations from the energy, a hand-computed step, RK4's order, the stops.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "envs/physics.hpp"
#include "envs/registry.hpp"
#include "envs/tasks/cartpole_swingup.hpp"
#include "tests/envs/support.hpp"

namespace cartpole_tests {

using namespace planet;
using physics::pi;
using Vector = CartpoleSwingup::Vector;

namespace {

// Cart: 1 kg at x. Pole: 0.1 kg, its centre 0.5 m along (sin theta, cos theta) from the hinge.
double energy(const Vector& y) {
  const double m = 0.1, l = 0.5, inertia = 0.009424592767;
  const double vx = y[2] + l * y[3] * std::cos(y[1]), vy = -l * y[3] * std::sin(y[1]);
  return 0.5 * y[2] * y[2] + 0.5 * m * (vx * vx + vy * vy) + 0.5 * inertia * y[3] * y[3] +
         m * 9.81 * l * std::cos(y[1]);
}

// The power of motor and friction, W.
double power(const Vector& y, double u) {
  return 10 * u * y[2] - 5e-4 * y[2] * y[2] - 2e-6 * y[3] * y[3];
}

Vector run(Vector y, double u, double seconds, int steps) {
  for (int k = 0; k < steps; ++k)
    y = physics::rk4_step(y, seconds / steps,
                          [u](const Vector& z) { return CartpoleSwingup::derivative(z, u); });
  return y;
}

}  // namespace

TEST_CASE("the cart-pole energy changes by exactly what motor and friction put in") {
  // The energy is computed from positions and velocities alone, so this checks every term of M
  // and f.
  Rng rng(1, Stream::test);
  for (int k = 0; k < 1000; ++k) {
    const Vector y{rng.uniform(-1.7, 1.7), rng.uniform(-10, 10), rng.uniform(-3, 3),
                   rng.uniform(-8, 8)};
    const double u = rng.uniform(-1, 1);
    const Vector d = CartpoleSwingup::derivative(y, u);
    double rate = 0;  // grad E . dy/dt by central differences
    for (std::size_t i = 0; i < 4; ++i) {
      Vector up = y, down = y;
      up[i] += 1e-5, down[i] -= 1e-5;
      rate += (energy(up) - energy(down)) / 2e-5 * d[i];
    }
    CHECK(std::abs(rate - power(y, u)) <= 1e-7);
  }
}

TEST_CASE("the cart-pole momentum changes by motor and cart friction alone") {
  // With the energy this fixes both accelerations: p = 1.1 xd + 0.05 cos(theta) thetad.
  Rng rng(2, Stream::test);
  for (int k = 0; k < 1000; ++k) {
    const Vector y{rng.uniform(-1.7, 1.7), rng.uniform(-10, 10), rng.uniform(-3, 3),
                   rng.uniform(-8, 8)};
    const double u = rng.uniform(-1, 1);
    const Vector d = CartpoleSwingup::derivative(y, u);
    const double c = std::cos(y[1]), s = std::sin(y[1]);
    const double rate = 1.1 * d[2] + 0.05 * (c * d[3] - s * y[3] * y[3]);
    CHECK(std::abs(rate - (10 * u - 5e-4 * y[2])) <= 1e-12);
  }
}

TEST_CASE("cart-pole accelerations computed by hand") {
  // Pole level (theta = pi/2), at rest, u = 0: M is diagonal, so xdd = 0 and
  // thetadd = 0.05 * 9.81 / (0.009424592767 + 0.025) = 0.4905 / 0.034424592767.
  const Vector level = CartpoleSwingup::derivative({0, pi / 2, 0, 0}, 0);
  CHECK(std::abs(level[2]) <= 1e-15);
  CHECK(level[3] == doctest::Approx(14.2485345671).epsilon(1e-9));
  // Upright, at rest, u = 1: f = (10, 0), det = 1.1 * 0.034424592767 - 0.0025 = 0.0353670520437,
  // xdd = 0.034424592767 * 10 / det, thetadd = -0.05 * 10 / det.
  const Vector pushed = CartpoleSwingup::derivative({0, 0, 0, 0}, 1);
  CHECK(pushed[2] == doctest::Approx(0.34424592767 / 0.0353670520437).epsilon(1e-12));
  CHECK(pushed[3] == doctest::Approx(-0.5 / 0.0353670520437).epsilon(1e-12));
  // Positions follow velocities.
  const Vector moving = CartpoleSwingup::derivative({0.1, 0.2, 0.3, 0.4}, 0);
  CHECK(moving[0] == 0.3);
  CHECK(moving[1] == 0.4);
}

TEST_CASE("cart-pole integration is of fourth order") {
  const Vector start{0, 2.5, 0, 0};
  const Vector truth = run(start, -0.2, 1, 4096);
  REQUIRE(std::abs(truth[0]) < CartpoleSwingup::rail);
  const auto error = [&](int steps) {
    const Vector y = run(start, -0.2, 1, steps);
    double sum = 0;
    for (std::size_t i = 0; i < 4; ++i) sum += (y[i] - truth[i]) * (y[i] - truth[i]);
    return std::sqrt(sum);
  };
  for (const int steps : {20, 40, 80}) {
    const double order = std::log2(error(steps) / error(2 * steps));
    CHECK(order > 3.9);
    CHECK(order < 4.1);
  }
}

TEST_CASE("an undriven cart-pole loses only what friction takes in ten seconds") {
  Vector y{0, 2.5, 0, 0};
  double dissipated = 0;
  const double start = energy(y);
  for (int k = 0; k < 1000; ++k) {
    const double before = power(y, 0);
    y = run(y, 0, CartpoleSwingup::dt, 1);
    dissipated += CartpoleSwingup::dt * 0.5 * (before + power(y, 0));
  }
  CHECK(dissipated < -1e-6);
  CHECK(std::abs(energy(y) - start - dissipated) <= 1e-7);
}

TEST_CASE("one cart-pole control step is RK4 of the equations with the reward of the state after") {
  CartpoleSwingup task;
  const Vector start{0.4, 2.9, 0.3, -1.2};
  task.set_state(start);
  const TaskStep step = task.step(std::array{-0.7}, {});
  const Vector truth = run(start, -0.7, 0.01, 1);
  CHECK(task.state() == std::vector<double>(truth.begin(), truth.end()));
  CHECK(step.reward == CartpoleSwingup::reward(truth, -0.7));
  CHECK_FALSE(step.terminated);
}

TEST_CASE("each factor of the cart-pole reward by hand") {
  CHECK(CartpoleSwingup::reward({0, 0, 0, 0}, 0) == 1.0);
  CHECK(CartpoleSwingup::reward({0, pi / 3, 0, 0}, 0) == doctest::Approx(0.75).epsilon(1e-14));
  CHECK(std::abs(CartpoleSwingup::reward({0, pi, 0, 0}, 0)) <= 1e-15);
  CHECK(CartpoleSwingup::reward({2, 0, 0, 0}, 0) == doctest::Approx(0.55).epsilon(1e-14));
  CHECK(CartpoleSwingup::reward({0, 0, 9, 0}, 0) == 1.0);  // the cart's speed does not matter
  CHECK(CartpoleSwingup::reward({0, 0, 0, 5}, 0) == doctest::Approx(0.55).epsilon(1e-14));
  CHECK(CartpoleSwingup::reward({0, 0, 0, 0}, 1) == doctest::Approx(0.8).epsilon(1e-14));
  CHECK(CartpoleSwingup::reward({0, 0, 0, 0}, -0.5) == doctest::Approx(0.95).epsilon(1e-14));
  CHECK(CartpoleSwingup::reward({2, pi / 3, 0, 5}, -1) ==
        doctest::Approx(0.75 * 0.55 * 0.55 * 0.8).epsilon(1e-14));
}

TEST_CASE("the rail ends stop the cart softly and symmetrically") {
  const auto furthest = [](double sign) {
    Vector y{0, pi, 0, 0};
    double most = 0;
    for (int k = 0; k < 300; ++k) {
      y = run(y, sign, CartpoleSwingup::dt, 1);
      most = std::max(most, sign * y[0]);
    }
    CHECK(sign * y[0] > 1.79);  // pressed against the end
    return most;
  };
  const double right = furthest(1), left = furthest(-1);
  CHECK(right == doctest::Approx(left).epsilon(1e-12));
  CHECK(right > 1.805);  // soft: the cart enters the stop
  CHECK(right < 2.0);
  // Beyond the end, the pole still follows its own equation with the stopped cart's acceleration.
  const Vector y{1.81, 0.5, 0.7, 2};
  const Vector d = CartpoleSwingup::derivative(y, 1);
  CHECK(d[2] < 0);
  const double f2 = 0.05 * 9.81 * std::sin(0.5) - 2e-6 * 2;
  CHECK(0.05 * std::cos(0.5) * d[2] + 0.034424592767 * d[3] == doctest::Approx(f2).epsilon(1e-12));
}

TEST_CASE("the stop weight uses the cart inertia with the pole where it is") {
  // Level pole: M12 = 0, det = 1.1 * 0.034424592767; rho = det / det(upright).
  const double m22 = 0.034424592767;
  const double rho = 1.1 * m22 / (1.1 * m22 - 0.0025);
  const double free = 10.0 / 1.1 - 5e-4 * 0.7 / 1.1;
  const double expected = physics::SoftStop{0.08}.acceleration(0.02, 0.7, free, rho);
  const Vector d = CartpoleSwingup::derivative({1.82, pi / 2, 0.7, 0}, 1);
  CHECK(d[2] == doctest::Approx(expected).epsilon(1e-12));
}

TEST_CASE("cart-pole starts hang almost still") {
  const auto env = make_env("cartpole_swingup");
  const int n = 4000;
  std::array<double, 4> sum{}, square{};
  env->reset(1);
  for (int k = 0; k < n; ++k) {
    env->reset();
    auto s = env->state();
    s[1] -= pi;
    for (std::size_t i = 0; i < 4; ++i) sum[i] += s[i], square[i] += s[i] * s[i];
  }
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(std::abs(sum[i] / n) < 4 * 0.01 / std::sqrt(static_cast<double>(n)));
    CHECK(std::sqrt(square[i] / n) == doctest::Approx(0.01).epsilon(0.05));
  }
}

}  // namespace cartpole_tests
