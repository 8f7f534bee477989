// The reacher: masses by hand, its equations from the energy, the wrist's stop, rewards, starts.
#include "envs/tasks/reacher.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tests/envs/support.hpp"

using namespace planet;
using physics::pi;

namespace {

using ReacherState = std::array<double, 6>;

// Kinetic energy from positions alone: the links as fine rows of point masses, along the capsules'
// slices, each moving as its angles move.
double kinetic_energy(const ReacherState& s) {
  const double q1 = s[0], q12 = s[0] + s[1], w1 = s[2], w12 = s[2] + s[3];
  double sum = 0;
  const auto row = [&](double joint_distance, double angle, double w, double length, double centre,
                       double radius) {
    const int slices = 4000;
    const double end = length / 2 + radius, dz = 2 * end / slices;
    for (int k = 0; k < slices; ++k) {
      const double z = -end + (k + 0.5) * dz, beyond = std::max(std::abs(z) - length / 2, 0.0);
      const double rho2 = radius * radius - beyond * beyond, dm = 1000 * pi * rho2 * dz;
      const double d = centre + z;
      const double vx = -joint_distance * w1 * std::sin(q1) - d * w * std::sin(angle);
      const double vy = joint_distance * w1 * std::cos(q1) + d * w * std::cos(angle);
      sum += dm / 2 * (vx * vx + vy * vy + rho2 / 4 * w * w);  // a disc turns about its diameter
    }
  };
  row(0, q1, w1, 0.12, 0.06, 0.01);
  row(0.12, q12, w12, 0.10, 0.05, 0.01);
  row(0.12, q12, w12, 0, 0.12, 0.01);
  return sum;
}

double by_matrix(const ReacherState& s) {
  const auto [m11, m12, m22] = Reacher::mass_matrix(std::cos(s[1]));
  return 0.5 * (m11 * s[2] * s[2] + 2 * m12 * s[2] * s[3] + m22 * s[3] * s[3]);
}

ReacherState step(const ReacherState& s, std::array<double, 2> u) {
  Reacher task(false);
  task.set_state(s);
  task.step(u, {});
  ReacherState out;
  const std::vector<double> state = task.state();
  std::copy(state.begin(), state.end(), out.begin());
  return out;
}

double paid(bool shaped, const ReacherState& s) {
  Reacher task(shaped);
  task.set_state(s);
  return task.reward();
}

}  // namespace

TEST_CASE("the reacher mass matrix gives the kinetic energy of its slices") {
  Rng rng(1, Stream::test);
  for (int k = 0; k < 50; ++k) {
    const ReacherState s{
        rng.uniform(-4, 4), rng.uniform(-2.8, 2.8), rng.uniform(-5, 5), rng.uniform(-5, 5), 0, 0};
    CHECK(by_matrix(s) == doctest::Approx(kinetic_energy(s)).epsilon(1e-6));
  }
  // By hand: capsule and ball about the wrist, and the sums of dm_control's figures.
  const auto [m11, m12, m22] = Reacher::mass_matrix(1);
  CHECK(m22 == doctest::Approx(0.00018867358).epsilon(1e-7));
  CHECK(m11 == doctest::Approx(0.0015237039).epsilon(1e-7));
  CHECK(m12 - m22 == doctest::Approx(0.0002739469).epsilon(1e-6));
}

TEST_CASE("a reacher step solves the equations of motion with friction at the new speed") {
  // d/dt (dT/dw) - dT/dq = torque - D w' over a step, with dT/dq of the state before it.
  Rng rng(2, Stream::test);
  for (int k = 0; k < 200; ++k) {
    const ReacherState s{
        rng.uniform(-4, 4), rng.uniform(-2.7, 2.7), rng.uniform(-4, 4), rng.uniform(-4, 4), 0, 0};
    const std::array u{rng.uniform(-1, 1), rng.uniform(-1, 1)};
    const ReacherState next = step(s, u);
    const double h = Reacher::dt, a1 = (next[2] - s[2]) / h, a2 = (next[3] - s[3]) / h;
    const auto [m11, m12, m22] = Reacher::mass_matrix(std::cos(s[1]));
    const auto turned = Reacher::mass_matrix(std::cos(s[1] + 1e-5));
    const auto back = Reacher::mass_matrix(std::cos(s[1] - 1e-5));
    const double d11 = (turned[0] - back[0]) / 2e-5, d12 = (turned[1] - back[1]) / 2e-5;
    const double p1 = m11 * a1 + m12 * a2 + s[3] * (d11 * s[2] + d12 * s[3]);
    const double p2 = m12 * a1 + m22 * a2 + s[3] * d12 * s[2];
    const double dT_dq2 = 0.5 * d11 * s[2] * s[2] + d12 * s[2] * s[3];
    CHECK(std::abs(p1 - (0.05 * u[0] - 0.01 * next[2])) <= 1e-9);
    CHECK(std::abs(p2 - dT_dq2 - (0.05 * u[1] - 0.01 * next[3])) <= 1e-9);
    CHECK(next[0] == doctest::Approx(s[0] + h * next[2]).epsilon(1e-15));
    CHECK(next[1] == doctest::Approx(s[1] + h * next[3]).epsilon(1e-15));
    CHECK(next[4] == s[4]);
  }
}

TEST_CASE("the wrist stops softly and symmetrically") {
  std::array<double, 2> most{};
  for (const std::size_t k : {0u, 1u}) {
    const double sign = k == 0 ? 1 : -1;
    ReacherState s{};
    for (int t = 0; t < 200; ++t) {
      s = step(s, {0, sign});
      most[k] = std::max(most[k], sign * s[1]);
    }
    CHECK(sign * s[1] > Reacher::wrist_limit);  // pressed against the stop
    CHECK(sign * s[1] < Reacher::wrist_limit + 0.2);
  }
  CHECK(most[0] == doctest::Approx(most[1]).epsilon(1e-12));
  CHECK(most[0] > Reacher::wrist_limit + 0.01);
  // Just beyond the stop and still, it is pushed back; just inside nothing pushes.
  CHECK(step({0, Reacher::wrist_limit + 1e-3, 0, 0, 0, 0}, {0, 0})[3] < 0);
  CHECK(step({0, -Reacher::wrist_limit - 1e-3, 0, 0, 0, 0}, {0, 0})[3] > 0);
  CHECK(step({0, Reacher::wrist_limit - 1e-3, 0, 0, 0, 0}, {0, 0})[3] == 0.0);
}

TEST_CASE("both rewards of the reacher by hand") {
  // Stretched along x the finger is at (0.24, 0); bent by a right angle at (0.12, 0.12).
  CHECK(paid(false, {0, 0, 0, 0, 0.24 - 0.0599, 0}) == 1.0);
  CHECK(paid(false, {0, 0, 0, 0, 0.24 - 0.0601, 0}) == 0.0);
  CHECK(paid(false, {0, pi / 2, 0, 0, 0.12, 0.12 + 0.0599}) == 1.0);
  CHECK(paid(false, {pi / 2, 0, 9, 9, 0, 0.24}) == 1.0);
  CHECK(paid(true, {0, pi / 2, 0, 0, 0.12, 0.12}) == 1.0);
  CHECK(paid(true, {0, 0, 0, 0, 0.24 - 0.26, 0}) == doctest::Approx(0.1).epsilon(1e-12));
  CHECK(paid(true, {0, 0, 0, 0, 0.24 - 0.16, 0}) ==
        doctest::Approx(std::pow(0.1, 0.25)).epsilon(1e-12));
}

TEST_CASE("reacher starts are at rest with the target in a ring") {
  const auto env = make_env("reacher_easy");
  const int n = 2000;
  double radius = 0, cosine = 0, wrist = 0;
  env->reset(1);
  for (int k = 0; k < n; ++k) {
    env->reset();
    const auto s = env->state();
    const double r = std::hypot(s[4], s[5]);
    REQUIRE(std::abs(s[0]) <= pi);
    REQUIRE(std::abs(s[1]) <= Reacher::wrist_limit);
    REQUIRE((s[2] == 0.0 && s[3] == 0.0));
    REQUIRE(r >= 0.05 - 1e-15);
    REQUIRE(r <= 0.20 + 1e-15);
    radius += r / n, cosine += s[5] / r / n, wrist += s[1] * s[1] / n;
  }
  CHECK(radius == doctest::Approx(0.125).epsilon(0.03));
  CHECK(std::abs(cosine) < 4 * std::sqrt(0.5 / n));
  CHECK(wrist == doctest::Approx(Reacher::wrist_limit * Reacher::wrist_limit / 3).epsilon(0.08));
}
