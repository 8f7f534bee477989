#include "envs/planar/newton.hpp"

#include <algorithm>
#include <cmath>

namespace planet::planar {
namespace {

// The function along a line, and the values a step needs: y of every constraint and r = a - a0.
class Objective {
 public:
  Objective(const Matrix& M, int n, const Vector& a0, const Constraints& constraints)
      : M_(M), n_(n), a0_(a0), constraints_(constraints) {
    std::fill_n(r_, n, 0.0);
    std::fill_n(Mr_, n, 0.0);
    for (int k = 0; k < constraints.count; ++k) {
      const Constraint& c = constraints.list[k];
      y_n_[k] = dot(c.n, a0, n) - c.ref_n;
      y_t_[k] = dot(c.t, a0, n) - c.ref_t;
    }
  }

  // The value at the current point, the force of the constraints, and whether each is on the same
  // quadratic piece as at the last call.
  bool look() {
    value_ = 0.5 * dot(r_, Mr_, n_);
    std::fill_n(force_, n_, 0.0);
    bool same = true;
    for (int k = 0; k < constraints_.count; ++k) {
      const Constraint& c = constraints_.list[k];
      Penalty& p = piece_[k];
      const int before = p.zone;
      p = penalty(c, y_n_[k], y_t_[k]);
      same = same && p.zone == before;
      value_ += p.value;
      if (p.zone == 0) continue;
      for (int i = 0; i < n_; ++i) force_[i] -= c.n[i] * p.g_n + c.t[i] * p.g_t;
    }
    return same;
  }

  // The step to the minimum of the current quadratic piece: -H^-1 gradient.
  void newton_direction(Vector& p) const {
    Matrix H;
    for (int i = 0; i < n_; ++i) std::copy_n(M_[i], i + 1, H[i]);
    for (int k = 0; k < constraints_.count; ++k) {
      const Penalty& s = piece_[k];
      if (s.zone == 0) continue;
      const Constraint& c = constraints_.list[k];
      for (int i = 0; i < n_; ++i) {
        const double along_n = s.h_nn * c.n[i] + s.h_nt * c.t[i];
        const double along_t = s.h_nt * c.n[i] + s.h_tt * c.t[i];
        for (int j = 0; j <= i; ++j) H[i][j] += along_n * c.n[j] + along_t * c.t[j];
      }
    }
    for (int i = 0; i < n_; ++i) p[i] = force_[i] - Mr_[i];
    factor(H, n_);
    solve(H, n_, p);
  }

  // Backtracking along p: halves the step until the value decreases enough; true for a full step.
  bool descend(const Vector& p) {
    Vector Mp;
    double step_n[max_constraints], step_t[max_constraints];
    multiply(M_, n_, p, Mp);
    for (int k = 0; k < constraints_.count; ++k) {
      step_n[k] = dot(constraints_.list[k].n, p, n_);
      step_t[k] = dot(constraints_.list[k].t, p, n_);
    }
    const double slope = dot(p, Mr_, n_) - dot(p, force_, n_), bend = dot(p, Mp, n_);
    const double smooth = 0.5 * dot(r_, Mr_, n_);
    const double rounding = 1e-14 * (std::abs(value_) + smooth);
    double alpha = 1;
    for (int halvings = 0; halvings < 40; ++halvings, alpha /= 2) {
      double value = smooth + alpha * dot(p, Mr_, n_) + 0.5 * alpha * alpha * bend;
      for (int k = 0; k < constraints_.count; ++k)
        value +=
            penalty(constraints_.list[k], y_n_[k] + alpha * step_n[k], y_t_[k] + alpha * step_t[k])
                .value;
      if (value <= value_ + 1e-4 * alpha * slope + rounding) break;
    }
    for (int i = 0; i < n_; ++i) {
      r_[i] += alpha * p[i];
      Mr_[i] += alpha * Mp[i];
    }
    for (int k = 0; k < constraints_.count; ++k) {
      y_n_[k] += alpha * step_n[k];
      y_t_[k] += alpha * step_t[k];
    }
    return alpha == 1;
  }

  void result(Vector& a, Vector& force) const {
    for (int i = 0; i < n_; ++i) a[i] = a0_[i] + r_[i];
    std::copy_n(force_, n_, force);
  }

 private:
  const Matrix& M_;
  int n_;
  const Vector& a0_;
  const Constraints& constraints_;
  Vector r_, Mr_, force_;
  double y_n_[max_constraints], y_t_[max_constraints];
  Penalty piece_[max_constraints];
  double value_ = 0;
};

}  // namespace

int constrained_acceleration(const Matrix& M, int n, const Vector& a0,
                             const Constraints& constraints, Vector& a, Vector& force) {
  Objective objective(M, n, a0, constraints);
  bool done = objective.look();  // no constraint acts at a0: every zone is 0, its initial value
  int steps = 0;
  // In the plane every penalty is piecewise quadratic, so a whole step that ends on the pieces it
  // started from has reached the minimum exactly.
  while (!done && steps < max_newton_steps) {
    Vector p;
    objective.newton_direction(p);
    const bool whole = objective.descend(p);
    done = objective.look() && whole;
    ++steps;
  }
  objective.result(a, force);
  return steps;
}

}  // namespace planet::planar
