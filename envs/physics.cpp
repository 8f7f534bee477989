#include "envs/physics.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/base/error.hpp"

namespace planet::physics {

double wrap_angle(double angle) {
  const double turn = 2 * pi;
  const double rest = std::fmod(angle + pi, turn);
  return (rest < 0 ? rest + turn : rest) - pi;
}

double tolerance(double x, double low, double high, double margin, Falloff falloff,
                 double value_at_margin) {
  const double v = value_at_margin;
  require(low <= high && margin >= 0, "tolerance: [", low, ", ", high, "] with margin ", margin,
          " is not an interval with a margin of 0 or more");
  require(v >= 0 && v < 1 && (v > 0 || falloff != Falloff::gaussian), "tolerance: the value ", v,
          " at the margin must lie between 0 and 1");
  const double outside = std::max({low - x, x - high, 0.0});
  if (outside == 0) return 1;
  if (margin == 0) return 0;
  const double d = outside / margin;
  switch (falloff) {
    case Falloff::gaussian:
      return std::exp(std::log(v) * d * d);
    case Falloff::linear:
      return std::max(0.0, 1 - (1 - v) * d);
    case Falloff::quadratic:
      return std::max(0.0, 1 - (1 - v) * d * d);
  }
  fail("tolerance: unknown kind of falloff");
}

double impedance(double d0, double d1, double width, double violation) {
  const double t = std::min(violation / width, 1.0);
  const double y = t < 0.5 ? 2 * t * t : 1 - 2 * (1 - t) * (1 - t);
  return d0 + y * (d1 - d0);
}

double SoftStop::acceleration(double penetration, double speed, double free_acceleration,
                              double rho) const {
  const double d = impedance(d0, d1, width, penetration);
  const double damping = 2 / (d1 * time_constant);
  const double stiffness = d / (d1 * d1 * time_constant * time_constant);
  const double reference = -damping * speed - stiffness * penetration;
  const double w = d / (d + (1 - d) * rho);
  return std::min(free_acceleration, (1 - w) * free_acceleration + w * reference);
}

}  // namespace planet::physics
