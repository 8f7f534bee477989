// The pieces of mechanics against closed forms: angles, tolerance, capsules, soft stops, RK4.
#include "envs/physics.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "autograd/base/error.hpp"
#include "autograd/base/philox.hpp"

using namespace planet;
using namespace planet::physics;

TEST_CASE("an angle is wrapped into one turn and points the same way") {
  CHECK(wrap_angle(0.0) == 0.0);
  CHECK(wrap_angle(pi) == doctest::Approx(-pi));
  CHECK(wrap_angle(1.5 * pi) == doctest::Approx(-0.5 * pi));
  CHECK(wrap_angle(-1.5 * pi) == doctest::Approx(0.5 * pi));
  Rng rng(1, Stream::test);
  for (int k = 0; k < 1000; ++k) {
    const double angle = rng.uniform(-100, 100), wrapped = wrap_angle(angle);
    CHECK(wrapped >= -pi);
    CHECK(wrapped < pi);
    CHECK(std::abs(std::sin(angle) - std::sin(wrapped)) <= 1e-13);
    CHECK(std::abs(std::cos(angle) - std::cos(wrapped)) <= 1e-13);
  }
}

TEST_CASE("tolerance is 1 inside and has the value v at the margin") {
  for (const Falloff kind : {Falloff::gaussian, Falloff::linear, Falloff::quadratic}) {
    CHECK(tolerance(0.5, 0, 1, 2, kind) == 1.0);
    CHECK(tolerance(0.0, 0, 1, 2, kind) == 1.0);
    CHECK(tolerance(1.0, 0, 1, 2, kind) == 1.0);
    CHECK(tolerance(3.0, 0, 1, 2, kind) == doctest::Approx(0.1).epsilon(1e-14));
    CHECK(tolerance(-2.0, 0, 1, 2, kind) == doctest::Approx(0.1).epsilon(1e-14));
    CHECK(tolerance(1.001, 0, 1, 0, kind) == 0.0);
  }
  // At half the margin: v^(1/4), 1 - 0.9/2, 1 - 0.9/4.
  CHECK(tolerance(1, 0, 0, 2) == doctest::Approx(0.56234132519034908).epsilon(1e-14));
  CHECK(tolerance(1, 0, 0, 2, Falloff::linear) == doctest::Approx(0.55).epsilon(1e-14));
  CHECK(tolerance(1, 0, 0, 2, Falloff::quadratic) == doctest::Approx(0.775).epsilon(1e-14));
  CHECK(tolerance(0.6, 0, 0, 1, Falloff::quadratic, 0) == doctest::Approx(0.64).epsilon(1e-14));
  CHECK(tolerance(1.2, 0, 0, 1, Falloff::quadratic, 0) == 0.0);  // never negative
}

TEST_CASE("tolerance rejects intervals and values that mean nothing") {
  CHECK_THROWS_AS(tolerance(0, 1, 0, 1), Error);
  CHECK_THROWS_AS(tolerance(0, 0, 1, -1), Error);
  CHECK_THROWS_AS(tolerance(0, 0, 1, std::nan("")), Error);
  CHECK_THROWS_AS(tolerance(0, 0, 1, 1, Falloff::gaussian, 0), Error);
  CHECK_THROWS_AS(tolerance(0, 0, 1, 1, Falloff::linear, 1), Error);
}

TEST_CASE("a capsule has the mass and inertia of its slices") {
  // Cut across the axis into thin discs of radius rho(z): dm = density pi rho^2 dz, and each has
  // rho^2/4 + z^2 of inertia per mass about the transverse axis through the capsule's centre.
  const double r = 0.045, l = 1, density = 1000;
  const int slices = 400000;
  double mass = 0, moment = 0;
  const double end = l / 2 + r, dz = 2 * end / slices;
  for (int k = 0; k < slices; ++k) {
    const double z = -end + (k + 0.5) * dz, beyond = std::max(std::abs(z) - l / 2, 0.0);
    const double rho2 = r * r - beyond * beyond;
    const double dm = density * pi * rho2 * dz;
    mass += dm;
    moment += dm * (rho2 / 4 + z * z);
  }
  const Inertia exact = capsule(r, l, density);
  CHECK(exact.mass == doctest::Approx(mass).epsilon(1e-8));
  CHECK(exact.moment == doctest::Approx(moment).epsilon(1e-8));
  // The cart-pole's pole is this capsule at 0.1 kg.
  CHECK(exact.moment * 0.1 / exact.mass == doctest::Approx(0.009424592767).epsilon(1e-10));
}

TEST_CASE("a soft stop pushes only inwards and is stiffer the deeper it is entered") {
  const SoftStop stop{0.08};
  // Touching at rest: a_ref = 0, w = d0 = 0.9 with rho = 1, so a tenth of the push remains.
  CHECK(stop.acceleration(0, 0, 5, 1) == doctest::Approx(0.5).epsilon(1e-14));
  // Half of the width deep: y = 1/2, d = 0.925; by hand
  // a_ref = -2/(0.95*0.08)*0.3 - 0.925/(0.95^2*0.08^2)*0.0005 = -7.894736842 - 0.080072715.
  const double reference = -7.894736842105263 - 0.0800727146814404;
  CHECK(stop.acceleration(0.0005, 0.3, 2, 1) ==
        doctest::Approx(0.075 * 2 + 0.925 * reference).epsilon(1e-12));
  // With rho = 2 the weight is 0.925 / (0.925 + 0.15).
  const double w = 0.925 / 1.075;
  CHECK(stop.acceleration(0.0005, 0.3, 2, 2) ==
        doctest::Approx((1 - w) * 2 + w * reference).epsilon(1e-12));
  // Leaving fast: the stop must not pull the body back.
  CHECK(stop.acceleration(0.0005, -3, -1, 1) == -1.0);
  double before = 1e9;
  for (double depth = 0; depth < 0.01; depth += 1e-4) {
    const double a = stop.acceleration(depth, 0, 10, 1);
    CHECK(a < before);
    before = a;
  }
}

TEST_CASE("a body held against a soft stop comes to rest where force and stop balance") {
  // x'' = f + stop: at rest (1-w) f + w a_ref = 0, hence depth = f (1-w)/w * d1^2 tc^2 / d, w = d1.
  const SoftStop stop{0.08};
  const double f = 30;
  std::array<double, 2> y{0, 0};
  for (int k = 0; k < 40000; ++k)
    y = rk4_step(y, 1e-4, [&](const std::array<double, 2>& z) {
      const double a = z[0] > 0 ? stop.acceleration(z[0], z[1], f, 1) : f;
      return std::array<double, 2>{z[1], a};
    });
  const double d = 0.95;
  const double depth = f * (1 - d) / d * (d * d * 0.08 * 0.08) / d;
  REQUIRE(depth > stop.width);  // so that d = d1 held in the formula
  CHECK(y[0] == doctest::Approx(depth).epsilon(1e-6));
  CHECK(std::abs(y[1]) <= 1e-9);
}

TEST_CASE("RK4 is of fourth order on an oscillator") {
  // x'' = -x from (1, 0): x(2) = cos 2.
  const auto error = [](int steps) {
    std::array<double, 2> y{1, 0};
    for (int k = 0; k < steps; ++k)
      y = rk4_step(y, 2.0 / steps, [](const std::array<double, 2>& z) {
        return std::array<double, 2>{z[1], -z[0]};
      });
    return std::hypot(y[0] - std::cos(2.0), y[1] + std::sin(2.0));
  };
  for (const int steps : {20, 40, 80}) {
    const double order = std::log2(error(steps) / error(2 * steps));
    CHECK(order > 3.9);
    CHECK(order < 4.1);
  }
}
