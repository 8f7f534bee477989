// Golden frames: each task, drawn in fixed states, must look as in the inspected pictures.
//
// golden/NAME-n.png holds the states below side by side. To draw them anew, for inspection:
//   PLANET_WRITE_GOLDEN=1 build/release/bin/test_envs -tc='golden*'
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include "apps/common/files/png.hpp"
#include "apps/common/files/sheet.hpp"
#include "envs/registry.hpp"
#include "tests/envs/support.hpp"
#include "tests/support/png.hpp"
#include "tests/worlds/worlds.hpp"

using namespace planet;

namespace {

using States = std::vector<std::vector<double>>;

const std::map<std::string, States>& golden_states() {
  static const std::map<std::string, States> states{
      {"pendulum_swingup",
       {{0, 0}, {0.5, 1}, {1.5707963267948966, 0}, {3.1, -4}, {-2, 8}, {0.05, 0}}},
      {"cartpole_swingup",
       {{0, 0, 0, 0},
        {0.7, 0.4, 0, 0},
        {-1.2, 3.0, 1, 2},
        {1.9, 1.6, 0, 0},
        {-1.85, -1, 0, 0},
        {0.02, 3.1415926535897931, 0, 0}}},
      // In the middle over the goal, beside it, at a wall, in a corner beyond it.
      {"point_mass_easy",
       {{0, 0, 0, 0}, {0.06, -0.02, 1, 0}, {-0.29, 0.1, 0, 0}, {0.291, 0.291, 0, 0}}},
      {"point_mass_dmc", {{0.01, 0.01, 0, 0}, {0.2, -0.15, 0, 0}}},
      // Stretched, bent over the target, folded at the wrist's stop, target uncovered.
      {"reacher_easy",
       {{0, 0, 0, 0, 0, 0.125},
        {0.3, 1.5, 0, 0, 0.1, 0.15},
        {-2, 2.79, 3, 0, -0.2, 0},
        {2.5, -1, 0, 0, 0.05, -0.19}}},
      {"reacher_shaped", {{1, 1, 0, 0, -0.1, 0.1}, {-1.2, -2.5, 0, 0, 0.06, 0}}},
      // dm_control's pendulum is half as long and looks the same.
      {"pendulum_dmc_sparse", {{0, 0}, {1.5707963267948966, 0}, {-2, 3}}},
      {"pendulum_dmc_shaped", {{0.1, 0}, {3.1, -4}}},
      // At rest, pushed aside, taut, caught, on the ground, flying above.
      {"cup_catch",
       {{0, 0, 0, 0, 0, 0, 0, 0},
        {0.2, 0.1, -0.1, 0.05, 1, 0, 0, 0},
        {-0.1, -0.1, -0.3, -0.03, 0, 0, 0, 0},
        {0.05, 0.02, 0.05, 0.34, 0, 0, 0, 0},
        {0.1, -0.22, -0.05, -0.176, 0, 0, 0, 0},
        {0, -0.1, 0.1, 0.5, 0, 0, 0, 3}}},
      // The finger hanging, level, bent, on the spinner; the spinner upright, upside down, level.
      {"finger_spin",
       {{-1.5707963267948966, 0, 0, 0, 0, 0},
        {0, 0.3, 0.8, 0, 0, 0},
        {-0.5, 1.2, 1.5707963267948966, 0, 0, 0},
        {-0.7, -0.7, 3.1415926535897931, 0, 0, 5},
        {-1.8, 1.9, -0.8, 0, 0, -15},
        {0.35, -0.35, 2.2, 0, 0, 0}}},
      // Standing, a little further, at full stretch, on its head, lying, in the air.
      {"cheetah_run",
       {{0, -0.12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
        {0.4, -0.12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
        {1.3, -0.05, -0.1, -0.5, -0.5, 0.4, -0.9, 0.3, 0.3, 4, 0, 0, 0, 0, 0, 0, 0, 0},
        {2.5, -0.35, 2.9, 0.3, 0.3, -0.6, -0.2, -0.5, 0.2, 0, 0, 0, 0, 0, 0, 0, 0, 0},
        {-1.1, -0.45, 0.2, 1, 0.8, -1.5, -0.9, -1.2, 0.4, 0, 0, 0, 0, 0, 0, 0, 0, 0},
        {3.3, 0.3, 0.4, 0.6, -0.4, 0.2, -0.4, 0.5, -0.3, 6, 1, 0, 0, 0, 0, 0, 0, 0}}},
      // Standing, a stride, its mirror image, crouching, fallen on its back, in the air.
      {"walker_walk",
       {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
        {-0.06, 0.4, 0.1, 0.6, -0.3, 0, -0.3, -0.2, 0.2, 0, 1, 0, 0, 0, 0, 0, 0, 0},
        {-0.06, 0.8, 0.1, -0.3, -0.2, 0.2, 0.6, -0.3, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0},
        {-0.5, 1.6, 0.5, 1.5, -2, 0.5, 1.2, -1.6, 0.4, 0, 0, 0, 0, 0, 0, 0, 0, 0},
        {-1.2, 3, -1.6, 0.5, -0.8, 0, 0.2, -0.1, 0.3, 0, 0, 0, 0, 0, 0, 0, 0, 0},
        {0.5, 4.2, 2.5, 0.8, -1.2, -0.5, 0.1, -0.3, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0}}},
      // Start, before the peg, the first step aside, half way, caught or not, the other side.
      {"peg_catch",
       {{0, 0.9, 0, 0.5, 0, 0},
        {0, 0.27, 0, -0.2, 7, 0},
        {0.06, 0.18, 0.06, 0, 8, 0},
        {-0.24, -0.09, -0.06, 0.3, 11, 0},
        {0.78, -0.9, 0.06, 0.8, 20, 0},
        {-0.78, -0.9, -0.06, 0.1, 20, 0}}},
      // Above the screen, going in, behind it, coming out.
      {"peg_memory",
       {{0, 0.9, 0, 0.5, 0, 0},
        {-0.06, 0.18, -0.06, 0, 8, 0},
        {-0.12, 0.09, -0.06, 0, 9, 0},
        {0.42, -0.36, 0.06, 0.3, 14, 0},
        {0.54, -0.54, 0.06, 0.4, 16, 0},
        {-0.66, -0.72, -0.06, -0.6, 18, 0}}},
      // The lamp on either side, and gone in the third picture.
      {"peg_cued",
       {{0, 0.9, 0, 0.5, 0, -1},
        {0, 0.81, 0, 0.4, 1, 1},
        {0, 0.72, 0, 0.4, 2, 1},
        {0, 0.27, 0.06, 0, 7, 1},
        {0.3, -0.18, 0.06, 0.3, 12, 1},
        {0.66, -0.72, 0.06, 0.6, 18, 1}}},
      {"peg_dodge",
       {{0, 0.9, 0, 0.4, 0, 0},
        {0, -0.36, 0, 0.1, 14, 0},
        {0.083333333333333329, -0.45, 0.083333333333333329, 0.1, 15, 0},
        {-0.25, -0.63, -0.083333333333333329, 0.1, 17, 0},
        {-0.5, -0.9, -0.083333333333333329, 0.2, 20, 0},
        {0.5, -0.9, 0.083333333333333329, 0.45, 20, 0}}},
      // At rest, the lunge's top against a far and a stunned agent, its way back, the step back.
      {"duel", {{-0.9, 0, 0}, {-0.55, 2, 0}, {-1, 3, 12}, {0, 5, 0}, {0.2, 0, 0}, {0.5, 13, 0}}},
      {"counting", {{0, 0, 0}, {1, 255, 1}, {170, 85, -1}, {19, 7, 0.5}}},
      {"terminating", {{0}, {0.3}, {-0.77}, {0.99}}},
  };
  return states;
}

// Variants of a task differ in reward or repeat and look the same, so they share their pictures.
const std::string& looks_like(const std::string& name) {
  static const std::map<std::string, std::string> same{
      {"cup_catch_r6", "cup_catch"},         {"cup_catch_shaped", "cup_catch"},
      {"finger_spin_shaped", "finger_spin"}, {"walker_stand", "walker_walk"},
      {"walker_walk_r4", "walker_walk"},     {"walker_run", "walker_walk"}};
  const auto found = same.find(name);
  return found == same.end() ? name : found->second;
}

std::vector<Image> draw_frames(const EnvSpec& spec, int n) {
  EnvOptions options;
  options.image_size = n;
  const auto env = make_env(spec, options);
  std::vector<Image> frames;
  for (const std::vector<double>& state : golden_states().at(looks_like(spec.name))) {
    env->set_state(state);
    frames.emplace_back(n, n, env->render());
  }
  return frames;
}

Image draw_strip(const EnvSpec& spec, int n) {
  const std::vector<Image> frames = draw_frames(spec, n);
  Image strip(n * static_cast<int>(frames.size()), n);
  for (std::size_t k = 0; k < frames.size(); ++k)
    paste(frames[k], strip, n * static_cast<int>(k), 0);
  return strip;
}

// Another libm may change a byte by one level, no more. 256 for pictures of different sizes.
int worst_difference(const Image& now, const Image& then) {
  if (now.width != then.width || now.height != then.height) return 256;
  int worst = 0;
  for (std::size_t i = 0; i < now.rgb.size(); ++i)
    worst = std::max(worst, std::abs(int{now.rgb[i]} - int{then.rgb[i]}));
  return worst;
}

}  // namespace

TEST_CASE("golden frames of every task at every size") {
  for (const EnvSpec& spec : test::every_world())
    for (const int n : {16, 32, 64}) {
      CAPTURE(spec.name);
      CAPTURE(n);
      const std::string& pictures = looks_like(spec.name);
      REQUIRE(golden_states().contains(pictures));  // a new task needs golden frames
      const std::string file = std::string(PLANET_SOURCE_DIR) + "/tests/envs/golden/" + pictures +
                               "-" + std::to_string(n) + ".png";
      const Image now = draw_strip(spec, n);
      if (std::getenv("PLANET_WRITE_GOLDEN") != nullptr) write_png(file, now);
      CHECK(worst_difference(now, test::read_png(file)) <= 1);
    }
}

TEST_CASE("an object in a picture is worth more than the free nats") {
  // Half the summed squared difference, on bytes / 255, between the picture and the same without
  // the object: the unit-variance Gaussian's nats. Measured on the drawing's definition: the bob is
  // worth about 8.5 at 32 pixels and 37.4 at 64, more than the free nats at that size.
  for (const auto& [n, nats] : {std::pair{32, 8.5}, std::pair{64, 37.4}}) {
    double sum = 0;
    const int angles = 90;
    for (int k = 0; k < angles; ++k) {
      const double theta = 0.0698 * k;
      const Vec2 tip{std::sin(theta), std::cos(theta)};
      std::vector<std::uint8_t> with(static_cast<std::size_t>(n * n * 3)), without(with.size());
      EnvOptions options;
      options.image_size = n;
      const auto env = make_env("pendulum_swingup", options);
      env->set_state(std::array{theta, 0.0});
      env->render(with);
      Scene scene;
      scene.look_at({0, 0}, 2.7);
      scene.capsule({0, 0}, tip, 0.09, palette::body);
      scene.disc({0, 0}, 0.10, palette::rail);
      scene.paint(n, without);
      for (std::size_t i = 0; i < with.size(); ++i) {
        const double d = (int{with[i]} - int{without[i]}) / 255.0;
        sum += 0.5 * d * d;
      }
    }
    CHECK(sum / angles == doctest::Approx(nats).epsilon(0.05));
  }
}

TEST_CASE("the ball and the opponent are worth enough nats to be learned") {
  // The mean loss over random episodes when they are left out. The free nats are 0.75 at 32 pixels
  // and 3 at 64.
  const auto without_object = [](const EnvSpec& spec, const std::vector<double>& state) {
    Scene scene;
    scene.look_at({0, 0}, spec.view);
    if (spec.name == "duel") {
      scene.box({0, -0.22}, {1.25, 0.05}, palette::rail);
      Rgb agent = palette::agent;
      if (state[2] > 0) agent = {agent[0] / 2, agent[1] / 2, agent[2] / 2};
      scene.disc({state[0], 0}, 0.15, agent);
      return scene;
    }
    scene.disc({0, 0.09}, 0.07, palette::rail);
    scene.box({state[3], -0.98}, {0.2, 0.07}, palette::agent);
    return scene;
  };
  struct Row {
    const char* name;
    int n;
    double nats;
  };
  for (const Row& row : {Row{"peg_catch", 32, 6.8}, Row{"peg_catch", 64, 29.5},
                         Row{"duel", 32, 3.8}, Row{"duel", 64, 16.0}}) {
    CAPTURE(row.name);
    CAPTURE(row.n);
    EnvOptions options;
    options.image_size = row.n;
    const auto env = make_env(row.name, options);
    std::vector<std::uint8_t> bare(env->image_bytes());
    double sum = 0;
    int pictures = 0;
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      const test::Episode episode = test::random_episode(*env, seed);
      for (std::size_t t = 0; t < episode.pictures.size(); ++t, ++pictures) {
        without_object(env_spec(row.name), episode.states[t]).paint(row.n, bare);
        for (std::size_t i = 0; i < bare.size(); ++i) {
          const double d = (int{episode.pictures[t][i]} - int{bare[i]}) / 255.0;
          sum += 0.5 * d * d;
        }
      }
    }
    CHECK(sum / pictures == doctest::Approx(row.nats).epsilon(0.05));
  }
}
