// P39: the custom environment in thirty lines (boat.hpp) is valid, and envs/README.md shows it.
#include <doctest/doctest.h>

#include <array>
#include <fstream>
#include <sstream>

#include "envs/check_env.hpp"
#include "tests/envs/boat.hpp"
#include "tests/envs/support.hpp"

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
    std::ifstream in(PLANET_SOURCE_DIR "/" + path);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  };
  const std::string source = read("tests/envs/boat.hpp");
  const std::size_t begin = source.find("// [begin]\n") + 11;
  const std::string example = source.substr(begin, source.find("// [end]") - begin);
  REQUIRE(example.size() > 500);
  CHECK(std::count(example.begin(), example.end(), '\n') <= 30);
  CHECK(planet::test::contains(read("envs/README.md"), example));
}
