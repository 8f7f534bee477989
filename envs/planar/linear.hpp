// Vectors over the degrees of freedom, and symmetric matrices with L D L'; fixed size, no heap.
#pragma once

#include "envs/planar/table.hpp"

namespace planet::planar {

inline constexpr int max_dofs = 9;

/// One number per degree of freedom; entries beyond the last one are not used.
using Vector = double[max_dofs];
/// A symmetric matrix; only the lower triangle is kept.
using Matrix = double[max_dofs][max_dofs];

/// A = L D L' in place: L below the diagonal, 1/D on it. A must be positive definite.
inline void factor(Matrix& A, int n) {
  for (int j = 0; j < n; ++j) {
    // Rows not yet finished hold L D; the columns up to j are finished in all rows.
    double d = A[j][j];
    for (int k = 0; k < j; ++k) {
      const double ld = A[j][k];
      A[j][k] *= A[k][k];
      d -= ld * A[j][k];
    }
    A[j][j] = 1 / d;
    for (int i = j + 1; i < n; ++i) {
      double sum = A[i][j];
      for (int k = 0; k < j; ++k) sum -= A[i][k] * A[j][k];
      A[i][j] = sum;
    }
  }
}

/// x := A^-1 x for a factored A.
inline void solve(const Matrix& F, int n, Vector& x) {
  for (int i = 1; i < n; ++i)
    for (int k = 0; k < i; ++k) x[i] -= F[i][k] * x[k];
  for (int i = 0; i < n; ++i) x[i] *= F[i][i];
  for (int i = n - 2; i >= 0; --i)
    for (int k = i + 1; k < n; ++k) x[i] -= F[k][i] * x[k];
}

/// y = A x.
inline void multiply(const Matrix& A, int n, const Vector& x, Vector& y) {
  for (int i = 0; i < n; ++i) {
    double sum = A[i][i] * x[i];
    for (int k = 0; k < i; ++k) sum += A[i][k] * x[k];
    for (int k = i + 1; k < n; ++k) sum += A[k][i] * x[k];
    y[i] = sum;
  }
}

inline double dot(const Vector& x, const Vector& y, int n) {
  double sum = 0;
  for (int i = 0; i < n; ++i) sum += x[i] * y[i];
  return sum;
}

}  // namespace planet::planar
