// How far open-loop predictions are from what happened, row by row.
//
// Pictures are compared as the loss compares them, half the squared error summed over pixels
// (`loss/image`, in nats), but with the middle of each pixel's bin instead of a random place in it:
// so the error of a perfect prediction is 0, and no random number is drawn.
//
// With several samples two numbers matter. The mean over samples prefers a blur to sharp pictures
// of futures that might have been (of two disjoint bodies a blur pays half of one, a sharp sample
// one on average); the best sample asks whether the true future is among those foreseen.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "apps/common/foresight/open_loop.hpp"

namespace planet {

struct OpenLoopError {
  std::vector<double> image;       // [T]  mean over the samples, nats
  std::vector<double> image_best;  // [T]  of the sample with the least sum over imagined rows
  std::vector<double> reward;      // [T]  1/2 (r - r^)^2, mean over the samples; row 0 has none: 0
  std::vector<double> still;       // [T]  pictures: if the last one seen simply stayed
  std::ptrdiff_t best = 0;         // which sample that is
};

OpenLoopError open_loop_error(const WorldModel& model, const Episode& episode,
                              const OpenLoop& loop);

/// The pixels of row t in the middles of their bins, in (-0.5, 0.5): [n,n,3].
std::vector<float> target_pixels(const Episode& episode, std::ptrdiff_t t, int image_bits);
/// 1/2 |x - y|^2, added up in double and in order.
double half_squared_distance(std::span<const float> x, std::span<const float> y);

}  // namespace planet
