// play: trajectories to the last bit, actions from a file, every policy.
#include <doctest/doctest.h>

#include <sstream>

#include "autograd/base/error.hpp"
#include "envs/numbers.hpp"
#include "envs/png.hpp"
#include "envs/registry.hpp"
#include "nn/json.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

std::vector<std::vector<double>> numbers(const fs::path& csv, std::string& header) {
  std::istringstream in(text_of(csv));
  std::string line;
  std::getline(in, header);
  std::vector<std::vector<double>> rows;
  while (std::getline(in, line)) {
    auto& row = rows.emplace_back();
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',');) row.push_back(*parse_number(cell));
  }
  return rows;
}

void write(const fs::path& file, const std::string& text) {
  std::FILE* f = std::fopen(file.c_str(), "w");
  REQUIRE(f != nullptr);
  std::fputs(text.c_str(), f);
  std::fclose(f);
}

}  // namespace

TEST_CASE("a trajectory holds every control step to the last bit") {
  const Scratch scratch;
  write(scratch / "actions.csv", "0.5\n-1\n0.25\n3\n");
  const Result r = run(scratch, "play",
                       {"--env", "pendulum_swingup", "--state", "1.25,-0.5", "--action-repeat", "3",
                        "--actions", "actions.csv", "--trajectory", "t.csv"});
  INFO(r.err);
  REQUIRE(r.status == 0);
  std::string header;
  const auto rows = numbers(scratch / "t.csv", header);
  CHECK(header == "theta,omega,action_0,reward");
  REQUIRE(rows.size() == 12);
  // The same control steps one by one.
  EnvOptions options;
  options.action_repeat = 1;
  const auto env = make_env("pendulum_swingup", options);
  env->reset(0);
  env->set_state(std::vector<double>{1.25, -0.5});
  const double actions[] = {0.5, -1, 0.25, 3};
  double sum = 0;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const double a = actions[k / 3];
    const StepResult step = env->step(std::span<const double>(&a, 1));
    CHECK(rows[k][0] == env->state()[0]);
    CHECK(rows[k][1] == env->state()[1]);
    CHECK(rows[k][2] == std::min(a, 1.0));
    CHECK(rows[k][3] == step.reward);
    sum += step.reward;
  }
  CHECK(r.out.find("in 4 decisions, stopped before the end") != std::string::npos);
  CHECK(sum > 0);
}

TEST_CASE("a trajectory from its last state goes on as the whole one") {
  const Scratch scratch;
  const std::string first = "0.3\n-0.7\n1\n-1\n0.2\n", second = "0.6\n-0.4\n0.9\n-0.1\n0.05\n";
  write(scratch / "ten.csv", first + second);
  write(scratch / "five.csv", second);
  REQUIRE(run(scratch, "play", {"--seed", "3", "--actions", "ten.csv", "--trajectory", "a.csv"})
              .status == 0);
  std::string header;
  const auto all = numbers(scratch / "a.csv", header);
  REQUIRE(all.size() == 20);
  const std::string state = number_text(all[9][0]) + "," + number_text(all[9][1]);
  REQUIRE(run(scratch, "play", {"--state", state, "--actions", "five.csv", "--trajectory", "b.csv"})
              .status == 0);
  const auto rest = numbers(scratch / "b.csv", header);
  REQUIRE(rest.size() == 10);
  for (std::size_t i = 0; i < rest.size(); ++i) CHECK(rest[i] == all[i + 10]);
}

TEST_CASE("frames are the pictures before and after each decision") {
  const Scratch scratch;
  write(scratch / "actions.csv", "1\n1\n");
  for (const int n : {16, 32, 64}) {
    const std::string folder = cat("frames", n);
    REQUIRE(run(scratch, "play",
                {"--env", "cartpole_swingup", "--actions", "actions.csv", "--frames", folder,
                 "--image-size", std::to_string(n)})
                .status == 0);
    CHECK(contents(scratch / folder).size() == 3);
    EnvOptions options;
    options.image_size = n;
    const auto env = make_env("cartpole_swingup", options);
    env->reset(0);
    for (int k = 0; k < 3; ++k) {
      const Image frame = read_png(scratch / folder / cat("00000", k, ".png"));
      CHECK(frame.width == n);
      CHECK(frame.rgb == env->render());
      const double one = 1;
      env->step(std::span<const double>(&one, 1));
    }
  }
}

TEST_CASE("policies without a model play a whole episode and repeat") {
  const Scratch scratch;
  for (const char* policy : {"random", "zero"}) {
    const Args args{"--policy", policy, "--seed", "5"};
    const Result a = run(scratch, "play", args), b = run(scratch, "play", args);
    REQUIRE(a.status == 0);
    CHECK(a.out == b.out);
    CHECK(a.out.find("in 100 decisions, to the time limit") != std::string::npos);
    CHECK(a.out != run(scratch, "play", {"--policy", policy, "--seed", "6"}).out);
  }
  const Result oracle =
      run(scratch, "play",
          {"--policy", "oracle", "--env", "terminating", "--env-option", "time_limit=6"});
  INFO(oracle.err);
  CHECK(oracle.status == 0);
  CHECK(oracle.out.find("in 3 decisions, to the time limit") != std::string::npos);
}

TEST_CASE("the agent plays an evaluation's episode bit for bit") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  REQUIRE(run(scratch, "train", smallest(path)).status == 0);
  const Json json = Json::parse(run(scratch, "eval", {path.string(), "--json"}).out);
  const Result r = run(scratch, "play", {path.string(), "--seed", "1001"});
  INFO(r.err);
  REQUIRE(r.status == 0);
  CHECK(r.out.find("return " + number_text(json.at("returns").as_array()[1].as_double()) +
                   " in 10 "
                   "decisions") != std::string::npos);
}

TEST_CASE("play says what is wrong") {
  const Scratch scratch;
  const auto error = [&](const Args& args) {
    const Result r = run(scratch, "play", args);
    CHECK(r.status == 2);
    CHECK(r.out.empty());
    return r.err;
  };
  CHECK(error({"--policy", "orcale"}).find("did you mean 'oracle'") != std::string::npos);
  CHECK(error({"--policy", "agent"}).find("needs a run or a checkpoint") != std::string::npos);
  CHECK(error({"--policy", "keys"}).find("terminal") != std::string::npos);
  CHECK(error({"--state", "1"}).find("omega") != std::string::npos);
  CHECK(error({"--state", "1,nan"}).find("nan") != std::string::npos);
  CHECK(error({"--image-size", "48"}).find("16, 32 or 64") != std::string::npos);
  CHECK(error({"--action-repeat", "0"}).find("--action-repeat is 0") != std::string::npos);
  CHECK(error({"--env", "cartpole"}).find("cartpole_swingup") != std::string::npos);
  CHECK(error({"--env-option", "vieww=3"}).find("view") != std::string::npos);
  write(scratch / "two.csv", "0.5,0.5\n");
  CHECK(error({"--actions", "two.csv"})
            .find("two.csv, line 1 has 2 numbers; an action of this task has 1") !=
        std::string::npos);
  write(scratch / "head.csv", "action\n0.5\n");
  CHECK(
      error({"--actions", "head.csv"}).find("head.csv, line 1: 'action' is not a finite number") !=
      std::string::npos);
  write(scratch / "empty.csv", "");
  CHECK(error({"--actions", "empty.csv"}).find("no rows") != std::string::npos);
  CHECK(error({"--actions", "head.csv", "--policy", "zero"}).find("not both") != std::string::npos);
}
