// Two futures: how decoded pictures are judged, which moments are asked about, and the program.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "apps/common/options/config_file.hpp"
#include "apps/studies/tools/lookahead.hpp"
#include "apps/studies/tools/two_places.hpp"
#include "autograd/base/error.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

constexpr double view = 2.2, pixel = view / 32;

RunConfig task_config(const std::string& env, const std::string& hidden = "") {
  RunConfig config = task_defaults(env);
  if (!hidden.empty()) config.env_options["hidden"] = hidden;
  return config;
}

// peg_catch with the ball at x in step k, as a model sees it at best.
std::vector<float> true_picture(double x, int k, int n = 32) {
  EnvOptions options;
  options.image_size = n;
  const auto env = make_env("peg_catch", options);
  env->reset(1);
  env->set_state(std::vector<double>{x, 0.9 - 0.09 * k, 0, 0.5, double(k), 0});
  return seen(Image(n, n, env->render()), 5);
}

std::vector<float> mix(const std::vector<float>& a, const std::vector<float>& b, float share) {
  std::vector<float> out(a.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = share * a[i] + (1 - share) * b[i];
  return out;
}

double brightest(const std::vector<float>& picture) {
  const std::vector<double> y = yellow(picture);
  return *std::max_element(y.begin(), y.end());
}

std::vector<float> joined(const std::vector<std::vector<float>>& pictures) {
  std::vector<float> all;
  for (const auto& picture : pictures) all.insert(all.end(), picture.begin(), picture.end());
  return all;
}

}  // namespace

TEST_CASE(
    "a true ball has brightness 1 at its place and 0 at the other, and half a ball one half at "
    "both") {
  for (const int n : {16, 32, 64}) {
    INFO(n);
    const std::vector<float> left = true_picture(-0.24, 11, n), right = true_picture(0.24, 11, n);
    const std::vector<float> elsewhere = true_picture(0, 0, n);  // the peg and the paddle alone
    const TwoPlaces places(left, right);
    const auto check = [&](const std::vector<float>& picture, double l, double r,
                           Outcome expected) {
      const Brightness b = places.brightness(picture);
      CHECK(b.left == doctest::Approx(l).epsilon(1e-6));
      CHECK(b.right == doctest::Approx(r).epsilon(1e-6));
      CHECK(outcome(b) == expected);
    };
    check(left, 1, 0, Outcome::left);
    check(right, 0, 1, Outcome::right);
    check(mix(left, right, 0.5f), 0.5, 0.5, Outcome::blurred);
    check(elsewhere, 0, 0, Outcome::none);
    check(mix(left, right, 0.75f), 0.75, 0.25, Outcome::blurred);
    check(mix(left, right, 0.875f), 0.875, 0.125, Outcome::left);
    check(mix(left, elsewhere, 0.25f), 0.25, 0, Outcome::none);
    check(mix(right, elsewhere, 0.375f), 0, 0.375, Outcome::right);
  }
  CHECK_THROWS_AS(TwoPlaces(true_picture(0.24, 11), true_picture(0.24, 11)), Error);
}

TEST_CASE("outcomes change at a brightness of 0_3 and at four fifths") {
  CHECK(outcome({0.29, 0}) == Outcome::none);
  CHECK(outcome({0.31, 0}) == Outcome::left);
  CHECK(outcome({0, 0.31}) == Outcome::right);
  CHECK(outcome({0.15, 0.14}) == Outcome::none);
  CHECK(outcome({0.15, 0.16}) == Outcome::blurred);
  CHECK(outcome({0.81, 0.19}) == Outcome::left);
  CHECK(outcome({0.79, 0.21}) == Outcome::blurred);
  CHECK(outcome({0.21, 0.79}) == Outcome::blurred);
  CHECK(outcome({0.19, 0.81}) == Outcome::right);
  CHECK(outcome({1.6, 0.4}) == Outcome::left);  // a share, whatever the brightness
  CHECK(outcome({NAN, 0.5}) == Outcome::none);
}

TEST_CASE("a ball's position is the centroid of yellow") {
  for (const double x : {-0.24, -0.1, 0.0, 0.06, 0.24, 0.72})
    CHECK(std::abs(ball_position(true_picture(x, 11), view) - x) < 0.1 * pixel);
  const std::vector<float> left = true_picture(-0.24, 11), right = true_picture(0.24, 11);
  CHECK(std::abs(ball_position(mix(left, right, 0.5f), view)) < 1e-6);
  std::vector<float> dark(left.size(), -0.5f);
  CHECK(ball_position(dark, view) == 0);
  // The decoder's noise all over the picture, a bin up and down, does not move it.
  std::vector<float> noisy = left;
  for (std::size_t i = 0; i < noisy.size(); ++i) noisy[i] += (i % 7 < 3 ? 1.0f : -1.0f) / 64;
  CHECK(std::abs(ball_position(noisy, view) + 0.24) < 0.3 * pixel);
}

TEST_CASE("the energy score has its values by hand") {
  using V = std::vector<double>;
  CHECK(energy_score(V{0, 0}, 1) == 1);                                     // the blur: a
  CHECK(energy_score(V{1, 1}, 1) == 0);                                     // sure and right
  CHECK(energy_score(V{-1, -1}, 1) == 2);                                   // sure and wrong
  CHECK(energy_score(V{-1, -1, 1, 1}, 1) == doctest::Approx(1 - 2.0 / 3));  // E|X-X'| = 16/12
  CHECK(energy_score(V{0, 1, 3}, 2) == doctest::Approx(4.0 / 3 - 1));       // (2+1+1)/3, 12/6
  // The true distribution scores a/2 on average, with any number of samples.
  for (const int K : {2, 3, 5}) {
    double sum = 0;
    for (int bits = 0; bits < 1 << (K + 1); ++bits) {
      V samples;
      for (int i = 0; i < K; ++i) samples.push_back((bits >> i & 1) == 1 ? 1 : -1);
      sum += energy_score(samples, (bits >> K) == 1 ? 1 : -1);
    }
    CHECK(sum / (1 << (K + 1)) == doctest::Approx(0.5));
  }
  CHECK_THROWS_AS(energy_score(V{1}, 1), Error);
}

TEST_CASE("imagined pictures are judged by shares and by their distance") {
  const std::vector<float> left = true_picture(-0.24, 11), right = true_picture(0.24, 11);
  const std::vector<float> blur = mix(left, right, 0.5f), gone = true_picture(0, 0);
  const TwoPlaces places(left, right);
  const Judgement fair = judge(joined({left, right, left, right}), places, -0.24, view);
  CHECK(fair.left == 0.5);
  CHECK(fair.right == 0.5);
  CHECK(fair.true_side == 0.5);
  CHECK(fair.energy == doctest::Approx(1.0 / 3).epsilon(0.03));
  const Judgement mean = judge(joined({blur, blur}), places, 0.24, view);
  CHECK(mean.blurred == 1);
  CHECK(mean.true_side == 0);
  CHECK(mean.energy == doctest::Approx(1).epsilon(1e-4));
  const Judgement wrong = judge(joined({left, left, left, gone}), places, 0.24, view);
  CHECK(wrong.left == 0.75);
  CHECK(wrong.none == 0.25);
  CHECK(wrong.true_side == 0);
  const Judgement sure = judge(joined({right, right}), places, 0.24, view);
  CHECK(sure.true_side == 1);
  CHECK(std::abs(sure.energy) < 0.03);
  CHECK_THROWS_AS(judge(std::span(left).first(30), places, 0.24, view), Error);
}

TEST_CASE("moments are found in every drop and their two pictures are the world's") {
  struct Expected {
    const char *env, *hidden;
    std::size_t moments;
    double x;
  };
  // Drops of 21, 21, 29 and 45 steps; 120, 200, 165 and 257 control steps an episode.
  for (const auto& [env, hidden, count, distance] :
       {Expected{"peg_catch", "", 6, 0.24}, Expected{"peg_dodge", "", 9, 4 * 0.5 / 6},
        Expected{"peg_memory", "8", 5, 0.72}, Expected{"peg_cued", "16", 5, 0.72},
        Expected{"peg_memory", "32", 5, 0.72}}) {
    const std::string name = env;
    INFO(name);
    const RunConfig config = task_config(env, hidden);
    const Lookaheads data = look_ahead(config, 4);
    REQUIRE(data.episodes.size() == 4);
    CHECK(data.moments.size() == 4 * count);
    int left = 0;
    for (const Moment& m : data.moments) {
      CHECK(std::abs(m.x) == doctest::Approx(distance).epsilon(1e-9));
      left += m.x < 0;
      INFO("row ", m.shown, " of episode ", m.episode);
      const Episode& e = data.episodes[m.episode];
      const auto frame = [&](std::ptrdiff_t t) {
        return seen(
            Image(32, 32, std::span(e.image).subspan(static_cast<std::size_t>(t) * 3072, 3072)), 5);
      };
      CHECK(frame(m.shown) == (m.x < 0 ? m.left : m.right));
      CHECK(m.left != m.right);
      if (hidden[0] == '\0') {  // undecided: the ball is in the middle
        CHECK(std::abs(ball_position(frame(m.seen), view)) < 1e-6);
      } else {  // a sliver of it is left, soon nothing, and at last all of it
        CHECK(brightest(frame(m.seen)) > 0.4);
        CHECK(brightest(frame(m.seen + std::stoi(hidden) / 8)) < 0.1);
        CHECK(brightest(frame(m.shown - 3)) < 0.1);
      }
    }
    CHECK(left > 0);
    CHECK(left < static_cast<int>(data.moments.size()));
  }
  CHECK_THROWS_AS(look_ahead(task_config("pendulum_swingup"), 1), Error);
}
