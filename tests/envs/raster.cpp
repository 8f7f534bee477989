// The rasteriser: distances against sampling, coverage at the edge, clipping, motion below a pixel.
#include "envs/raster.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "autograd/base/error.hpp"
#include "autograd/base/philox.hpp"

using namespace planet;

namespace {

std::vector<std::uint8_t> paint(const Scene& scene, int n) {
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(n * n * 3));
  scene.paint(n, pixels);
  return pixels;
}

Scene black() {
  Scene scene;
  scene.clear({0, 0, 0});
  return scene;
}

constexpr Rgb white{1, 1, 1};

}  // namespace

TEST_CASE("signed distances at points worked out by hand") {
  CHECK(disc_distance({3, 4}, {0, 0}, 2) == doctest::Approx(3));
  CHECK(disc_distance({1, 1}, {1, 1}, 2) == doctest::Approx(-2));
  CHECK(capsule_distance({0.5, 2}, {0, 0}, {1, 0}, 0.25) == doctest::Approx(1.75));  // beside
  CHECK(capsule_distance({4, 4}, {0, 0}, {1, 0}, 1) == doctest::Approx(4));       // 3-4-5, an end
  CHECK(capsule_distance({0, -1}, {0, 0}, {0, 0}, 0.5) == doctest::Approx(0.5));  // a point
  CHECK(box_distance({3, 0}, {0, 0}, {1, 2}) == doctest::Approx(2));
  CHECK(box_distance({4, 6}, {0, 0}, {1, 2}) == doctest::Approx(5));       // a corner
  CHECK(box_distance({0.8, 0}, {0, 0}, {1, 2}) == doctest::Approx(-0.2));  // inside
  CHECK(half_plane_distance({0, 3}, {5, 1}, {0, 1}) == doctest::Approx(2));
  CHECK(half_plane_distance({0, -3}, {5, 1}, {0, 1}) == doctest::Approx(-4));
}

TEST_CASE("a signed distance changes by no more than the distance moved") {
  Rng rng(1, Stream::test);
  const std::function<double(Vec2)> bodies[] = {
      [](Vec2 p) {
        return disc_distance(p, {0.2, -0.1}, 0.3);
      },
      [](Vec2 p) {
        return capsule_distance(p, {-0.4, 0.1}, {0.5, 0.6}, 0.2);
      },
      [](Vec2 p) {
        return box_distance(p, {0.1, 0.2}, {0.5, 0.2});
      },
      [](Vec2 p) {
        return half_plane_distance(p, {0, 0.3}, {0.6, 0.8});
      }};
  for (const auto& body : bodies)
    for (int k = 0; k < 2000; ++k) {
      const Vec2 p{rng.uniform(-1, 1), rng.uniform(-1, 1)},
          q{rng.uniform(-1, 1), rng.uniform(-1, 1)};
      CHECK(std::abs(body(p) - body(q)) <= std::hypot(p.x - q.x, p.y - q.y) + 1e-12);
    }
}

TEST_CASE("rows run from the top and columns from the left") {
  Scene scene = black();
  scene.look_at({0, 0}, 2);
  scene.box({0.5, 0.5}, {0.5, 0.5}, {1, 0, 0});    // right, up
  scene.box({-0.5, -0.5}, {0.5, 0.5}, {0, 0, 1});  // left, down
  const auto p = paint(scene, 2);
  CHECK(p == std::vector<std::uint8_t>{0, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 0});
}

TEST_CASE("coverage is one half on the edge and linear half a pixel either side") {
  // 4 pixels per unit; the pixel in column 1 has its centre at x = 0.375.
  for (const double offset : {-0.6, -0.5, -0.25, 0.0, 0.25, 0.5, 0.6}) {
    Scene scene = black();
    scene.look_at({0.5, 0.5}, 1);
    scene.half_plane({0.375 + offset / 4, 0}, {1, 0},
                     white);  // the edge `offset` pixels right of it
    const double cover = std::clamp(0.5 + offset, 0.0, 1.0);
    CHECK(paint(scene, 4)[3] == static_cast<std::uint8_t>(std::floor(255 * cover + 0.5)));
  }
}

TEST_CASE("later bodies cover earlier ones and soft edges blend") {
  Scene scene = black();
  scene.look_at({0, 0}, 1);
  scene.box({0, 0}, {1, 1}, {1, 0, 0});
  scene.half_plane({0, 0}, {1, 0}, {0, 1, 0});
  const auto p = paint(scene, 1);  // the edge runs through the pixel's middle
  CHECK(p == std::vector<std::uint8_t>{128, 128, 0});
}

TEST_CASE("a disc covers its area") {
  Scene scene = black();
  scene.look_at({0.3, -0.2}, 2);
  scene.disc({0.35, -0.17}, 0.4, white);
  for (const int n : {16, 32, 64}) {
    double sum = 0;
    const auto p = paint(scene, n);
    for (std::size_t k = 0; k < p.size(); k += 3) sum += p[k] / 255.0;
    CHECK(sum * 4 / (n * n) == doctest::Approx(3.14159265 * 0.16).epsilon(0.02));
  }
}

TEST_CASE("painting within windows equals painting every pixel") {
  Rng rng(3, Stream::test);
  for (int k = 0; k < 200; ++k) {
    const Vec2 camera{rng.uniform(-1, 1), rng.uniform(-1, 1)};
    const double width = rng.uniform(0.5, 4);
    const int n = 1 + static_cast<int>(rng.below(40));
    const Vec2 a{rng.uniform(-3, 3), rng.uniform(-3, 3)}, b{rng.uniform(-3, 3), rng.uniform(-3, 3)};
    const double r = rng.uniform(0, 1);
    const Vec2 half{r, rng.uniform(0, 1)};
    const int kind = static_cast<int>(rng.below(3));
    Scene scene = black();
    scene.look_at(camera, width);
    if (kind == 0) scene.disc(a, r, white);
    if (kind == 1) scene.capsule(a, b, r, white);
    if (kind == 2) scene.box(a, half, white);
    const auto got = paint(scene, n);
    std::vector<std::uint8_t> truth;
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j) {
        const Vec2 p{camera.x + ((j + 0.5) / n - 0.5) * width,
                     camera.y - ((i + 0.5) / n - 0.5) * width};
        const double d = kind == 0   ? disc_distance(p, a, r)
                         : kind == 1 ? capsule_distance(p, a, b, r)
                                     : box_distance(p, a, half);
        const double cover = std::clamp(0.5 - d * (n / width), 0.0, 1.0);
        for (int q = 0; q < 3; ++q)
          truth.push_back(static_cast<std::uint8_t>(std::floor(255 * cover + 0.5)));
      }
    CHECK(got == truth);
  }
}

TEST_CASE("a motion of a twentieth of a pixel changes the picture") {
  for (const int n : {16, 32, 64}) {
    Scene here, there;
    for (Scene* scene : {&here, &there}) scene->clear();
    here.look_at({0, 0}, 2), there.look_at({0, 0}, 2);
    here.disc({0.1, 0.1}, 0.3, palette::tip);
    there.disc({0.1 + 2.0 / n / 20, 0.1}, 0.3, palette::tip);
    CHECK(paint(here, n) != paint(there, n));
  }
}

TEST_CASE("colours that must be told apart differ by half in some channel") {
  using namespace palette;
  const Rgb bodies[] = {body, tip, goal, agent, opponent, lamp};
  const auto gap = [](const Rgb& a, const Rgb& b) {
    return std::max({std::abs(a[0] - b[0]), std::abs(a[1] - b[1]), std::abs(a[2] - b[2])});
  };
  for (const Rgb& b : bodies) CHECK(gap(b, ground) >= 0.5);
  CHECK(gap(goal, tip) >= 0.5);
  CHECK(gap(agent, body) >= 0.5);
  CHECK(gap(agent, opponent) >= 0.5);
  CHECK(gap(lamp, tip) >= 0.5);
}

TEST_CASE("a scene refuses too many bodies and measures that are not finite") {
  Scene scene;
  CHECK_THROWS_AS(scene.disc({std::nan(""), 0}, 1, white), Error);
  CHECK_THROWS_AS(scene.box({0, 0}, {HUGE_VAL, 1}, white), Error);
  for (int k = 0; k < Scene::capacity; ++k) scene.disc({0, 0}, 1, white);
  CHECK_THROWS_AS(scene.disc({0, 0}, 1, white), Error);
  scene.clear();
  CHECK_NOTHROW(scene.disc({0, 0}, 1, white));
  std::vector<std::uint8_t> pixels(11);
  CHECK_THROWS_AS(scene.paint(2, pixels), Error);
  scene.look_at({0, 0}, 0);
  pixels.resize(12);
  CHECK_THROWS_AS(scene.paint(2, pixels), Error);
}

TEST_CASE("an image refuses a wrong number of pixels") {
  Image image(3, 2);
  CHECK(image.rgb.size() == 18);
  image.at(2, 1)[1] = 9;
  CHECK(image.rgb[16] == 9);
  CHECK_THROWS_AS(image.at(3, 0), Error);
  CHECK_THROWS_AS(image.at(0, -1), Error);
  CHECK_THROWS_AS(Image(2, 2, std::vector<std::uint8_t>(11)), Error);
  CHECK_THROWS_AS(Image(-1, 2), Error);
}
