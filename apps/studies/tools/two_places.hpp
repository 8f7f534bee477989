// At which of two possible places does a picture show the ball?
//
// A ball that bounced left or right is at -a or at +a. A model that samples one of the two outcomes
// shows a whole ball there; a model that can only predict the mean shows half a ball at both. A
// picture is therefore judged at the two places alone, by comparison with the two true pictures.
//
// Pictures are [n,n,3] in the model's range [-0.5, 0.5), decoded or true (seen(), below).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "envs/raster.hpp"

namespace planet {

/// The best decoding of a true picture: each pixel in the middle of its bin, the mean of
/// preprocess() over its noise.
std::vector<float> seen(const Image& image, int bits);

/// How yellow each pixel is, [n*n]: 0 for the ground or anything bluer, 1 for the ball. In between
/// it is linear in the ball's share of the pixel: half the ball's brightness is one half.
std::vector<double> yellow(std::span<const float> picture);

/// Brightness of the ball at the two places, 1 being that of a true ball.
struct Brightness {
  double left = 0, right = 0;
};

class TwoPlaces {
 public:
  /// The true pictures with the ball at the left place and at the right. Error: they do not differ.
  TwoPlaces(std::span<const float> left, std::span<const float> right);

  /// With Y the picture's yellow, L and R those of the two true pictures, and D = max(L - R, 0) the
  /// ball on the left: left = max(<Y - R, D> / <D, D>, 0). The right likewise.
  Brightness brightness(std::span<const float> picture) const;
  std::size_t pixels() const { return left_.size(); }

 private:
  std::vector<double> left_, right_;  // L, R
};

enum class Outcome { left, right, blurred, none };

/// none: left + right < 0.3. Otherwise the side with at least 0.8 of the sum; otherwise blurred.
Outcome outcome(const Brightness& b);

/// The centroid of yellow along x, in a view of this width around 0. Pixels below a tenth of the
/// ball's yellow are the decoder's noise and do not count. A picture without yellow has its ball in
/// the middle and scores as the blur does, so that a vanished ball gains nothing.
double ball_position(std::span<const float> picture, double view);

/// The energy score of a forecast, E|X - y| - E|X - X'| / 2 (lower is better); in expectation no
/// forecast scores lower than the true distribution. X and X' are different samples, which makes
/// the estimate unbiased. For y = -a or +a with equal probability the true distribution scores a/2;
/// its mean, 0, scores a, and so does either side alone. Error: fewer than two samples.
double energy_score(std::span<const double> samples, double y);

/// Summary of the imagined pictures of one moment: the share of each outcome, and the energy score
/// of the ball's position in units of the true ball's distance from the middle.
struct Judgement {
  double left = 0, right = 0, blurred = 0, none = 0;
  double true_side = 0;
  double energy = 0;
};
/// `pictures` [K,n,n,3]; the true ball is at x (left if negative) in a view of this width.
Judgement judge(std::span<const float> pictures, const TwoPlaces& places, double x, double view);

}  // namespace planet
