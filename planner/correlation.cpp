#include "planner/correlation.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/base/error.hpp"

namespace planet {
namespace {

// Number i of the sequence of candidate j, i = t A + a, in [H,J,A].
std::size_t place(std::size_t i, std::size_t j, std::size_t J, std::size_t A) {
  return (i / A * J + j) * A + i % A;
}

}  // namespace

void Correlation::reset(std::ptrdiff_t n) {
  n_ = static_cast<std::size_t>(n);
  L_.assign(n_ * n_, 0.0);
  mean_.resize(n_);
  x_.resize(n_);
  for (std::size_t i = 0; i < n_; ++i) L_[i * n_ + i] = 1;
}

void Correlation::fit(const float* actions, std::ptrdiff_t H, std::ptrdiff_t J, std::ptrdiff_t A,
                      std::span<const std::int32_t> elites) {
  const auto rows = static_cast<std::size_t>(J), width = static_cast<std::size_t>(A);
  require(n_ == static_cast<std::size_t>(H) * width, "[plan] the correlations of ", n_,
          " numbers cannot be those of ", H, " actions of ", A);
  const auto k = static_cast<double>(elites.size());
  const auto at = [&](std::size_t i, std::int32_t j) {
    return static_cast<double>(actions[place(i, static_cast<std::size_t>(j), rows, width)]);
  };
  for (std::size_t i = 0; i < n_; ++i) {
    mean_[i] = 0;
    for (const std::int32_t j : elites) mean_[i] += at(i, j);
    mean_[i] /= k;
  }
  std::fill(L_.begin(), L_.end(), 0.0);
  for (const std::int32_t j : elites) {
    for (std::size_t i = 0; i < n_; ++i) x_[i] = at(i, j) - mean_[i];
    for (std::size_t i = 0; i < n_; ++i)
      for (std::size_t l = 0; l <= i; ++l) L_[i * n_ + l] += x_[i] * x_[l] / k;
  }
  for (std::size_t i = 0; i < n_; ++i) {
    L_[i * n_ + i] += 1e-6;
    x_[i] = std::sqrt(L_[i * n_ + i]);  // std
  }
  for (std::size_t i = 0; i < n_; ++i)
    for (std::size_t l = 0; l <= i; ++l) L_[i * n_ + l] /= x_[i] * x_[l];
  factor();
}

// Cholesky in place, row by row: L_il = (R_il - sum_{m<l} L_im L_lm) / L_ll. Every root is taken of
// at least R's smallest eigenvalue, 1e-6 / max(std^2), and no std exceeds 1, so rounding errors
// cannot make it negative.
void Correlation::factor() {
  for (std::size_t i = 0; i < n_; ++i) {
    double* const row = L_.data() + i * n_;
    for (std::size_t l = 0; l <= i; ++l) {
      const double* const other = L_.data() + l * n_;
      double sum = row[l];
      for (std::size_t m = 0; m < l; ++m) sum -= row[m] * other[m];
      row[l] = l < i ? sum / other[l] : std::sqrt(sum);
    }
  }
}

void Correlation::apply(float* noise, std::ptrdiff_t H, std::ptrdiff_t J, std::ptrdiff_t A) {
  const auto rows = static_cast<std::size_t>(J), width = static_cast<std::size_t>(A);
  require(n_ == static_cast<std::size_t>(H) * width, "[plan] noise for ", H, " actions of ", A,
          " cannot have the correlations of ", n_, " numbers");
  for (std::size_t j = 0; j < rows; ++j) {
    for (std::size_t i = 0; i < n_; ++i)
      x_[i] = static_cast<double>(noise[place(i, j, rows, width)]);
    for (std::size_t i = 0; i < n_; ++i) {
      double sum = 0;
      for (std::size_t l = 0; l <= i; ++l) sum += L_[i * n_ + l] * x_[l];
      noise[place(i, j, rows, width)] = static_cast<float>(sum);
    }
  }
}

}  // namespace planet
