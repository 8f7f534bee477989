// play: trajectories to the last bit, actions from a file, every policy.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>

#include "apps/common/options/values.hpp"
#include "autograd/base/error.hpp"
#include "envs/numbers.hpp"
#include "envs/registry.hpp"
#include "nn/files/json.hpp"
#include "tests/apps/csv.hpp"
#include "tests/apps/programs.hpp"
#include "tests/support/png.hpp"

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
  std::string other_ends = "\xef\xbb\xbf";  // as a spreadsheet writes it
  for (const char c : first + second) other_ends += c == '\n' ? "\r\n" : std::string(1, c);
  write(scratch / "ten.csv", other_ends);
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

TEST_CASE("recorded uniforms replay an episode to the last bit") {
  const Scratch scratch;
  for (const char* name : {"peg_catch", "peg_cued", "duel"}) {
    CAPTURE(name);
    // What the stream of seed 5 draws after the reset, written down.
    const auto env = make_env(name);
    env->reset(5);
    Rng stream(5, Stream::env);
    stream.seek(env->save().rng_position);
    std::string csv;
    for (int t = 0; t < env->episode_length(); ++t)
      for (int i = 0; i < env->uniforms(); ++i)
        csv += number_text(stream.uniform()) + (i + 1 == env->uniforms() ? "\n" : ",");
    write(scratch / "own.csv", csv);
    const auto trajectory = [&](const std::string& seed, const Args& more) {
      const Result r =
          run(scratch, "play",
              Args{"--env", name, "--policy", "random", "--seed", seed, "--trajectory", "t.csv"} +
                  more);
      INFO(r.err);
      REQUIRE(r.status == 0);
      CHECK(r.err == "wrote t.csv\n");
      return text_of(scratch / "t.csv");
    };
    const std::string own = trajectory("5", {});
    CHECK(trajectory("5", {"--uniforms", "own.csv"}) == own);
    CHECK(trajectory("6", {"--uniforms", "own.csv"}) != own);  // another start
  }
}

TEST_CASE("uniforms from a file replace the random numbers of steps but not of resets") {
  const Scratch scratch;
  write(scratch / "left.csv", "0.9\n0.9\n0.9\n0.9\n0.9\n0.9\n0.499999\n0.9\n0.9\n");
  write(scratch / "u.csv", "0.5\n-0.5\n0\n0\n0\n0\n0\n1\n");
  const Result r = run(scratch, "play",
                       {"--env", "peg_memory", "--seed", "3", "--env-option", "hidden=16",
                        "--actions", "u.csv", "--uniforms", "left.csv", "--trajectory", "t.csv"});
  INFO(r.err);
  REQUIRE(r.status == 0);
  CHECK(r.err.find("list of uniforms; 1 rows were not played") != std::string::npos);
  std::string header;
  const auto rows = numbers(scratch / "t.csv", header);
  CHECK(header == "x,y,vx,p,k,cue,action_0,reward");
  REQUIRE(rows.size() == 8);
  EnvOptions options;
  options.values["hidden"] = "16";
  const auto env = make_env("peg_memory", options);
  env->reset(3);
  const double u[] = {0.5, -0.5, 0, 0, 0, 0, 0, 1};
  for (std::size_t t = 0; t < 8; ++t) {
    const double w = t == 6 ? 0.499999 : 0.9;
    const double reward = env->step_with({&u[t], 1}, {&w, 1}, nullptr).reward;
    for (std::size_t i = 0; i < 6; ++i) CHECK(rows[t][i] == env->state()[i]);
    CHECK(rows[t][7] == reward);
  }
  CHECK(rows[7][0] == -0.06);
  // With an action repeat a decision reads as many rows as it has control steps.
  write(scratch / "four.csv", "0,0\n0.9,0\n0.9,0\n0.9,0\n");
  write(scratch / "two.csv", "0\n0\n");
  const Result twice = run(scratch, "play",
                           {"--env", "duel", "--action-repeat", "2", "--state", "-0.9,0,0",
                            "--actions", "two.csv", "--uniforms", "four.csv", "--trajectory", "t"});
  CHECK(twice.status == 0);
  const auto phases = numbers(scratch / "t", header);
  REQUIRE(phases.size() == 4);
  for (std::size_t t = 0; t < 4; ++t) CHECK(phases[t][1] == static_cast<double>(t + 1));
}

TEST_CASE("play says what is wrong with uniforms and futures") {
  const Scratch scratch;
  const auto error = [&](const Args& args) {
    const Result r = run(scratch, "play", args);
    CHECK(r.status == 2);
    CHECK(r.out.empty());
    CHECK(std::count(r.err.begin(), r.err.end(), '\n') == 1);
    return r.err;
  };
  const auto uniforms = [&](const char* env, const char* text) {
    write(scratch / "w.csv", text);
    return error({"--env", env, "--policy", "zero", "--uniforms", "w.csv"});
  };
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  CHECK(has(uniforms("peg_catch", "0.5\n0.5\n"), "w.csv has 2 rows; the episode goes on"));
  CHECK(has(uniforms("peg_catch", "0.5\n0.5,0.5\n"),
            "w.csv, line 2 has 2 numbers; a control step of this task draws 1"));
  CHECK(has(uniforms("duel", "0.5\n"), "line 1 has 1 number; a control step of this task draws 2"));
  CHECK(has(uniforms("duel", "0.5,1\n"), "w.csv, line 1: 1 does not lie in [0, 1)"));
  CHECK(has(uniforms("duel", "0.5,0.2\n-0.1,0\n"), "line 2: -0.1 does not lie"));
  CHECK(has(uniforms("duel", "a,b\n"), "line 1: 'a' is not a finite number"));
  CHECK(has(uniforms("duel", "nan,0\n"), "not a finite number"));
  CHECK(has(uniforms("duel", ""), "no rows"));
  CHECK(has(uniforms("pendulum_swingup", "0.5\n"), "in pendulum_swingup nothing is drawn"));
  CHECK(has(error({"--env", "duel", "--uniforms", "nowhere.csv"}), "there is no such file"));

  CHECK(has(error({"--env", "duel", "--future", "shared"}), "--future is for --policy oracle"));
  const auto future = [&](const char* env, const Args& more) {
    return error(Args{"--env", env, "--policy", "oracle"} + more);
  };
  CHECK(has(future("duel", {"--future", "sharde"}), "did you mean 'shared'"));
  CHECK(has(future("duel", {"--future", "forgetful"}), "hides nothing"));
  CHECK(has(future("peg_catch", {"--future", "forgetful"}), "hides nothing"));
  CHECK(has(future("pendulum_swingup", {"--future", "average"}), "has one future"));
  CHECK(has(future("duel", {"--future", "one", "--samples-per-candidate", "4"}),
            "is for --future shared or forgetful"));
  CHECK(has(future("duel", {"--samples-per-candidate", "0"}), "at least 1"));
}

TEST_CASE("play's clairvoyant oracle knows the uniforms in the file") {
  const Scratch scratch;
  // Left and right by turns, whatever the seed says. Who plans for the numbers of the seed's
  // stream, or for samples, often comes late: 18.5 of 20, the clairvoyant has all.
  std::string csv;
  for (int t = 0; t < 120; ++t) csv += t / 21 % 2 == 0 ? "0.1\n" : "0.9\n";
  write(scratch / "turns.csv", csv);
  const auto earned = [&](const char* future) {
    const Result r = run(scratch, "play",
                         {"--env", "peg_catch", "--policy", "oracle", "--future", future,
                          "--uniforms", "turns.csv", "--seed", "2", "--threads", "1"});
    INFO(r.err);
    REQUIRE(r.status == 0);
    return std::stod(r.out.substr(r.out.find("return ") + 7));
  };
  CHECK(earned("true") > 19.95);
  CHECK(earned("one") < 19.2);
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
      run(scratch, "worlds",
          {"play", "--policy", "oracle", "--env", "terminating", "--env-option", "time_limit=6"});
  INFO(oracle.err);
  CHECK(oracle.status == 0);
  CHECK(oracle.out.find("in 3 decisions, to the time limit") != std::string::npos);
}

TEST_CASE("the agent plays an evaluation's episode bit for bit") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  REQUIRE(run(scratch, "train", smallest(path)).status == 0);
  const Json json = Json::parse(run(scratch, "eval", {path.string(), "--json"}).out);
  const Args args{path.string(), "--seed", "1001", "--trajectory", "t.csv"};
  const Result r = run(scratch, "play", args);
  INFO(r.err);
  REQUIRE(r.status == 0);
  const double expected = json.at("returns").as_array()[1].as_double();
  CHECK(return_of(scratch / "t.csv", 2) == expected);
  CHECK(r.out.find("return " + fixed(expected, 2) + " in 10 decisions") != std::string::npos);
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
  // An episode that can begin again is written down nowhere.
  for (const char* file : {"--trajectory", "--frames", "--uniforms"})
    CHECK(has(error({"--policy", "keys", file, "there"}), "writes nothing down"));
  CHECK(!fs::exists(scratch / "there"));
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
