// train --episodes FOLDER --collect none: a model learned from episodes that were recorded elsewhere.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>

#include "apps/common/files/episode_file.hpp"
#include "autograd/base/error.hpp"
#include "nn/files/atomic_file.hpp"
#include "nn/files/json.hpp"
#include "tests/apps/csv.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

// Episodes of a bright row that moves down, with A numbers in an action.
void record_episodes(const fs::path& folder, int count, int A, int n = 16, int rows = 11) {
  fs::create_directories(folder);
  for (int k = 0; k < count; ++k) {
    Episode e;
    const auto frame = [&](int t) {
      std::vector<std::uint8_t> image(static_cast<std::size_t>(n * n * 3), 30);
      std::fill_n(image.begin() + (t + k) % n * n * 3, n * 3, std::uint8_t{200});
      return image;
    };
    e.begin(n, A, frame(0).data());
    for (int t = 1; t < rows; ++t) {
      const std::vector<float> action(static_cast<std::size_t>(A),
                                      0.1f * static_cast<float>(t % 5));
      e.append(action.data(), 0.5 * k, frame(t).data());
    }
    e.truncated = true;
    save_episode_file(folder / cat("e", k, ".npz"), e);
  }
}

// The options of smallest() without those of an environment and of its episodes.
Args learn(const std::string& logdir, const std::string& episodes, const Args& more = {}) {
  Args args = smallest(logdir);
  for (const char* flag : {"--env", "--env-option", "--image-size", "--seed-episodes",
                           "--eval-episodes", "--total-episodes"}) {
    const auto at = std::ranges::find(args, flag);
    args.erase(at, at + 2);
  }
  return args + Args{"--episodes", episodes, "--collect", "none"} + more;
}

}  // namespace

TEST_CASE("a model is learned from recorded episodes without any environment") {
  const Scratch scratch;
  record_episodes(scratch / "data", 3, 2);
  const Result r =
      run(scratch, "train", learn("run", "data", {"--env", "none", "--total-updates", "8"}));
  INFO(r.err);
  REQUIRE(r.status == 0);
  CHECK(has(r.out, "ended       8 updates\nscore       none: there is no environment\n"));
  CHECK(has(r.err, "2 actions, seed 1"));
  CHECK(has(r.err, "3 recorded episodes of data"));
  const auto rows = read_csv(scratch / "run" / "metrics.csv");
  REQUIRE(rows.size() == 2);  // whole rounds
  CHECK(rows[1].at("counter/updates") == "6");
  CHECK(rows[1].at("counter/episodes") == "3");
  CHECK(rows[1].at("counter/decisions") == "30");
  CHECK(rows[1].at("train/return").empty());
  CHECK(rows[1].at("eval/score").empty());
  CHECK(!rows[1].at("loss/kl").empty());
  // The run has what it learned from, and goes on with it.
  CHECK(contents(scratch / "run" / "episodes").size() == 3);
  const std::string page = text_of(scratch / "run" / "report.html");
  CHECK(has(page, "there is no environment to evaluate it in"));
  CHECK(has(page, "recorded episode 3: return 10.0"));
  CHECK(has(page, "<h2>A dream</h2>"));
  fs::rename(scratch / "data", scratch / "gone");
  const Result finished = run(scratch, "train", {"--resume", "run"});
  CHECK(finished.status == 0);
  CHECK(has(finished.out, "run is finished: 8 updates reached"));
  CHECK(has(finished.out, "--resume run --total-updates 16"));
  REQUIRE(run(scratch, "train", {"--resume", "run", "--total-updates", "14"}).status == 0);
  REQUIRE(run(scratch, "train", learn("whole", "gone", {"--env", "none", "--total-updates", "14"}))
              .status == 0);
  CHECK(same_tensors(latest(scratch / "run") / "model.safetensors",
                     latest(scratch / "whole") / "model.safetensors"));
  CHECK(read_csv(scratch / "run" / "metrics.csv").size() == 4);
  // What needs no environment works with it, and the rest says why not.
  CHECK(run(scratch, "dream", {"run", "--episodes", "run/episodes", "--out", "d"}).status == 0);
  CHECK(run(scratch, "report", {"run"}).status == 0);
  CHECK(has(text_of(scratch / "run" / "report.html"), "recorded episode 1"));
  for (const char* program : {"eval", "play", "plan", "dream"}) {
    CAPTURE(program);
    const Result refused = run(scratch, program, {"run"});
    CHECK(refused.status == 2);
    CHECK(has(refused.err, "with --env none there is no environment"));
  }
}

TEST_CASE("a model of recorded episodes is evaluated in the task that is named") {
  const Scratch scratch;
  REQUIRE(run(scratch, "train", smallest(scratch / "first")).status == 0);
  const Result r = run(scratch, "train",
                       learn("run", "first/episodes",
                             {"--env", "pendulum_swingup", "--env-option", "time_limit=20",
                              "--total-updates", "4", "--eval-episodes", "2"}));
  INFO(r.err);
  REQUIRE(r.status == 0);
  CHECK(has(r.out, "over 2 episodes, seeds 1000 to 1001"));
  CHECK(!has(r.out, "verdict"));
  CHECK(run(scratch, "eval", {"run"}).status == 0);
  CHECK(has(text_of(scratch / "run" / "report.html"), "<h2>A plan</h2>"));
  const Result other =
      run(scratch, "train",
          learn("other", "first/episodes", {"--env", "cartpole_swingup", "--total-updates", "4"}));
  CHECK(other.status == 2);
  CHECK(has(other.err,
            "is an episode of pendulum_swingup, and the run is evaluated in cartpole_swingup"));
}

TEST_CASE("train says what is wrong with recorded episodes") {
  const Scratch scratch;
  record_episodes(scratch / "data", 2, 1);
  record_episodes(scratch / "wide", 1, 2);
  fs::create_directories(scratch / "mixed");
  fs::copy(scratch / "data" / "e0.npz", scratch / "mixed" / "a.npz");
  fs::copy(scratch / "wide" / "e0.npz", scratch / "mixed" / "b.npz");
  fs::create_directories(scratch / "empty");
  const auto says = [&](const Args& args, const std::string& words) {
    const Result r = run(scratch, "train", args);
    INFO(r.err);
    CHECK(r.status == 2);
    CHECK(r.out.empty());
    CHECK(has(r.err, words));
  };
  const Args none{"--env", "none"};
  says(learn("x", "nowhere", none), "nowhere");
  says(learn("x", "empty", none), "there is no .npz file in this folder");
  says(learn("x", "mixed", none),
       "mixed/b.npz has pictures of 16 pixels and 2 numbers in an action");
  says(learn("x", "data", none + Args{"--image-size", "32"}),
       "--image-size is 32, and from --episodes data follows 16; leave it out");
  says(learn("x", "data", none + Args{"--total-episodes", "9"}),
       "--total-episodes is 9, and from --episodes data follows 0");
  says(learn("x", "data", none + Args{"--replay-memory", "1000"}), "and --replay-memory is 1000");
  says(learn("x", "data", none + Args{"--eval-every", "60s"}), "there is nothing to evaluate in");
  says(learn("x", "data", none + Args{"--checkpoint-every", "3"}), "are times (60s) or never");
  says(learn("x", "data", none + Args{"--episodes-per-round", "2"}),
       "episodes_per_round is 2, and with --collect none no episode is collected; leave it out");
  says({"--env", "none"}, "with --env none nothing can be collected");
  says({"--collect", "none"}, "give their folder by --episodes");
  says({"--episodes", "data"}, "recorded episodes are learned from with --collect none");
  says(learn("x", "wide", {"--env", "pendulum_swingup"}),
       "2 numbers in an action; the model has 16 and 1");
  CHECK(!fs::exists(scratch / "x"));
}

TEST_CASE("the number of updates ends any run, and a longer one goes on alike") {
  const Scratch scratch;
  const auto of = [&](const std::string& name, const std::string& updates) {
    return smallest(scratch / name, {"--total-updates", updates, "--total-episodes", "9"});
  };
  const Result r = run(scratch, "train", of("a", "4"));
  REQUIRE(r.status == 0);
  CHECK(has(r.out, "ended       4 updates"));
  REQUIRE(run(scratch, "train", {"--resume", (scratch / "a").string(), "--total-updates", "7"})
              .status == 0);
  REQUIRE(run(scratch, "train", of("b", "7")).status == 0);
  CHECK(same_tensors(latest(scratch / "a") / "model.safetensors",
                     latest(scratch / "b") / "model.safetensors"));
}

TEST_CASE("the Python of the chapter writes episodes that are learned from") {
  if (std::system("python3 -c 'import numpy' >/dev/null 2>&1") != 0) {
    MESSAGE("python3 with numpy is not here: not tried");
    return;
  }
  const Scratch scratch;
  const std::string chapter = text_of(fs::path(PLANET_SOURCE_DIR) / "apps/README.md");
  const std::size_t begin = chapter.find("def save_episode");
  REQUIRE(begin != std::string::npos);
  write_text_atomically(
      scratch / "made.py",
      "import numpy as np\n" + chapter.substr(begin, chapter.find("```", begin) - begin));
  const Result made =
      run(scratch, "/bin/bash",
          {"-c",
           "mkdir data && python3 -c 'from made import *; r = np.random.default_rng(1)\n"
           "for k in range(3): save_episode(f\"data/{k}.npz\", r.integers(0, 256, (9, 32, 32, 3)), "
           "r.uniform(-1, 1, (8, 2)), r.uniform(0, 1, 8))'"});
  INFO(made.err);
  REQUIRE(made.status == 0);
  const Result r =
      run(scratch, "train", learn("run", "data", {"--env", "none", "--total-updates", "2"}));
  INFO(r.err);
  CHECK(r.status == 0);
}
