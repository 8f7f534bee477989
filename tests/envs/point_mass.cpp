// The point mass: hand-computed steps, its friction, its walls, its reward and its start.
#include "envs/tasks/point_mass.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "envs/physics.hpp"
#include "tests/envs/support.hpp"

using namespace planet;

namespace {

std::vector<double> one_step(const PointMassRules& rules, std::array<double, 4> state,
                             std::array<double, 2> u) {
  PointMass task(rules);
  task.set_state(state);
  task.step(u, {});
  return task.state();
}

}  // namespace

TEST_CASE("point mass steps computed by hand") {
  // v' = v + 0.02 (g u - v) / (0.3 + 0.02), x' = x + 0.02 v'; the axes are independent.
  const auto easy = one_step(PointMass::easy, {0.1, -0.2, 0.3, 0}, {1, -0.5});
  CHECK(easy[2] == doctest::Approx(0.3 + 0.02 * (0.5 - 0.3) / 0.32).epsilon(1e-15));
  CHECK(easy[3] == doctest::Approx(0.02 * -0.25 / 0.32).epsilon(1e-15));
  CHECK(easy[0] == doctest::Approx(0.1 + 0.02 * 0.3125).epsilon(1e-15));
  CHECK(easy[1] == doctest::Approx(-0.2 - 0.02 * 0.015625).epsilon(1e-15));
  const auto dmc = one_step(PointMass::dmc, {0, 0, 0, 0}, {1, 0});
  CHECK(dmc[2] == doctest::Approx(0.02 * 0.1 / 0.32).epsilon(1e-15));
}

TEST_CASE("a gliding point mass comes to rest after its momentum over its friction") {
  // sum of v' h = m v0 / b exactly, also in discrete steps: (m + h b) v' = m v.
  PointMass task(PointMass::easy);
  task.set_state(std::array{-0.2, 0.2, 0.9, -0.6});
  for (int k = 0; k < 2000; ++k) task.step(std::array{0.0, 0.0}, {});
  CHECK(task.state()[0] == doctest::Approx(-0.2 + 0.3 * 0.9).epsilon(1e-12));
  CHECK(task.state()[1] == doctest::Approx(0.2 - 0.3 * 0.6).epsilon(1e-12));
}

TEST_CASE("the walls stop the point mass softly and symmetrically") {
  std::vector<double> deepest;
  for (const std::size_t axis : {0u, 1u})
    for (const double sign : {-1.0, 1.0}) {
      PointMass task(PointMass::easy);
      task.set_state(std::array{0.0, 0.0, 0.0, 0.0});
      std::array<double, 2> u{};
      u[axis] = sign;
      double most = 0;
      for (int k = 0; k < 400; ++k) {
        task.step(u, {});
        most = std::max(most, sign * task.state()[axis]);
        CHECK(task.state()[1 - axis] == 0.0);
      }
      CHECK(sign * task.state()[axis] > PointMass::wall);  // pressed into the wall
      deepest.push_back(most);
    }
  for (const double depth : deepest) CHECK(depth == deepest[0]);
  CHECK(deepest[0] > 0.2901);
  CHECK(deepest[0] < 0.31);
  // At rest against it: (1 - w) free + w a_ref = 0 with rho = 1, w = d, depth below the full width
  // or above; here d = 0.95 is reached: depth = free (1 - d)/d * d^2 tc^2 / d.
  PointMass task(PointMass::easy);
  task.set_state(std::array{0.2915, 0.0, 0.0, 0.0});
  for (int k = 0; k < 2000; ++k) task.step(std::array{1.0, 0.0}, {});
  const double depth = task.state()[0] - PointMass::wall;
  CHECK(std::abs(physics::SoftStop{0.04}.acceleration(depth, 0, 0.5 / 0.3, 1)) <= 1e-9);
}

TEST_CASE("each factor of the point mass reward by hand") {
  using P = PointMass;
  const std::array none{0.0, 0.0}, full{1.0, -1.0}, half{0.5, 0.0};
  CHECK(P::reward(P::easy, {0.03, 0.04}, none) == 1.0);  // at 0.05, the goal's edge
  CHECK(P::reward(P::easy, {0.12, 0.16}, none) == doctest::Approx(0.1).epsilon(1e-13));
  CHECK(P::reward(P::easy, {0, 0}, full) == doctest::Approx(0.8).epsilon(1e-14));
  CHECK(P::reward(P::easy, {0, 0}, half) == doctest::Approx((4 + 0.875) / 5).epsilon(1e-14));
  CHECK(P::reward(P::easy, {-0.12, 0.16}, full) == doctest::Approx(0.08).epsilon(1e-13));
  CHECK(P::reward(P::dmc, {0, 0.015}, none) == 1.0);
  CHECK(P::reward(P::dmc, {0, -0.03}, none) == doctest::Approx(0.1).epsilon(1e-12));
  CHECK(P::reward(P::dmc, {0, 0.1}, none) < 1e-31);  // why the published one is hard
}

TEST_CASE("point mass starts are uniform in the square and at rest") {
  const auto env = make_env("point_mass_easy");
  std::array<double, 2> sum{}, square{};
  const int n = 2000;
  env->reset(1);
  for (int k = 0; k < n; ++k) {
    env->reset();
    const auto s = env->state();
    for (std::size_t i = 0; i < 2; ++i) {
      REQUIRE(std::abs(s[i]) <= 0.29);
      REQUIRE(s[i + 2] == 0.0);
      sum[i] += s[i], square[i] += s[i] * s[i];
    }
  }
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(std::abs(sum[i] / n) < 4 * 0.29 / std::sqrt(3.0 * n));
    CHECK(square[i] / n == doctest::Approx(0.29 * 0.29 / 3).epsilon(0.08));
  }
}
