// Newton: the accelerations under all constraints, as the minimum of one convex function.
#pragma once

#include "envs/planar/constraint.hpp"

namespace planet::planar {

/// Minimises  (a - a0)' M (a - a0) / 2 + sum over constraints of s(J a - a_ref)  over a (n
/// numbers). `a` becomes the minimum and `force` = -sum J' ds/dy there, which equals M (a - a0).
/// Returns the number of steps; `max_newton_steps` means that it did not converge.
int constrained_acceleration(const Matrix& M, int n, const Vector& a0,
                             const Constraints& constraints, Vector& a, Vector& force);

inline constexpr int max_newton_steps = 60;

}  // namespace planet::planar
