#include "apps/common/foresight/open_loop_error.hpp"

#include <algorithm>

#include "autograd/base/error.hpp"

namespace planet {
namespace {

double half_square(double d) { return 0.5 * d * d; }

// The errors of the pictures, [T,K].
std::vector<double> image_errors(const WorldModel& model, const Episode& episode,
                                 const OpenLoop& loop) {
  std::vector<double> errors;
  for (std::ptrdiff_t t = 0; t < loop.T; ++t) {
    const std::vector<float> truth = target_pixels(episode, t, model.config().image_bits);
    const std::vector<float> decoded = decode(model, loop.features_at(t));
    for (std::ptrdiff_t j = 0; j < loop.K; ++j)
      errors.push_back(half_squared_distance(
          truth, std::span(decoded).subspan(index(j) * truth.size(), truth.size())));
  }
  return errors;
}

// The sample with the least sum of errors over the imagined rows; the first among equals.
std::ptrdiff_t best_sample(const std::vector<double>& errors, const OpenLoop& loop) {
  std::vector<double> sums(index(loop.K));
  for (std::ptrdiff_t t = loop.context; t < loop.T; ++t)
    for (std::ptrdiff_t j = 0; j < loop.K; ++j) sums[index(j)] += errors[index(t * loop.K + j)];
  return std::ranges::min_element(sums) - sums.begin();
}

}  // namespace

double half_squared_distance(std::span<const float> x, std::span<const float> y) {
  require(x.size() == y.size(), "[half_squared_distance] ", x.size(), " numbers against ", y.size(),
          "; there must be as many of both");
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    sum += half_square(static_cast<double>(x[i]) - static_cast<double>(y[i]));
  return sum;
}

std::vector<float> target_pixels(const Episode& episode, std::ptrdiff_t t, int image_bits) {
  const std::span<const std::uint8_t> bytes =
      std::span(episode.image).subspan(index(t) * episode.frame_bytes(), episode.frame_bytes());
  const float bins = static_cast<float>(1 << image_bits);
  std::vector<float> x;
  for (const std::uint8_t byte : bytes)
    x.push_back((static_cast<float>(byte >> (8 - image_bits)) + 0.5f) / bins - 0.5f);
  return x;
}

OpenLoopError open_loop_error(const WorldModel& model, const Episode& episode,
                              const OpenLoop& loop) {
  const std::vector<double> errors = image_errors(model, episode, loop);
  const int bits = model.config().image_bits;
  const std::vector<float> last_seen = target_pixels(episode, loop.context - 1, bits);
  OpenLoopError out;
  out.best = best_sample(errors, loop);
  for (std::ptrdiff_t t = 0; t < loop.T; ++t) {
    double image = 0, reward = 0;
    for (std::ptrdiff_t j = 0; j < loop.K; ++j) {
      image += errors[index(t * loop.K + j)];
      reward += half_square(static_cast<double>(episode.reward[index(t)]) -
                            static_cast<double>(loop.reward_at(t)[index(j)]));
    }
    out.image.push_back(image / static_cast<double>(loop.K));
    out.image_best.push_back(errors[index(t * loop.K + out.best)]);
    out.reward.push_back(t == 0 ? 0 : reward / static_cast<double>(loop.K));
    const std::vector<float> truth = target_pixels(episode, t, bits);
    out.still.push_back(t < loop.context ? 0 : half_squared_distance(truth, last_seen));
  }
  return out;
}

}  // namespace planet
