// Mechanics that the tasks share, each part tested against a closed form.
//
// wrap_angle and tolerance are for rewards, rk4_step integrates smooth systems, capsule gives
// masses, and SoftStop is a joint limit that pushes back as in MuJoCo. All numbers are doubles.
#pragma once

#include <array>
#include <cstddef>

namespace planet::physics {

inline constexpr double pi = 3.14159265358979323846;

/// The same angle in [-pi, pi).
double wrap_angle(double angle);

/// The shape of a reward outside its goal.
enum class Falloff { gaussian, linear, quadratic };

/// dm_control's tolerance: 1 for x in [low, high]. Outside, with d the distance divided by margin
/// and v the value at d = 1:
///
///   gaussian v^(d^2)     linear max(0, 1 - (1-v) d)     quadratic max(0, 1 - (1-v) d^2)
///
/// With margin 0 it is an indicator. Error unless low <= high, margin >= 0, and 0 < v < 1 (linear
/// and quadratic: 0 <= v < 1).
double tolerance(double x, double low, double high, double margin,
                 Falloff falloff = Falloff::gaussian, double value_at_margin = 0.1);

/// Mass, and moment of inertia about a transverse axis through the centre.
struct Inertia {
  double mass = 0;
  double moment = 0;
};
/// A cylinder of this length with a hemisphere on each end; length 0 is a ball. density in kg/m^3
/// (MuJoCo's is 1000).
constexpr Inertia capsule(double radius, double length, double density) {
  const double r = radius, l = length;
  const double cylinder = density * pi * r * r * l;
  const double caps = density * 4.0 / 3.0 * pi * r * r * r;
  return {cylinder + caps,
          cylinder * (3 * r * r + l * l) / 12 + caps * (2 * r * r / 5 + l * l / 4 + 3 * l * r / 8)};
}

/// MuJoCo's d(r): rises smoothly from d0 at r = 0 to d1 at r = width and beyond.
double impedance(double d0, double d1, double width, double violation);

/// One limit of one coordinate, as MuJoCo softens it.
struct SoftStop {
  double time_constant;  // t_c in seconds, at least two physics steps
  double d0 = 0.9;       // impedance at first touch
  double d1 = 0.95;      // impedance at full width
  double width = 0.001;  // the penetration at which d1 is reached

  /// The acceleration into the stop. penetration >= 0; speed and free_acceleration point into the
  /// stop; rho is the coordinate's inverse inertia in the zero pose divided by the current one.
  ///   a_ref = -(2 / (d1 t_c)) speed - (d / (d1^2 t_c^2)) penetration,  w = d / (d + (1 - d) rho)
  /// The result is (1 - w) free_acceleration + w a_ref where that slows the motion, and otherwise
  /// free_acceleration.
  double acceleration(double penetration, double speed, double free_acceleration, double rho) const;

  /// The same for a coordinate x with a stop at either end of [low, high]; speed, free_acceleration
  /// and the result point along x. Between the stops the result is free_acceleration.
  double within(double low, double high, double x, double speed, double free_acceleration,
                double rho) const {
    if (x > high) return acceleration(x - high, speed, free_acceleration, rho);
    if (x < low) return -acceleration(low - x, -speed, -free_acceleration, rho);
    return free_acceleration;
  }
};

/// One step of the classical Runge-Kutta method for y' = f(y); error O(dt^5) per step.
template <std::size_t N, class F>
std::array<double, N> rk4_step(const std::array<double, N>& y, double dt, F&& f) {
  const auto along = [&](const std::array<double, N>& slope, double h) {
    std::array<double, N> z;
    for (std::size_t i = 0; i < N; ++i) z[i] = y[i] + h * slope[i];
    return z;
  };
  const std::array<double, N> k1 = f(y);
  const std::array<double, N> k2 = f(along(k1, dt / 2));
  const std::array<double, N> k3 = f(along(k2, dt / 2));
  const std::array<double, N> k4 = f(along(k3, dt));
  std::array<double, N> next;
  for (std::size_t i = 0; i < N; ++i)
    next[i] = y[i] + dt / 6 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);
  return next;
}

}  // namespace planet::physics
