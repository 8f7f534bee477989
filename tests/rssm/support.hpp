// Random windows for models small enough for finite differences (miniature_model()).
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "autograd/base/parallel.hpp"
#include "autograd/ops.hpp"
#include "rssm/rssm.hpp"
#include "rssm/world_model.hpp"

namespace planet {

/// For sizes too small to gain from a second thread.
struct OneThread {
  OneThread() { set_threads(1); }
  ~OneThread() { set_threads(0); }
};

/// Images in [-0.5, 0.5), actions in [-1, 1), rewards in [0, 1), normal noise, also to overshoot
/// with where the config has a distance.
inline Sequence random_sequence(Tape& tape, const ModelConfig& c, std::ptrdiff_t L,
                                std::ptrdiff_t B, std::uint64_t seed = 1) {
  Rng rng(seed, Stream::test);
  const auto fill = [&](Shape shape, auto draw) {
    std::vector<double> numbers(index(shape.size()));
    for (double& x : numbers) x = draw();
    return tape.constant(numbers, shape);
  };
  Sequence x;
  x.image = fill({L * B, c.image_size, c.image_size, 3}, [&] { return rng.uniform(-0.5, 0.5); });
  x.action = fill({L, B, c.action_size}, [&] { return rng.uniform(-1, 1); });
  x.reward = fill({L, B}, [&] { return rng.uniform(0, 1); });
  x.noise = fill({L, B, c.stoch_size}, [&] { return rng.normal(); });
  if (c.continue_head) x.continues = fill({L, B}, [&] { return rng.uniform() < 0.5 ? 0.0 : 1.0; });
  if (const std::ptrdiff_t D = c.overshooting_distance; D > 1)
    x.overshoot_noise = fill({D, L, B, c.stoch_size}, [&] { return rng.normal(); });
  return x;
}

/// miniature_model() with that latent model.
inline ModelConfig miniature_of(const std::string& latent_model) {
  ModelConfig c = miniature_model();
  choose_latent_model(c, latent_model);
  return c;
}

inline double distance(std::span<const double> a, std::span<const double> b) {
  REQUIRE(a.size() == b.size());
  double d = 0;
  for (std::size_t i = 0; i < a.size(); ++i) d = std::max(d, std::abs(a[i] - b[i]));
  return d;
}

/// Row t of a [L,...] value.
inline std::span<const double> row(Var v, std::ptrdiff_t t) {
  const auto n = static_cast<std::size_t>(v.shape().size() / v.shape()[0]);
  return v.value<double>().subspan(static_cast<std::size_t>(t) * n, n);
}

/// A tape constant with row t changed by hand.
inline Var changed(Var v, std::ptrdiff_t t, double by) {
  std::vector<double> x = v.values();
  const auto n = x.size() / static_cast<std::size_t>(v.shape()[0]);
  for (std::size_t i = 0; i < n; ++i) x[static_cast<std::size_t>(t) * n + i] += by;
  return v.on().constant(x, v.shape());
}

/// The RSSM of a world model that has one.
inline const Rssm& rssm_of(const WorldModel& model) {
  return dynamic_cast<const Rssm&>(model.latent());
}

}  // namespace planet
