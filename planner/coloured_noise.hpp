// Noise that is correlated in time: a power spectrum that falls as 1 / frequency^beta.
//
// White noise pushes left and right in turn, so a mass hardly moves. Coloured noise keeps a
// direction for a while (Pinneri et al. 2020, after Timmer and Koenig 1995). H numbers have the
// frequencies f_k = k / H, k = 0 .. H-1, and a Fourier transform X_k of power H^2 P_k with
//
//   P_k ~ min(k, H-k)^-beta,  P_0 = P_1,  sum_k P_k = 1
//   x_t = sqrt(P_0) z_0
//         + sum_{0<k<H/2} sqrt(2 P_k) (z_{2k-1} cos(2 pi k t/H) + z_{2k} sin(2 pi k t/H))
//         + sqrt(P_{H/2}) z_{H-1} (-1)^t                                        for even H only
//
// for H independent z ~ N(0, 1). Then every x_t ~ N(0, 1), and the covariance of x_s and x_t is
// exactly sum_k P_k cos(2 pi k (s-t)/H); beta = 0 is white noise. Used by icem.cpp.
#pragma once

#include <cstddef>
#include <vector>

namespace planet {

class ColouredNoise {
 public:
  /// For sequences of H numbers. Error: beta < 0 or H < 1.
  ColouredNoise(double beta, std::ptrdiff_t H);

  /// z -> x in place, for each column of noise [H,n]. `column` is scratch memory of H numbers.
  void apply(float* noise, std::ptrdiff_t n, float* column) const;

  /// P_k, k = 0 .. H-1.
  const std::vector<double>& power() const { return power_; }

 private:
  std::size_t H_;
  std::vector<double> power_;
  std::vector<float> basis_;  // [H,H]: x_t = sum_i basis[t,i] z_i
};

}  // namespace planet
