// Correlated noise: the full covariance of CEM's elites. Used by cem.cpp.
//
//   C = 1/k sum_e (a_e - m)(a_e - m)' + 1e-6 I        n x n over the n = H A numbers of a sequence
//   C = D R D,  R = L L',  D = diag(std)              R: correlations, L: Cholesky, lower triangle
//   mean + D (L z) ~ N(mean, C)  for z ~ N(0, I)      D and the mean are the caller's
//
// k elites span at most k - 1 directions. With fewer elites than numbers, C has full rank only
// because of its 1e-6: the next candidates stay within a thousandth of the elites' span and never
// explore other directions. So K should be well above H A (README.md has measurements).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace planet {

class Correlation {
 public:
  /// n uncorrelated numbers: apply() changes nothing.
  void reset(std::ptrdiff_t n);
  /// Computes R from the elites, at least one, among the candidates in actions [H,J,A].
  void fit(const float* actions, std::ptrdiff_t H, std::ptrdiff_t J, std::ptrdiff_t A,
           std::span<const std::int32_t> elites);
  /// z -> L z, in place, for each of the J sequences in noise [H,J,A].
  void apply(float* noise, std::ptrdiff_t H, std::ptrdiff_t J, std::ptrdiff_t A);

 private:
  void factor();

  std::size_t n_ = 0;
  std::vector<double> L_;         // [n,n], row by row, the lower triangle
  std::vector<double> mean_, x_;  // [n]
};

}  // namespace planet
