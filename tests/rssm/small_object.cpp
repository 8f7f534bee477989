// Small objects: a ball two pixels wide in a picture of 16 by 16. Leaving it out costs 2.6 nats per
// frame; encoding its position costs up to 5. With a KL of weight 1 it is therefore cheaper to draw
// none, and the posterior collapses to the prior (remove the three lines in the test to see it).
// With the weights recommended for small objects it must be drawn at its true position.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "envs/raster.hpp"
#include "rssm/trainer.hpp"
#include "tests/rssm/support.hpp"

namespace small_object_tests {

using namespace planet;

namespace {

constexpr int n = 16;
constexpr std::ptrdiff_t L = 8, B = 16, T = 20;

std::vector<std::uint8_t> picture(double x, double y) {
  std::vector<std::uint8_t> pixels(n * n * 3);
  Scene scene;
  scene.clear();
  scene.look_at({n / 2.0, n / 2.0}, n);  // one unit per pixel
  scene.disc({x, y}, 1, palette::lamp);
  scene.paint(n, pixels);
  return pixels;
}

/// A ball that the actions move about within the picture.
Episode ball_episode(std::uint64_t seed) {
  Rng rng(seed, Stream::test);
  double x = rng.uniform(2, n - 2.0), y = rng.uniform(2, n - 2.0);
  Episode e;
  e.begin(n, 2, picture(x, y).data());
  for (std::ptrdiff_t t = 0; t < T; ++t) {
    const float a[2] = {static_cast<float>(rng.uniform(-1, 1)),
                        static_cast<float>(rng.uniform(-1, 1))};
    x = std::clamp(x + 2 * static_cast<double>(a[0]), 2.0, n - 2.0);
    y = std::clamp(y + 2 * static_cast<double>(a[1]), 2.0, n - 2.0);
    e.append(a, 0, picture(x, y).data());
  }
  return e;
}

/// The centroid of what is brighter than the ground, in pixels.
struct Ball {
  double x = 0, y = 0, brightness = 0;
};
template <class T>
Ball find_ball(const T* image) {
  Ball ball;
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      const double green = static_cast<double>(image[(i * n + j) * 3 + 1]) + 0.5;
      const double w = std::max(0.0, green - 0.25);  // the ground has 0.11, the ball 0.89
      ball.x += w * j, ball.y += w * i, ball.brightness += w;
    }
  ball.x /= ball.brightness, ball.y /= ball.brightness;
  return ball;
}

}  // namespace

TEST_CASE("P26 a ball two pixels wide is drawn within a pixel of its place") {
  const OneThread one;
  constexpr int updates = 1250;
  ModelConfig c = model_preset("tiny", n);
  c.action_size = 2;
  c.kl_scale = 0.1;
  c.kl_balance = 0.8;
  c.free_nats = 1;
  WorldModel model(c, 1);
  Trainer trainer(model,
                  {.seed = 1, .batch_size = B, .batch_length = L, .adam = {.learning_rate = 5e-3}});
  Replay replay(std::size_t{64} << 20), held_out(std::size_t{64} << 20);
  for (std::uint64_t k = 0; k < 100; ++k) replay.add(ball_episode(k));
  for (std::uint64_t k = 1000; k < 1010; ++k) held_out.add(ball_episode(k));
  for (int k = 0; k < updates; ++k) trainer.update(replay, k);
  const Sequence x = trainer.batch(held_out, updates);
  const ElboTerms elbo = model.elbo(x);
  double error = 0, kl = 0;  // means over the held-out rows
  int lost = 0;
  for (std::ptrdiff_t k = 0; k < L * B; ++k) {
    constexpr std::ptrdiff_t frame = n * n * 3;
    const Ball there = find_ball(x.image.value<float>().data() + k * frame);
    Ball drawn = find_ball(elbo.predicted.image.value<float>().data() + k * frame);
    if (!(drawn.brightness > 0.3 * there.brightness)) {  // no ball: the error of the centre
      ++lost;
      drawn.x = drawn.y = (n - 1) / 2.0;
    }
    error += std::hypot(there.x - drawn.x, there.y - drawn.y) / static_cast<double>(L * B);
    kl += static_cast<double>(elbo.kl.value<float>()[static_cast<std::size_t>(k)]) / (L * B);
  }
  MESSAGE("error " << error << " pixels, " << lost << " balls lost of " << L * B << ", KL " << kl);
  CHECK(error < 1);
  CHECK(lost < L * B / 10);
  CHECK(kl > 1);
}

}  // namespace small_object_tests
