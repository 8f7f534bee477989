// P39: an environment of one's own in thirty lines, between the two marks. envs/README.md shows it.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <sstream>

#include "tests/envs/support.hpp"

// [begin]
#include "envs/check_env.hpp"
#include "envs/task_env.hpp"

/// A boat on a current: steer it to the buoy and stay there.
class Boat final : public planet::Task {
 public:
  std::string name() const override { return "boat"; }
  int action_size() const override { return 2; }
  std::vector<std::string> state_names() const override { return {"x", "y"}; }
  void start(planet::Rng& rng) override { p_ = {rng.uniform(-1, 1), rng.uniform(-1, 1)}; }

  planet::TaskStep step(std::span<const double> u, std::span<const double>) override {
    p_.x = std::clamp(p_.x + 0.10 * u[0] + 0.03, -1.0, 1.0);
    p_.y = std::clamp(p_.y + 0.10 * u[1], -1.0, 1.0);
    return {.reward = std::exp(-4 * (p_.x * p_.x + p_.y * p_.y)), .terminated = false};
  }
  void draw(planet::Scene& scene) const override {
    scene.look_at({0, 0}, 2.6);
    scene.disc({0, 0}, 0.25, planet::palette::goal);
    scene.disc(p_, 0.20, planet::palette::tip);
  }
  std::vector<double> state() const override { return {p_.x, p_.y}; }
  void set_state(std::span<const double> s) override { p_ = {s[0], s[1]}; }
  std::unique_ptr<Task> clone() const override { return std::make_unique<Boat>(*this); }

 private:
  planet::Vec2 p_;
};
// [end]

TEST_CASE("P39 the thirty-line environment passes check_env and can be steered") {
  planet::TaskEnv env(std::make_unique<Boat>(),
                      {.image_size = 32, .action_repeat = 2, .time_limit = 100, .view = 0});
  for (const std::string& rule : planet::check_env(env)) FAIL_CHECK(rule);
  env.reset(1);
  double total = 0;
  for (planet::StepResult r; !r.done(); total += r.reward) {
    const auto s = env.state();
    r = env.step(std::array{-10 * s[0], -10 * s[1]});
  }
  CHECK(total > 80);
  CHECK(total > 2 * planet::test::random_episode(env, 1).total());
}

TEST_CASE("P39 the README shows this very environment") {
  const auto read = [](const std::string& path) {
    std::ifstream in(std::string(PLANET_SOURCE_DIR) + "/" + path);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  };
  const std::string source = read("tests/envs/custom_env.cpp");
  const std::size_t begin = source.find("// [begin]\n") + 11;
  const std::string example = source.substr(begin, source.find("// [end]") - begin);
  REQUIRE(example.size() > 500);
  CHECK(std::count(example.begin(), example.end(), '\n') <= 33);
  CHECK(planet::test::contains(read("envs/README.md"), example));
}
