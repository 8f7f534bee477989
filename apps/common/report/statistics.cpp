#include "apps/common/report/statistics.hpp"

#include <cmath>
#include <numbers>

#include "autograd/base/error.hpp"

namespace planet {

// With theta = atan(t / sqrt(n)), a finite sum (Abramowitz and Stegun 26.7.3 and 26.7.4):
//   n odd    2/pi (theta + sin (cos + 2/3 cos^3 + ... + 2 4 ... (n-3) / (3 5 ... (n-2)) cos^(n-2)))
//   n even   sin (1 + 1/2 cos^2 + 1 3 / (2 4) cos^4 + ...
//                   + 1 3 ... (n-3) / (2 4 ... (n-2)) cos^(n-2))
double student_two_sided(double t, int degrees) {
  require(degrees >= 1 && t >= 0, "Student's t has at least 1 degree of freedom and t >= 0, not ",
          degrees, " and ", t);
  const double theta = std::atan(t / std::sqrt(static_cast<double>(degrees)));
  const double cosine = std::cos(theta), sine = std::sin(theta);
  const bool odd = degrees % 2 == 1;
  double term = odd ? cosine : 1, sum = degrees == 1 ? 0 : term;
  for (int k = odd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= cosine * cosine * (k - 1) / k;
    sum += term;
  }
  return odd ? 2 / std::numbers::pi * (theta + sine * sum) : sine * sum;
}

// P increases with t, from 0; bisection to the last bit.
double student_95(int degrees) {
  double low = 0, high = 16;  // t(1) = 12.7
  for (int i = 0; i < 60; ++i) {
    const double mid = (low + high) / 2;
    (student_two_sided(mid, degrees) < 0.95 ? low : high) = mid;
  }
  return high;
}

Mean mean_of(std::span<const double> x) {
  require(!x.empty(), "a mean of no numbers is asked for");
  const auto n = static_cast<double>(x.size());
  Mean out;
  for (const double v : x) out.mean += v / n;
  double squares = 0;
  for (const double v : x) squares += (v - out.mean) * (v - out.mean);
  if (x.size() > 1) out.error = std::sqrt(squares / (n - 1) / n);
  return out;
}

Interval mean_interval(std::span<const double> x) {
  const Mean m = mean_of(x);
  if (x.size() == 1) return {m.mean, std::nullopt};
  return {m.mean, student_95(static_cast<int>(x.size()) - 1) * m.error};
}

}  // namespace planet
