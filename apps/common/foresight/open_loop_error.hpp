// The error of open-loop predictions, row by row.
//
// Pictures are compared as in the loss, by half the squared error summed over pixels (`loss/image`,
// in nats), but with the middle of each pixel's bin instead of a random value inside it: the error
// of a perfect prediction is 0, and no random number is drawn.
//
// With several samples two numbers matter. The mean over samples is lower for a blur than for sharp
// pictures of possible futures: where a body is at one of two disjoint places, a blur costs half a
// body, a sharp sample one body on average. The best sample measures whether the true future is
// among the imagined ones.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "apps/common/foresight/open_loop.hpp"

namespace planet {

struct OpenLoopError {
  std::vector<double> image;       // [T]  mean over the samples, nats
  std::vector<double> image_best;  // [T]  of the sample with the least sum over imagined rows
  std::vector<double> reward;      // [T]  1/2 (r - r^)^2, mean over the samples; 0 in row 0
  std::vector<double> still;       // [T]  image error if the last frame seen is repeated, nats
  std::ptrdiff_t best = 0;         // index of the sample of image_best
};

OpenLoopError open_loop_error(const WorldModel& model, const Episode& episode,
                              const OpenLoop& loop);

/// The pixels of row t, each the middle of its bin, in (-0.5, 0.5): [n,n,3].
std::vector<float> target_pixels(const Episode& episode, std::ptrdiff_t t, int image_bits);
/// 1/2 |x - y|^2, summed in double, in order.
double half_squared_distance(std::span<const float> x, std::span<const float> y);

}  // namespace planet
