// A mean and its confidence interval.
//
// The interval is Student's: mean +- t s / sqrt(n), with s^2 = sum (x - mean)^2 / (n - 1) and t the
// 97.5 % point of the t distribution with n - 1 degrees of freedom. It covers the true mean in 95 %
// of studies if the n numbers are independent and roughly normal; n is the number of seeds or of
// episodes, never of frames, which are not independent. One number has no interval.
#pragma once

#include <optional>
#include <span>

namespace planet {

struct Interval {
  double mean = 0;
  std::optional<double> half;  // half the width of the interval; nothing when n is 1
  double low() const { return mean - half.value_or(0); }
  double high() const { return mean + half.value_or(0); }
};

/// A mean and its standard error, s / sqrt(n); 0 when n is 1. Error: no numbers.
struct Mean {
  double mean = 0, error = 0;
};
Mean mean_of(std::span<const double> x);

/// Error: no numbers.
Interval mean_interval(std::span<const double> x);

/// P(|T| <= t) for Student's T with a whole number of degrees of freedom; t >= 0.
double student_two_sided(double t, int degrees);
/// The t with P(|T| <= t) = 0.95. Error: degrees below 1.
double student_95(int degrees);

}  // namespace planet
