// train on several ranks of one machine: the same bits again and again, and every way to end.
#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <sstream>
#include <thread>

#include "apps/common/run/run_state.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/philox.hpp"
#include "nn/files/json.hpp"
#include "nn/files/safetensors.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

const std::string binaries = PLANET_MPI_PROGRAMS;

Args smallest_shared(const fs::path& path, const Args& more = {}) {
  return smallest(path, Args{"--batch-size", "5", "--progress", "none"} + more);
}

// More ranks than CPUs, as any user.
void set_up_mpirun() {
  for (const char* name : {"OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM",
                           "OMPI_MCA_rmaps_base_oversubscribe"})
    setenv(name, "1", 1);
  setenv("OMPI_MCA_hwloc_base_binding_policy", "none", 1);
  setenv("OMPI_MCA_odls_base_sigkill_timeout", "1", 1);
}

// bash writes the number of the process that mpirun then is.
Args under_mpirun(int n, const std::string& program, const Args& args) {
  set_up_mpirun();
  std::string line = cat("echo $$ > mpirun.pid; exec mpirun -n ", n, " ", binaries, program);
  for (const std::string& word : args) line += " '" + word + "'";
  return {"-c", line};
}

Result run_ranks(const Scratch& scratch, int n, const Args& args, const char* program = "train") {
  return run(scratch, "/bin/bash", under_mpirun(n, program, args));
}

bool wait_for(const std::function<bool()>& condition) {
  for (int i = 0; i < 4000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

// The processes of the ranks, in their order: mpirun's children.
std::vector<pid_t> ranks_of(const Scratch& scratch) {
  const std::string pid = text_of(scratch / "mpirun.pid");
  if (pid.empty()) return {};
  const std::string number = std::to_string(std::stol(pid));
  std::istringstream in(text_of(fs::path("/proc") / number / "task" / number / "children"));
  std::vector<pid_t> children;
  for (pid_t child = 0; in >> child;) children.push_back(child);
  return children;
}

void check_same_run(const fs::path& a, const fs::path& b) {
  CHECK(latest(a).filename() == latest(b).filename());
  for (const char* file : {"model.safetensors", "optimizer.safetensors"})
    CHECK(same_tensors(latest(a) / file, latest(b) / file));
  CHECK(contents(a / "episodes") == contents(b / "episodes"));
}

RunState state_of(const fs::path& run) {
  return RunState::from_json(Json::parse(text_of(latest(run) / "state.json")));
}

int count(const std::string& text, const std::string& part) {
  int n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("an exchange gives every rank the same, in the order of the ranks") {
  const Scratch scratch;
  for (const int n : {1, 2, 3, 5}) {
    const Result r = run_ranks(scratch, n, {"check"}, "exchanges");
    INFO(r.err);
    CHECK(r.status == 0);
    CHECK(r.out == cat("check by ", n, ": ok\n"));
  }
}

TEST_CASE("parameters that differ between ranks stop them with a sentence") {
  const Scratch scratch;
  const Result r = run_ranks(scratch, 3, {"differ"}, "exchanges");
  INFO(r.err);
  CHECK(r.status == 2);
  CHECK(count(r.err, "after 5 updates rank 1 has other parameters than rank 0") == 1);
  CHECK(r.out.empty());
}

TEST_CASE("one rank has the bits of the plain program") {
  const Scratch scratch;
  const fs::path plain = scratch / "plain", one = scratch / "one";
  REQUIRE(run(scratch, "train", smallest_shared(plain)).status == 0);
  const Result r = run_ranks(scratch, 1, smallest_shared(one));
  INFO(r.err);
  REQUIRE(r.status == 0);
  check_same_run(plain, one);
}

TEST_CASE("as many ranks have the same bits again at any number of threads") {
  const Scratch scratch;
  for (const int n : {2, 3}) {
    CAPTURE(n);
    for (const char* threads : {"1", "2"}) {
      const fs::path path = scratch / cat(n, "-", threads);
      const Args more{"--threads",       threads, "--total-episodes",        "8",
                      "--continue-head", "true",  "--overshooting-distance", "3"};
      const Result r = run_ranks(scratch, n, smallest_shared(path, more));
      INFO(r.err);
      REQUIRE(r.status == 0);
      CHECK(has(text_of(path / "config.toml"), cat("\nepisodes_per_round = ", n, " ")));
      CHECK(state_of(path).ranks == n);
    }
    check_same_run(scratch / cat(n, "-1"), scratch / cat(n, "-2"));
  }
  CHECK_FALSE(same_tensors(latest(scratch / "2-1") / "model.safetensors",
                           latest(scratch / "3-1") / "model.safetensors"));
}

// The same episodes, losses that agree to the rounding of floats, the same returns of an evaluation.
TEST_CASE("ranks do the work of one process with as many episodes per round") {
  const Scratch scratch;
  const fs::path one = scratch / "one", two = scratch / "two";
  const Args more{"--updates-per-episode", "1", "--total-episodes", "4",
                  "--episodes-per-round",  "2", "--eval-episodes",  "3",
                  "--free-nats",           "0"};
  REQUIRE(run(scratch, "train", smallest_shared(one, more)).status == 0);
  const Result r = run_ranks(scratch, 2, smallest_shared(two, more));
  INFO(r.err);
  REQUIRE(r.status == 0);
  const auto a = contents(one / "episodes"), b = contents(two / "episodes");
  REQUIRE(a.size() == 4);
  REQUIRE(b.size() == 4);
  for (int k = 0; k < 2; ++k) CHECK(a[std::size_t(k)] == b[std::size_t(k)]);  // the seed episodes
  const RunState x = state_of(one), y = state_of(two);
  CHECK(x.decisions == y.decisions);
  CHECK(x.env_frames == y.env_frames);
  CHECK(x.metrics_rows == y.metrics_rows);
  // Rank 0 plays the episode of which a decision is shown, and writes the page.
  CHECK(has(text_of(two / "report.html"), "<h2>A plan</h2>"));
  // After one update, whose steps are at most the learning rate of 0.002 long.
  const SafetensorsFile p(latest(one) / "model.safetensors"), q(latest(two) / "model.safetensors");
  double difference = 0;
  for (const TensorInfo& tensor : p.tensors()) {
    const std::vector<float> u = p.read<float>(tensor.name), v = q.read<float>(tensor.name);
    for (std::size_t i = 0; i < u.size(); ++i)
      difference = std::max(difference, std::abs(static_cast<double>(u[i] - v[i])));
  }
  CHECK(difference < 2e-5);
  // One process measures what the two measured.
  const Result eval = run(scratch, "eval", {two.string(), "--json", "--threads", "1"});
  REQUIRE(eval.status == 0);
  CHECK(Json::parse(eval.out).at("return_mean").as_double() == *y.best_return);
}

TEST_CASE("ranks killed at any moment leave a run that resumes to the same bits") {
  const Scratch scratch;
  const fs::path whole = scratch / "whole", killed = scratch / "killed";
  // Fifty rounds.
  const Args more{"--total-episodes",   "152", "--updates-per-episode", "12",
                  "--checkpoint-every", "6",   "--eval-every",          "45",
                  "--average-decay",    "0.9"};
  REQUIRE(run_ranks(scratch, 3, smallest_shared(whole, more)).status == 0);
  Rng rng(1, Stream::test);
  int kills = 0, said = 0;  // mpirun's second may end before a busy machine lets a rank say it
  Result r;
  r.status = -1;
  for (int i = 0; i < 6 && r.status != 0; ++i) {
    const bool begun = fs::exists(killed / "config.toml");
    fs::remove(scratch / "mpirun.pid");
    Process process(
        scratch, "/bin/bash",
        under_mpirun(3, "train",
                     begun ? Args{"--resume", killed.string()} : smallest_shared(killed, more)));
    const auto victim = rng.below(3);
    const std::string before = begun ? text_of(killed / "metrics.csv") : "";
    wait_for([&] { return text_of(killed / "metrics.csv") != before || !process.running(); });
    std::this_thread::sleep_for(std::chrono::milliseconds(rng.below(300) + 60 * std::size_t(i)));
    const std::vector<pid_t> ranks = ranks_of(scratch);
    if (ranks.size() == 3) kill(ranks[victim], SIGKILL);
    r = process.wait();
    INFO(i, ": ", r.err);
    if (r.status == 0) break;
    ++kills;
    CHECK(r.status == 128 + SIGKILL);
    if (has(r.err, "; the run can go on from its last checkpoint: mpirun -n 3 " + binaries +
                       "train --resume " + killed.string()))
      ++said;
  }
  CHECK(kills > 0);
  CHECK(said > 0);
  if (r.status != 0) r = run_ranks(scratch, 3, {"--resume", killed.string()});
  INFO(r.err);
  REQUIRE(r.status == 0);
  check_same_run(whole, killed);
}

TEST_CASE("a rank that hangs ends the run after the longest wait") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  Process process(
      scratch, "/bin/bash",
      under_mpirun(3, "train",
                   smallest_shared(path, {"--total-episodes", "100000", "--rank-timeout", "3s"})));
  REQUIRE(wait_for([&] { return text_of(path / "metrics.csv").size() > 1000; }));
  const std::vector<pid_t> ranks = ranks_of(scratch);
  REQUIRE(ranks.size() == 3);
  kill(ranks[1], SIGSTOP);
  const Result r = process.wait();
  INFO(r.err);
  CHECK(r.status == 2);
  // Rank 2 may wait for rank 1, and rank 0 for both; on a busy machine the others, which mpirun then
  // ends, may have time to say the same, the one that it wakes for this included.
  const auto said =
      count(r.err, " did not answer in 3s: it died or hangs; the run can go on from its last ");
  CHECK(said >= 1);
  CHECK(said <= 3);
  CHECK(has(text_of(path / "log.txt"), "did not answer"));
  // Rank 0 saved what it had.
  const std::int64_t updates = state_of(path).updates;
  CHECK(updates > 0);
  // It may have been about to collect the episodes of a round: then three are played before an update.
  REQUIRE(run_ranks(scratch, 3,
                    {"--resume", path.string(), "--total-episodes",
                     std::to_string(state_of(path).episodes + 6)})
              .status == 0);
  CHECK(state_of(path).updates > updates);
}

TEST_CASE("Ctrl-C saves a run of several ranks") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  Process process(scratch, "/bin/bash",
                  under_mpirun(2, "train", smallest_shared(path, {"--total-episodes", "100000"})));
  REQUIRE(wait_for([&] { return text_of(path / "metrics.csv").size() > 1000; }));
  process.signal(SIGINT);  // mpirun tells the ranks a second later
  const Result r = process.wait();
  INFO(r.err);
  CHECK(r.status != 0);
  CHECK(has(r.out, "to go on: mpirun -n 2 " + binaries + "train --resume " + path.string()));
  CHECK(state_of(path).updates > 0);
}

TEST_CASE("a signal to any rank saves a run, and it goes on to the same bits") {
  const Scratch scratch;
  const fs::path whole = scratch / "whole", stopped = scratch / "stopped";
  const Args more{"--updates-per-episode", "300", "--total-episodes", "6"};
  REQUIRE(run_ranks(scratch, 2, smallest_shared(whole, more)).status == 0);
  Process process(scratch, "/bin/bash", under_mpirun(2, "train", smallest_shared(stopped, more)));
  // Both have their seed episodes and catch signals.
  REQUIRE(wait_for([&] {
    return fs::exists(stopped / "episodes") && contents(stopped / "episodes").size() == 2;
  }));
  const std::vector<pid_t> ranks = ranks_of(scratch);
  REQUIRE(ranks.size() == 2);
  kill(ranks[1], SIGTERM);
  Result r = process.wait();
  INFO(r.err);
  CHECK(r.status == 130);
  CHECK(has(r.out, "to go on: mpirun -n 2 " + binaries + "train --resume " + stopped.string()));
  r = run_ranks(scratch, 2, {"--resume", stopped.string()});
  INFO(r.err);
  REQUIRE(r.status == 0);
  check_same_run(whole, stopped);
  // A run that is finished says so, once, with status 0: a queue may start it again.
  r = run_ranks(scratch, 2, {"--resume", stopped.string()});
  CHECK(r.status == 0);
  CHECK(count(r.out, " is finished: 6 episodes reached") == 1);
}

TEST_CASE("a run resumes with another number of ranks and says what that means") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  REQUIRE(run_ranks(scratch, 2, smallest_shared(path)).status == 0);
  const Result r = run_ranks(
      scratch, 3, {"--resume", path.string(), "--total-episodes", "9", "--progress", "plain"});
  INFO(r.err);
  REQUIRE(r.status == 0);
  CHECK(count(r.err, "number of ranks: 3, before: 2; ") == 1);
  CHECK(state_of(path).ranks == 3);
  CHECK(state_of(path).episodes == 9);
  const Result one =
      run(scratch, "train",
          {"--resume", path.string(), "--total-episodes", "12", "--progress", "plain"});
  INFO(one.err);
  REQUIRE(one.status == 0);
  CHECK(count(one.err, "number of ranks: 1, before: 3; ") == 1);
}

TEST_CASE("an error is said once and has the status of one process") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  const auto error = [&](int ranks, const Args& args, int status, const std::string& sentence) {
    const Result r = run_ranks(scratch, ranks, args);
    INFO(r.err);
    CHECK(r.status == status);
    CHECK(count(r.err, sentence) == 1);
    CHECK(count(r.err, "train: ") == (status == 3 ? 2 : 1));  // with what was saved
  };
  error(2, {"--nonsense"}, 2, "train: there is no option --nonsense");
  error(6, smallest_shared(path), 2, "batch_size is 5, and 6 ranks share a batch");
  error(2, smallest_shared(path, {"--free-nats-after-mean", "true"}), 2,
        "free_nats_after_mean is true, and 2 ranks share a batch");
  const Args wild{"--learning-rate", "1e30", "--grad-clip", "1e30"};
  error(3, smallest_shared(scratch / "wild", wild), 3, "that is not finite: [");
  error(3, smallest_shared(scratch / "checked", wild + Args{"--check-finite", "true"}), 3,
        "that is not finite: [");
  REQUIRE(run_ranks(scratch, 2, smallest_shared(path)).status == 0);
  error(2,
        {"--logdir", (scratch / "none").string(), "--episodes", (path / "episodes").string(),
         "--collect", "none", "--env", "none", "--total-updates", "2"},
        2, "collect is none, and 2 ranks each collect episodes of their own");
  fs::remove(path / "log.txt");
  fs::create_symlink("/dev/full", path / "log.txt");
  error(3, {"--resume", path.string(), "--total-episodes", "8"}, 2,
        "log.txt could not be written; is the disk full?");
}

TEST_CASE("what only asks is answered once") {
  const Scratch scratch;
  Result r = run_ranks(scratch, 3, {"--help"});
  CHECK(r.status == 0);
  CHECK(count(r.out, "Usage: ") == 1);
  r = run_ranks(scratch, 3, smallest_shared(scratch / "run") + Args{"--print-config"});
  CHECK(r.status == 0);
  CHECK(count(r.out, "\nepisodes_per_round = 3 ") == 1);
  CHECK_FALSE(fs::exists(scratch / "run"));
}
