// What is said of the tasks: the table of --list-envs and the gallery.
#include "apps/common/options/env_table.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "envs/registry.hpp"
#include "nn/files/json.hpp"
#include "tests/apps/programs.hpp"
#include "tests/support/png.hpp"

using namespace planet;
using namespace planet::test;

namespace {

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

// A line's words; of the first line that begins with `name` and a blank.
std::vector<std::string> words_of(const std::vector<std::string>& all, const std::string& name) {
  const auto line = std::find_if(all.begin(), all.end(),
                                 [&](const auto& l) { return l.starts_with(name + " "); });
  REQUIRE(line != all.end());
  std::istringstream in(*line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

}  // namespace

TEST_CASE("the table of tasks has one row per task with its registered values") {
  const std::string text = env_table(100);
  const std::vector<std::string> all = lines(text);
  using Words = std::vector<std::string>;
  CHECK(words_of(all, "task") ==
        Words{"task", "T", "R", "sec", "A", "state", "most", "random", "oracle", "J/I/K"});
  CHECK(words_of(all, "pendulum_swingup") == Words{"pendulum_swingup", "200", "2", "0.1", "1", "2",
                                                   "200", "125.3", "+-", "15.2", "189.4", "+-", "8",
                                                   "1000/10/100"});
  CHECK(words_of(all, "reacher_easy") == Words{"reacher_easy", "1000", "4", "0.08", "2", "6",
                                               "1000", "49", "+-", "57", "950", "+-", "93",
                                               "500/7/50"});
  const Words duel = words_of(all, "duel");
  REQUIRE(duel.size() > 1);
  CHECK(duel[duel.size() - 2] == "300/6/30");
  CHECK(duel.back() == "x16");
  for (const EnvSpec& spec : list_envs()) {
    CAPTURE(spec.name);
    words_of(all, spec.name);
    CHECK(has(text, "\n" + spec.name + "\n  " + spec.description.substr(0, 40)));
  }
  CHECK(has(text, "  state    q1, q2, w1, w2, target_x, target_y\n"));
  CHECK(has(text, "  train    preset=tiny, learning_rate=2e-3\n"));
}

TEST_CASE("the table of tasks fits its width and the columns stand under their heads") {
  for (const std::size_t width : {100u, 120u})
    for (const std::string& line : lines(env_table(width))) {
      CAPTURE(line);
      CHECK(line.size() <= width);
    }
  const std::vector<std::string> all = lines(env_table());
  const std::size_t T = all[0].find(" T ") + 1;
  for (std::size_t i = 1; i <= list_envs().size(); ++i) {
    CHECK(all[i][T] != ' ');
    CHECK(all[i][T + 1] == ' ');
  }
}

TEST_CASE("train and play print the table of tasks") {
  const Scratch scratch;
  for (const char* program : {"train", "play"}) {
    const Result r = run(scratch, program, {"--list-envs"});
    CHECK(r.status == 0);
    CHECK(r.out == env_table());
  }
}

TEST_CASE("train and play print the tasks as JSON, one object per line") {
  const Scratch scratch;
  for (const char* program : {"train", "play"}) {
    const Result r = run(scratch, program, {"--list-envs", "--json"});
    CHECK(r.status == 0);
    const std::vector<std::string> all = lines(r.out);
    REQUIRE(all.size() == list_envs().size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Json task = Json::parse(all[i]);
      const EnvSpec& spec = list_envs()[i];
      CHECK(task.at("name").as_string() == spec.name);
      CHECK(task.at("time_limit").as_int64() == spec.time_limit);
      CHECK(task.at("action_size").as_int64() == spec.action_size);
      CHECK(task.at("oracle_return").as_double() == spec.scale->oracle.mean);
    }
    CHECK(has(run(scratch, program, {"--json"}).err, "--json is for --list-envs"));
  }
}

TEST_CASE("a task without a score has no score columns") {
  const Scratch scratch;
  const Result r = run(scratch, "worlds", {"play", "--list-envs"});
  CHECK(words_of(lines(r.out), "counting") ==
        std::vector<std::string>{"counting", "20", "1", "0.1", "1", "3", "-", "-", "-", "-"});
  const std::vector<std::string> json =
      lines(run(scratch, "worlds", {"play", "--list-envs", "--json"}).out);
  const auto line = std::ranges::find_if(
      json, [](const std::string& text) { return has(text, "\"name\": \"terminating\""); });
  REQUIRE(line != json.end());
  CHECK(Json::parse(*line).at("oracle_return").is_null());
}

TEST_CASE("the gallery in envs is what play draws") {
  const Scratch scratch;
  const std::string file = (scratch / "gallery.png").string();
  const Result r = run(scratch, "play", {"--gallery", file});
  CHECK(r.status == 0);
  const Image now = read_png(file), then = read_png(PLANET_SOURCE_DIR "/envs/gallery.png");
  REQUIRE(now.width == then.width);
  REQUIRE(now.height == then.height);
  int worst = 0;  // another libm may move a byte by one level
  for (std::size_t i = 0; i < now.rgb.size(); ++i)
    worst = std::max(worst, std::abs(int{now.rgb[i]} - int{then.rgb[i]}));
  CHECK(worst <= 1);
  const Result beside = run(scratch, "play", {"--gallery", file, "--env", "duel"});
  CHECK(beside.status == 2);
  CHECK(has(beside.err, "give nothing beside it"));
}
