#include "apps/studies/tools/two_places.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/base/error.hpp"

namespace planet {
namespace {

// Yellow is red and green without blue.
double blue_missing(double r, double g, double b) { return std::min(r, g) - b; }
// Of the ground it is the green part, the smaller of the two wherever some ball is mixed in.
constexpr double of_ground = palette::ground[1] - palette::ground[2];
constexpr double of_ball = palette::tip[1] - palette::tip[2];

std::vector<double> excess(std::span<const double> of, std::span<const double> over) {
  std::vector<double> d(of.size());
  for (std::size_t i = 0; i < d.size(); ++i) d[i] = std::max(of[i] - over[i], 0.0);
  return d;
}

// <Y - other, D> / <D, D> with D = max(own - other, 0), not below 0.
double share(std::span<const double> Y, std::span<const double> own,
             std::span<const double> other) {
  const std::vector<double> D = excess(own, other);
  double along = 0, whole = 0;
  for (std::size_t i = 0; i < D.size(); ++i) {
    along += (Y[i] - other[i]) * D[i];
    whole += D[i] * D[i];
  }
  return std::max(along / whole, 0.0);
}

}  // namespace

std::vector<float> seen(const Image& image, int bits) {
  const int bins = 1 << bits, width = 256 / bins;
  std::vector<float> x(image.rgb.size());
  std::transform(image.rgb.begin(), image.rgb.end(), x.begin(), [&](std::uint8_t byte) {
    return (static_cast<float>(byte / width) + 0.5f) / static_cast<float>(bins) - 0.5f;
  });
  return x;
}

std::vector<double> yellow(std::span<const float> picture) {
  std::vector<double> y(picture.size() / 3);
  for (std::size_t i = 0; i < y.size(); ++i) {
    const float* rgb = picture.data() + 3 * i;
    const double m = blue_missing(rgb[0], rgb[1], rgb[2]);
    y[i] = std::max((m - of_ground) / (of_ball - of_ground), 0.0);
  }
  return y;
}

TwoPlaces::TwoPlaces(std::span<const float> left, std::span<const float> right)
    : left_(yellow(left)), right_(yellow(right)) {
  const auto bright = [](const std::vector<double>& d) {
    return std::any_of(d.begin(), d.end(), [](double v) { return v > 0.5; });
  };
  require(left_.size() == right_.size() && bright(excess(left_, right_)) &&
              bright(excess(right_, left_)),
          "the two true pictures show no ball at two different places");
}

Brightness TwoPlaces::brightness(std::span<const float> picture) const {
  const std::vector<double> Y = yellow(picture);
  require(Y.size() == left_.size(), "the picture has ", Y.size(),
          " pixels, the two true ones have ", left_.size());
  return {share(Y, left_, right_), share(Y, right_, left_)};
}

Outcome outcome(const Brightness& b) {
  const double both = b.left + b.right;
  if (!(both >= 0.3)) return Outcome::none;
  if (b.left >= 0.8 * both) return Outcome::left;
  if (b.right >= 0.8 * both) return Outcome::right;
  return Outcome::blurred;
}

double ball_position(std::span<const float> picture, double view) {
  const std::vector<double> Y = yellow(picture);
  const auto n = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(Y.size()))));
  double sum = 0, moment = 0;
  for (std::size_t i = 0; i < Y.size(); ++i) {
    if (Y[i] < 0.1) continue;
    const double x =
        ((static_cast<double>(i % n) + 0.5) / static_cast<double>(n) - 0.5) * view;  // pixel centre
    sum += Y[i];
    moment += Y[i] * x;
  }
  return sum > 0 ? moment / sum : 0;
}

double energy_score(std::span<const double> samples, double y) {
  const auto K = static_cast<double>(samples.size());
  require(samples.size() >= 2, "an energy score needs at least two samples; there are ",
          samples.size());
  double to_truth = 0, apart = 0;
  for (const double x : samples) {
    to_truth += std::abs(x - y);
    for (const double other : samples) apart += std::abs(x - other);
  }
  return to_truth / K - 0.5 * apart / (K * (K - 1));
}

Judgement judge(std::span<const float> pictures, const TwoPlaces& places, double x, double view) {
  const std::size_t size = 3 * places.pixels(), K = pictures.size() / size;
  require(K >= 1 && pictures.size() == K * size, "there are ", pictures.size(),
          " numbers; K pictures of this size have ", size, " K, K at least 1");
  const Outcome truth = x < 0 ? Outcome::left : Outcome::right;
  const double share = 1 / static_cast<double>(K);
  Judgement j;
  std::vector<double> balls;
  for (std::size_t i = 0; i < K; ++i) {
    const std::span<const float> picture = pictures.subspan(i * size, size);
    const Outcome o = outcome(places.brightness(picture));
    (o == Outcome::left      ? j.left
     : o == Outcome::right   ? j.right
     : o == Outcome::blurred ? j.blurred
                             : j.none) += share;
    if (o == truth) j.true_side += share;
    balls.push_back(ball_position(picture, view));
  }
  j.energy = energy_score(balls, x) / std::abs(x);
  return j;
}

}  // namespace planet
