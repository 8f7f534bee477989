// train --seeds: each run is the run that it would be alone, whatever becomes of the others.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "apps/common/console/console.hpp"
#include "autograd/base/error.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

Args seeds(const fs::path& folder, const char* list, const Args& more = {}) {
  return smallest(folder, more + Args{"--seeds", list, "--jobs", "2"});
}

bool same_run(const fs::path& a, const fs::path& b) {
  return latest(a).filename() == latest(b).filename() &&
         same_tensors(latest(a) / "model.safetensors", latest(b) / "model.safetensors") &&
         contents(a / "episodes") == contents(b / "episodes");
}

}  // namespace

TEST_CASE("several seeds are the runs that each would be alone, and are drawn together") {
  const Scratch scratch;
  const Result r = run(scratch, "train", seeds(scratch / "set", "1-2,7"));
  INFO(r.err, r.out);
  REQUIRE(r.status == 0);
  for (const char* seed : {"1", "2", "7"}) {
    CAPTURE(seed);
    const fs::path alone = scratch / cat("alone", seed), one = scratch / cat("set/seed", seed);
    REQUIRE(run(scratch, "train", smallest(alone, {"--seed", seed})).status == 0);
    CHECK(same_run(alone, one));
    CHECK(text_of(alone / "config.toml") == text_of(one / "config.toml"));
    CHECK(has(text_of(one / "command.txt"), "--seeds 1-2,7"));
    CHECK(has(text_of(one.string() + ".txt"), "verdict "));
    CHECK(has(r.out, cat("\nseed", seed, "       return ")) != (seed[0] == '1'));
    CHECK(has(r.err, cat("seed", seed, "       done: 4 episodes, 6 updates, ")));
  }
  CHECK(r.out.starts_with("seed1       return "));
  CHECK(has(r.out, "(95 % of 3 seeds)\n"));
  CHECK(has(r.err, "2 at a time, 1 thread each"));
  const std::string svg = text_of(scratch / "set/returns.svg");
  CHECK(count(svg, "<polyline") == 1);
  CHECK(count(svg, "<polygon") == 1);
  // Programs that take one run name the first of them.
  for (const char* program : {"eval", "dream", "plan", "report"}) {
    CAPTURE(program);
    const Result one = run(scratch, program, {(scratch / "set").string()});
    CHECK(one.status == 2);
    CHECK(has(one.err, cat("(did you mean ", (scratch / "set/seed1").string(), "?)\n")));
  }
  // A queue may start it again.
  const Result again = run(scratch, "train", {"--resume", (scratch / "set").string()});
  CHECK(again.status == 0);
  CHECK(again.out == r.out);
}

TEST_CASE("several seeds that are stopped are all saved, and go on together") {
  const Scratch scratch;
  REQUIRE(
      run(scratch, "train", seeds(scratch / "whole", "1-3", {"--total-episodes", "5"})).status ==
      0);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    CAPTURE(number);
    const fs::path set = scratch / cat("set", number);
    Process process(
        scratch, "train",
        seeds(set, "1-3", {"--updates-per-episode", "3", "--total-episodes", "100000"}));
    for (int i = 0; i < 4000 && text_of(set / "seed2" / "metrics.csv").size() < 1000; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    process.signal(number);
    const Result r = process.wait();
    INFO(r.err, r.out);
    CHECK(r.status == 130);
    CHECK(has(r.out, cat("to go on: " PLANET_BINARY_DIR "/bin/train --resume ", set.string(),
                         " --jobs 2\n")));
    CHECK(fs::exists(latest(set / "seed1") / "done"));
    CHECK(fs::exists(latest(set / "seed2") / "done"));
    CHECK_FALSE(fs::exists(set / "seed3.txt"));  // it waited
    CHECK_FALSE(fs::exists(set / "returns.svg"));
  }
  // The last seed is still at its beginning, so it is the whole run of five episodes.
  const fs::path set = scratch / cat("set", SIGINT);
  for (const char* started : {"seed1", "seed2"}) fs::remove_all(set / started);
  const Result rest = run(scratch, "train", {"--resume", set.string(), "--total-episodes", "5"});
  INFO(rest.err);
  CHECK(rest.status == 0);
  CHECK(same_run(set / "seed3", scratch / "whole/seed3"));
}

TEST_CASE("a seed that fails leaves the others alone and is named at the end") {
  const Scratch scratch;
  const fs::path set = scratch / "set";
  REQUIRE(run(scratch, "train", seeds(set, "1-3")).status == 0);
  fs::remove_all(set / "seed2/episodes");
  const Args more{"--resume", set.string(), "--jobs", "1", "--total-episodes", "5"};
  const Result r = run(scratch, "train", more);
  INFO(r.err, r.out);
  CHECK(r.status == 2);
  CHECK(
      has(r.out, "seed2 failed with status 2; what it said is in " + set.string() + "/seed2.txt"));
  CHECK(has(r.err, "seed2       failed with status 2: train: "));
  CHECK(has(r.err, "which the checkpoint needs"));
  for (const char* seed : {"seed1", "seed3"}) {
    CHECK(has(r.err, cat(seed, "       done: 5 episodes, ")));
    CHECK(has(r.out, cat(seed, "       return ")));
  }
  CHECK(has(r.out, "(95 % of 2 seeds)"));
}

TEST_CASE("what cannot be is refused before a folder is made") {
  const Scratch scratch;
  const fs::path set = scratch / "set";
  const auto refused = [&](const Args& args, const std::string& sentence) {
    const Result r = run(scratch, "train", args);
    INFO(r.err);
    CHECK(r.status == 2);
    CHECK(has(r.err, sentence));
    CHECK(count(r.err, "\n") == 1);
    CHECK_FALSE(fs::exists(set));
  };
  const std::string list = "it is a list such as 1-5 or 1,3,7-9";
  for (const char* wrong : {"a", "1,", "-3", "1--3", "1;2", "1-2-3"})
    refused(seeds(set, wrong), cat("--seeds is '", wrong, "'; ", list));
  refused(seeds(set, "3-1"), "--seeds is '3-1'; a range goes upwards; " + list);
  refused(seeds(set, "1,2,1"), "--seeds is '1,2,1'; each seed may occur once; " + list);
  refused(seeds(set, "0-18446744073709551615"), "a thousand seeds are the most; " + list);
  refused(seeds(set, "1-3", {"--seed", "4"}), "--seed and --seeds are both given");
  refused(seeds(set, "1-3", {"--batch-size", "0"}), "batch_size");
  refused(seeds(set, "1-3") + Args{"--print-config"}, "--print-config shows one run");
  refused(smallest(set, {"--seeds", "1-3", "--jobs", "0"}), "--jobs is 0");
  refused(smallest(set, {"--jobs", "2"}), "--jobs is for several runs");
  const Args given{"--resume", (scratch / "there").string()};
  REQUIRE(run(scratch, "train", seeds(scratch / "there", "1-2")).status == 0);
  refused(given + Args{"--seeds", "3"}, "leave --seeds out");
  refused(given + Args{"--batch-size", "3"}, "but the run began with 2");
  refused(seeds(scratch / "there", "3-4"), "holds runs already; give another --logdir");
}

TEST_CASE("a child of fork counts its own seconds") {
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const auto before = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child == 0) {
    const double seconds = process_seconds();
    const std::chrono::duration<double> since = std::chrono::steady_clock::now() - before;
    _exit(seconds <= since.count() ? 0 : 1);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}
