// planet::run: one binary with every program and with tasks of its own.
#include <doctest/doctest.h>

#include "autograd/base/error.hpp"
#include "envs/registry.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

TEST_CASE("one binary runs every program by its name") {
  const Scratch scratch;
  const Result help = run(scratch, "worlds", {"--help"});
  CHECK(help.status == 0);
  for (const char* name : {"train", "eval", "play", "dream", "compare", "plan", "report", "check",
                           "plot", "gradcheck", "bench"}) {
    CAPTURE(name);
    CHECK(has(help.out, "\n  " + std::string(name) + " "));
    const Result own = run(scratch, "worlds", {name, "--help"}),
                 alone = run(scratch, name, {"--help"});
    CHECK(own.status == 0);
    if (std::string(name) != "train") CHECK(own.out == alone.out);
  }
  // Printed commands begin with the program as it was called.
  const std::string bin = PLANET_BINARY_DIR "/bin/";
  CHECK(
      has(run(scratch, "worlds", {"train", "--help"}).out, "\n  " + bin + "worlds train --resume"));
  CHECK(has(run(scratch, "train", {"--help"}).out, "\n  " + bin + "train --resume runs/cart"));
  const Result wrong = run(scratch, "worlds", {"trian"});
  CHECK(wrong.status == 2);
  CHECK(has(wrong.err, "trian: there is no program 'trian' (did you mean 'train'?)"));
  const Result option = run(scratch, "worlds", {"eval", "--episods", "3"});
  CHECK(option.status == 2);
  CHECK(has(option.err, "eval: there is no option --episods (did you mean '--episodes'?)"));
}

TEST_CASE("a task that a binary brings along is known to its programs") {
  const Scratch scratch;
  const Args args{"--env", "another_pendulum", "--policy", "zero"};
  const Result known = run(scratch, "worlds", Args{"play"} + args);
  CHECK(known.status == 0);
  CHECK(known.out == run(scratch, "play", {"--policy", "zero"}).out);
  const Result unknown = run(scratch, "play", args);
  CHECK(unknown.status == 2);
  CHECK(has(unknown.err, "there is no environment 'another_pendulum'"));
}

TEST_CASE("check says which rules a task breaks") {
  const Scratch scratch;
  const Result good = run(scratch, "worlds", {"check", "another_pendulum", "duel"});
  CHECK(good.status == 0);
  CHECK(good.out == "another_pendulum: keeps every rule\nduel: keeps every rule\n");
  const Result bad = run(scratch, "worlds", {"check", "broken", "duel"});
  CHECK(bad.status == 1);
  CHECK(bad.out ==
        "broken: [values] the reward of decision 1 is not finite\nduel: keeps every rule\n");
  const Result unknown = run(scratch, "check", {"deul"});
  CHECK(unknown.status == 2);
  CHECK(has(unknown.err, "there is no environment 'deul' (did you mean 'duel'?)"));
  const Result option = run(scratch, "check", {"duel", "--image-size", "17"});
  CHECK(option.status == 2);
  CHECK(has(option.err, "image_size is 17; pictures are 16, 32 or 64 pixels wide"));
}

TEST_CASE("a task is registered once, and can be made") {
  EnvSpec spec = env_spec("pendulum_swingup");
  CHECK_THROWS_WITH_AS(register_env(spec), "a task named 'pendulum_swingup' is registered already",
                       Error);
  spec.name = "none";
  CHECK_THROWS_WITH_AS(register_env(spec), "no task can be named 'none': that is no environment",
                       Error);
  spec.name = "nothing", spec.make_task = nullptr;
  CHECK_THROWS_WITH_AS(register_env(spec), "the task 'nothing' is registered without make_task",
                       Error);
}
