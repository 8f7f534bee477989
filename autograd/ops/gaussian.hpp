// Gaussians with diagonal covariance: [...,D] holds independent dimensions along its last axis, and
// a loss is summed over them, so its result has one value per row ([L,B,D] -> [L,B]). Free nats,
// the mean and weights are applied afterwards, in the loss itself.
#pragma once

#include <array>

#include "autograd/kernels/math.hpp"
#include "autograd/kernels/reduce.hpp"
#include "autograd/ops/common.hpp"

namespace planet::ops {

// y = mu + sigma noise                     dmu += dy         dsigma += dy noise
// The reparameterisation: the noise is drawn outside and takes no gradient.
struct GaussianSample {
  static constexpr std::string_view name = "gaussian_sample";
  static constexpr int arity = 3;
  static constexpr std::array<bool, 3> differentiable = {true, true, false};
  static Shape shape(Shapes in, const NoAttr&) { return same_shape(in, {"mean", "std", "noise"}); }
  template <class T>
  static void forward(const Call<T>& c) {
    const T *mu = c.x(0), *sigma = c.x(1), *noise = c.x(2);
    T* y = c.y();
    kernels::each(c.shape().size(), [=](auto i) { y[i] = mu[i] + sigma[i] * noise[i]; });
  }
  template <class T>
  static void backward(const Call<T>& c) {
    const T *noise = c.x(2), *dy = c.dy();
    const auto n = c.shape().size();
    if (T* dmu = c.dx(0)) kernels::each(n, [=](auto i) { dmu[i] += dy[i]; });
    if (T* dsigma = c.dx(1)) kernels::each(n, [=](auto i) { dsigma[i] += dy[i] * noise[i]; });
  }
  static constexpr std::array examples = {
      Example<>{"a matrix", {{{3, 5}}, {{3, 5}, 0.2, 2}, {{3, 5}, -2, 2}}},
      Example<>{"three axes", {{{2, 2, 3}}, {{2, 2, 3}, 0.2, 2}, {{2, 2, 3}, -2, 2}}},
  };
};

// KL[q || p] of q = N(m, s^2) and p = N(n, t^2), summed over the last axis; with r = s/t and
// z = (m - n)/t, because these ratios stay in range where the square of s or t would not:
//   y   = sum_D  ln(t/s) + (r^2 + z^2 - 1) / 2
//   dm += dy z / t                           ds += dy (r^2 - 1) / s
//   dn -= dy z / t                           dt += dy (1 - r^2 - z^2) / t
struct GaussianKl {
  static constexpr std::string_view name = "gaussian_kl";
  static constexpr int arity = 4;
  static Shape shape(Shapes in, const NoAttr&) {
    return same_shape(in, {"q_mean", "q_std", "p_mean", "p_std"}).without_last();
  }
  template <class T>
  static void forward(const Call<T>& c) {
    const T *m = c.x(0), *s = c.x(1), *n = c.x(2), *t = c.x(3);
    const auto N = c.shape(0).size(), D = c.shape(0).last();
    T* kl = c.scratch(N);
    kernels::each(N, [=](auto i) { kl[i] = t[i] / s[i]; });
    kernels::log(kl, kl, N);
    kernels::each(N, [=](auto i) {
      const T r = s[i] / t[i], z = (m[i] - n[i]) / t[i];
      kl[i] += T(0.5) * (r * r + z * z - 1);
    });
    kernels::row_sums(kl, c.shape(0).rows(), D, c.y());
  }
  template <class T>
  static void backward(const Call<T>& c) {
    const T *m = c.x(0), *s = c.x(1), *n = c.x(2), *t = c.x(3), *dy = c.dy();
    const auto R = c.shape(0).rows(), D = c.shape(0).last();
    add_per_row(c.sink(0), dy, R, D, [=](auto i) { return (m[i] - n[i]) / t[i] / t[i]; });
    add_per_row(c.sink(1), dy, R, D, [=](auto i) {
      const T r = s[i] / t[i];
      return (r * r - 1) / s[i];
    });
    add_per_row(c.sink(2), dy, R, D, [=](auto i) { return (n[i] - m[i]) / t[i] / t[i]; });
    add_per_row(c.sink(3), dy, R, D, [=](auto i) {
      const T r = s[i] / t[i], z = (m[i] - n[i]) / t[i];
      return (1 - r * r - z * z) / t[i];
    });
  }
  static constexpr std::array examples = {
      Example<>{"a matrix", {{{3, 5}}, {{3, 5}, 0.3, 2}, {{3, 5}}, {{3, 5}, 0.3, 2}}},
      Example<>{"three axes", {{{2, 3, 2}}, {{2, 3, 2}, 0.3, 2}, {{2, 3, 2}}, {{2, 3, 2}, 0.3, 2}}},
      Example<>{"a narrow prior, one row", {{{7}}, {{7}, 0.1, 0.5}, {{7}}, {{7}, 0.1, 0.5}}},
  };
};

// ln N(x; m, s^2) summed over the last axis, with z = (x - m) / s:
//   y   = sum_D  -z^2/2 - ln s - ln(2 pi)/2
//   dx -= dy z / s      dm += dy z / s      ds += dy (z^2 - 1) / s
struct GaussianLogLikelihood {
  static constexpr std::string_view name = "gaussian_log_likelihood";
  static constexpr int arity = 3;
  static Shape shape(Shapes in, const NoAttr&) {
    return same_shape(in, {"x", "mean", "std"}).without_last();
  }
  template <class T>
  static void forward(const Call<T>& c) {
    const T *x = c.x(0), *m = c.x(1), *s = c.x(2);
    const auto N = c.shape(0).size(), D = c.shape(0).last();
    const T half_ln_two_pi = static_cast<T>(0.91893853320467274178);
    T* ll = c.scratch(N);
    kernels::log(s, ll, N);
    kernels::each(N, [=](auto i) {
      const T z = (x[i] - m[i]) / s[i];
      ll[i] = T(-0.5) * z * z - ll[i] - half_ln_two_pi;
    });
    kernels::row_sums(ll, c.shape(0).rows(), D, c.y());
  }
  template <class T>
  static void backward(const Call<T>& c) {
    const T *x = c.x(0), *m = c.x(1), *s = c.x(2), *dy = c.dy();
    const auto R = c.shape(0).rows(), D = c.shape(0).last();
    add_per_row(c.sink(0), dy, R, D, [=](auto i) { return (m[i] - x[i]) / s[i] / s[i]; });
    add_per_row(c.sink(1), dy, R, D, [=](auto i) { return (x[i] - m[i]) / s[i] / s[i]; });
    add_per_row(c.sink(2), dy, R, D, [=](auto i) {
      const T z = (x[i] - m[i]) / s[i];
      return (z * z - 1) / s[i];
    });
  }
  static constexpr std::array examples = {
      Example<>{"a matrix", {{{3, 5}}, {{3, 5}}, {{3, 5}, 0.3, 2}}},
      Example<>{"three axes", {{{2, 3, 2}}, {{2, 3, 2}}, {{2, 3, 2}, 0.3, 2}}},
      Example<>{"a vector", {{{4}}, {{4}}, {{4}, 0.1, 0.5}}},
  };
};

// y[r] = 1/2 sum_c (x[r,c] - target[r,c])^2, one row per index of the first `kept` axes
//                                          dx += dy (x - target), no gradient for the target
// This is -ln N(target; x, 1) without its constant: the reconstruction and reward loss.
struct HalfSquaredError {
  struct Attr {
    int kept;
  };
  static constexpr std::string_view name = "half_squared_error";
  static constexpr int arity = 2;
  static constexpr std::array<bool, 2> differentiable = {true, false};
  static Shape shape(Shapes in, const Attr& a) {
    const Shape x = same_shape(in, {"x", "target"});
    require(x.size() > 0, "x is ", x, "; it must have at least one element");
    require(0 <= a.kept && a.kept <= x.rank(), "x is ", x, ", ", a.kept,
            " axes are to be kept; that must be 0 to ", x.rank());
    return x.first(a.kept);
  }
  template <class T>
  static void forward(const Call<T, Attr>& c) {
    const auto R = c.shape().size(), D = c.shape(0).size() / R;
    kernels::half_squared_distance_rows(c.x(0), c.x(1), R, D, c.y());
  }
  template <class T>
  static void backward(const Call<T, Attr>& c) {
    const T *x = c.x(0), *target = c.x(1), *dy = c.dy();
    const auto R = c.shape().size(), D = c.shape(0).size() / R;
    add_per_row(c.sink(0), dy, R, D, [=](auto i) { return x[i] - target[i]; });
  }
  static constexpr std::array examples = {
      Example<Attr>{"images", {{{2, 3, 3, 2}}, {{2, 3, 3, 2}}}, {1}},
      Example<Attr>{"time and batch kept", {{{2, 3, 4}}, {{2, 3, 4}}}, {2}},
      Example<Attr>{"one number", {{{3, 5}}, {{3, 5}}}, {0}},
      Example<Attr>{"an error per element: rewards", {{{2, 3}}, {{2, 3}}}, {2}},
  };
};

}  // namespace planet::ops
