// Signals and readers that go away: a run is saved, says so in its log, and leaves with 130.
#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <functional>
#include <thread>

#include "autograd/base/error.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

const Args endless{"--total-episodes", "100000", "--checkpoint-every", "never"};

bool wait_for(const std::function<bool()>& condition) {
  for (int i = 0; i < 4000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

bool learns(const fs::path& run) {
  return wait_for([&] { return text_of(run / "metrics.csv").size() > 1000; });
}

void check_saved(const fs::path& run) {
  CHECK(fs::exists(latest(run) / "done"));
  CHECK(text_of(run / "log.txt").find("train --resume ") != std::string::npos);
}

std::string quoted(const Args& args) {
  std::string text = PLANET_BINARY_DIR "/bin/train";
  for (const std::string& word : args) text += " '" + word + "'";
  return text;
}

}  // namespace

TEST_CASE("every signal that ends a run saves it first") {
  const Scratch scratch;
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGXCPU}) {
    CAPTURE(number);
    const fs::path path = scratch / cat("run-", number);
    Process process(scratch, "train", smallest(path, endless));
    REQUIRE(learns(path));
    process.signal(number);
    // A closing terminal sends it twice, a limit of CPU time every second.
    if (number == SIGHUP || number == SIGXCPU) process.signal(number);
    CHECK(process.wait().status == 130);
    check_saved(path);
  }
}

TEST_CASE("a run whose reader goes away is stopped by Ctrl-C as any other") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  const Args args = smallest(path, endless + Args{"--progress", "bar"});
  // The reader leaves after a line; the shell tells the status and the process.
  Process process(scratch, "/bin/bash",
                  {"-c", cat("{ ", quoted(args),
                             " 2>&1 & echo $! > pid; wait $!; echo $? > rc; } | "
                             "head -c 200 > head")});
  REQUIRE(learns(path));
  REQUIRE(fs::file_size(scratch / "head") == 200);
  const std::size_t rows = text_of(path / "metrics.csv").size();
  REQUIRE(wait_for([&] { return text_of(path / "metrics.csv").size() > rows + 1000; }));
  kill(std::stoi(text_of(scratch / "pid")), SIGTERM);
  process.wait();
  CHECK(text_of(scratch / "rc") == "130\n");
  check_saved(path);
}

TEST_CASE("a signal that the parent ignores stays ignored") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  Process process(scratch, "/bin/bash",
                  {"-c", cat("trap '' INT HUP; exec ", quoted(smallest(path, endless)))});
  REQUIRE(learns(path));
  for (const int number : {SIGINT, SIGHUP}) process.signal(number);
  const std::size_t rows = text_of(path / "metrics.csv").size();
  CHECK(wait_for([&] { return text_of(path / "metrics.csv").size() > rows + 1000; }));
  process.signal(SIGTERM);
  CHECK(process.wait().status == 130);
}

TEST_CASE("a log that cannot be written ends the run with its name") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  REQUIRE(run(scratch, "train", smallest(path)).status == 0);
  fs::remove(path / "log.txt");
  fs::create_symlink("/dev/full", path / "log.txt");
  const Result r = run(scratch, "train", {"--resume", path.string(), "--total-episodes", "6"});
  CHECK(r.status == 2);
  CHECK(r.err.ends_with("log.txt could not be written; is the disk full?\n"));
}

TEST_CASE("a file that may not grow ends the run with a sentence") {
  const Scratch scratch;
  const Result r = run(scratch, "/bin/bash",
                       {"-c", cat("ulimit -f 40; ", quoted(smallest(scratch / "run", endless)))});
  CHECK(r.status == 2);
  CHECK(r.err.ends_with("metrics could not be written; is the disk full?\n"));
}
