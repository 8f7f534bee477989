#include "planner/coloured_noise.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "autograd/base/error.hpp"

namespace planet {

ColouredNoise::ColouredNoise(double beta, std::ptrdiff_t H) : H_(static_cast<std::size_t>(H)) {
  require(beta >= 0 && H >= 1, "[ColouredNoise] beta is ", beta, " and H is ", H,
          "; they must be at least 0 and 1");
  double sum = 0;
  for (std::size_t k = 0; k < H_; ++k) {
    const std::size_t frequency = std::max<std::size_t>(std::min(k, H_ - k), 1);
    power_.push_back(std::pow(static_cast<double>(frequency), -beta));
    sum += power_.back();
  }
  for (double& P : power_) P /= sum;

  basis_.resize(H_ * H_);
  for (std::size_t t = 0; t < H_; ++t) {
    float* const row = basis_.data() + t * H_;
    row[0] = static_cast<float>(std::sqrt(power_[0]));
    for (std::size_t k = 1; 2 * k <= H_; ++k) {
      const double angle =
          2 * std::numbers::pi * static_cast<double>(k * t % H_) / static_cast<double>(H_);
      const bool alone = 2 * k == H_;  // its own mirror frequency; its sine is zero
      const double amplitude = std::sqrt((alone ? 1 : 2) * power_[k]);
      row[2 * k - 1] = static_cast<float>(amplitude * std::cos(angle));
      if (!alone) row[2 * k] = static_cast<float>(amplitude * std::sin(angle));
    }
  }
}

void ColouredNoise::apply(float* noise, std::ptrdiff_t n, float* column) const {
  const auto width = static_cast<std::size_t>(n);
  for (std::size_t c = 0; c < width; ++c) {
    for (std::size_t i = 0; i < H_; ++i) column[i] = noise[i * width + c];
    for (std::size_t t = 0; t < H_; ++t) {
      float sum = 0;
      for (std::size_t i = 0; i < H_; ++i) sum += basis_[t * H_ + i] * column[i];
      noise[t * width + c] = sum;
    }
  }
}

}  // namespace planet
