// What the programs answer to what people type.
#include <doctest/doctest.h>

#include <cstdio>

#include "apps/common/options/config_file.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

bool says(const Result& r, const std::string& words) {
  INFO(r.err);
  return r.err.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("wrong words get the nearest right one and status 2") {
  const Scratch scratch;
  const auto fails = [&](const Args& args, const std::string& words) {
    const Result r = run(scratch, "train", args);
    INFO(r.err);
    CHECK(r.status == 2);
    CHECK(r.out.empty());
    CHECK(r.err.find(words) != std::string::npos);
  };
  fails({"--bacth-size", "5"}, "there is no option --bacth-size (did you mean '--batch-size'?)");
  fails({"--bacth-size=5"}, "did you mean '--batch-size'?");
  fails({"--env", "pendulum_swing"}, "did you mean 'pendulum_swingup'?");
  fails({"--preset", "smal"}, "small");
  fails({"--batch-size", "many"}, "--batch-size is 'many'; it is a whole number");
  fails({"--time-limit", "soon"}, "--time-limit is 'soon'; it is a time such as 90s");
  fails({"--time-limit", "3"}, "--time-limit is '3'; is that 3s or 3m?");
  fails({"--checkpoint-every", "auto"}, "checkpoint_every is 'auto'");
  fails({"--env", "Pendulum-v1"}, "did you mean 'pendulum_swingup'?");
  fails({"--seed", "1", "--seed", "2"}, "--seed");
  fails({"--batch-size"}, "--batch-size");
  fails({"runs/x"}, "'runs/x' is not expected here");
  fails({"--config", "missing.toml"}, "missing.toml");
  fails({"--env-option", "view"}, "--env-option is 'view'; it is NAME=VALUE");
  fails({"--replay-memory", "900TB", "--total-episodes", "0"}, "available");
  CHECK(!fs::exists(scratch / "runs"));  // nothing was begun
}

TEST_CASE("help and version go to stdout with status 0") {
  const Scratch scratch;
  for (const char* program : {"train", "eval", "play"}) {
    INFO(program);
    const Result help = run(scratch, program, {"--help"});
    CHECK(help.status == 0);
    CHECK(help.out.find("--threads") != std::string::npos);
    const Result version = run(scratch, program, {"--version"});
    CHECK(version.status == 0);
    CHECK(version.out.starts_with(std::string(program) + " planet "));
    CHECK(version.out.find("\nidle threads wait by ") != std::string::npos);
  }
}

TEST_CASE("train's help shows every default and names what prints all of a run's") {
  const Scratch scratch;
  std::string help = run(scratch, "train", {"--help"}).out;
  CHECK(help.find("--print-config") != std::string::npos);
  // As one line: the help is wrapped.
  std::string words;
  for (const char c : help)
    if (c != ' ' && c != '\n') words += c;
  const RunConfig defaults = task_defaults("pendulum_swingup");
  for (const Field& field : run_fields()) {
    CAPTURE(field.key);
    std::string shown = field.help + "[" + field.get(defaults) + "]";
    std::erase(shown, ' ');
    if (field.get(defaults).empty()) continue;
    CHECK(words.find(shown) != std::string::npos);
  }
}

TEST_CASE("an idle thread's spin is shortened unless the user sets a wait policy") {
  const Scratch scratch;
  const auto version = [&](const Args& variables) {
    Args args{"-u", "OMP_WAIT_POLICY", "-u", "GOMP_SPINCOUNT", "-u", "KMP_BLOCKTIME"};
    return run(scratch, "/usr/bin/env",
               args + variables + Args{PLANET_BINARY_DIR "/bin/plot", "--version"})
        .out;
  };
  CHECK(version({}).find("by GOMP_SPINCOUNT=10000, KMP_BLOCKTIME=0;") != std::string::npos);
  CHECK(version({"GOMP_SPINCOUNT=5"}).find("by GOMP_SPINCOUNT=5;") != std::string::npos);
}

TEST_CASE("every field is a flag and its aliases work") {
  const Scratch scratch;
  const Result help = run(scratch, "train", {"--help"});
  for (const Field& field : run_fields()) {
    INFO(field.key);
    CHECK(help.out.find(field.flag()) != std::string::npos);
  }
  const Result r = run(scratch, "train",
                       {"--print-config",
                        "--task",
                        "cartpole_swingup",
                        "--lr",
                        "0.002",
                        "--chunk-size",
                        "12",
                        "--collect-interval",
                        "9",
                        "--belief-size",
                        "31",
                        "--state-size",
                        "7",
                        "--top-candidates",
                        "3",
                        "--planning-horizon",
                        "5",
                        "--total-timesteps",
                        "1e6",
                        "--grad-clip-norm",
                        "10"});
  REQUIRE(r.status == 0);
  const RunConfig c = config_from_text(r.out, "printed");
  CHECK(c.env == "cartpole_swingup");
  CHECK(c.learning_rate == 0.002);
  CHECK(c.batch_length == 12);
  CHECK(c.updates_per_episode == 9);
  CHECK(c.model.deter_size == 31);
  CHECK(c.model.stoch_size == 7);
  CHECK(c.planner.elites == 3);
  CHECK(c.planner.horizon == 5);
  CHECK(c.steps == 1'000'000);
  CHECK(c.grad_clip == 10);
}

TEST_CASE("booleans are options with a value") {
  const Scratch scratch;
  const auto check_finite = [&](const Args& args) {
    return config_from_text(run(scratch, "train", Args{"--print-config"} + args).out, "printed")
        .check_finite;
  };
  CHECK(!check_finite({}));
  CHECK(check_finite({"--check-finite"}));
  CHECK(check_finite({"--check-finite=true"}));
  CHECK(!check_finite({"--check-finite=false"}));
}

TEST_CASE("a run says which recipe it follows") {
  const Scratch scratch;
  const auto line = [&](const char* name, const Args& more) {
    CHECK(run(scratch, "train", smallest(scratch / name, more)).status == 0);
    return has(text_of(scratch / name / "log.txt"), "\nrecipe   learning_rate 0.002,");
  };
  CHECK(line("own", {}));
  CHECK(!line("typed", {"--learning-rate", "1e-3"}));
}

TEST_CASE("a folder that is in use or holds something is left alone") {
  const Scratch scratch;
  const fs::path run_path = scratch / "run";
  REQUIRE(run(scratch, "train", smallest(run_path)).status == 0);
  const Result again = run(scratch, "train", smallest(run_path));
  CHECK(again.status == 2);
  CHECK(says(again, "--resume"));
  fs::create_directory(scratch / "mine");
  {
    std::FILE* f = std::fopen((scratch / "mine/notes.txt").c_str(), "w");
    std::fclose(f);
  }
  const Result other = run(scratch, "train", smallest(scratch / "mine"));
  CHECK(other.status == 2);
  CHECK(says(other, "is not empty"));
  const Result nowhere = run(scratch, "train", {"--resume", (scratch / "nowhere").string()});
  CHECK(nowhere.status == 2);
}

TEST_CASE("a run repeats from its own config file") {
  const Scratch scratch;
  const fs::path a = scratch / "a", b = scratch / "b";
  REQUIRE(run(scratch, "train", smallest(a)).status == 0);
  REQUIRE(run(scratch, "train", {"--config", (a / "config.toml").string(), "--logdir", b.string()})
              .status == 0);
  CHECK(text_of(a / "config.toml") == text_of(b / "config.toml"));
  CHECK(contents(a / "episodes") == contents(b / "episodes"));
  CHECK(text_of(latest(a) / "model.safetensors") == text_of(latest(b) / "model.safetensors"));
}
