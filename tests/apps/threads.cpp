// The number of threads that train says it uses, under what a batch system sets.
#include <doctest/doctest.h>

#include <fstream>

#include "apps/train/setup.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

// The lines about threads of a training of a fifth of a second. The program sets the runtime's
// variables and executes itself again unless OMP_WAIT_POLICY is there, which CTest sets.
std::string lines_about_threads(const Args& variables, const Args& options) {
  const Scratch scratch;
  Args args{"-u", "OMP_WAIT_POLICY"};
  args.insert(args.end(), variables.begin(), variables.end());
  const std::string train = std::string(PLANET_BINARY_DIR) + "/bin/train";
  const Args small{train,
                   "--env",
                   "pendulum_swingup",
                   "--env-option",
                   "time_limit=20",
                   "--image-size",
                   "16",
                   "--batch-size",
                   "2",
                   "--batch-length",
                   "5",
                   "--updates-per-episode",
                   "2",
                   "--seed-episodes",
                   "2",
                   "--total-episodes",
                   "3",
                   "--deter-size",
                   "8",
                   "--stoch-size",
                   "4",
                   "--hidden-size",
                   "8",
                   "--horizon",
                   "2",
                   "--iterations",
                   "1",
                   "--candidates",
                   "8",
                   "--elites",
                   "2",
                   "--eval-episodes",
                   "1",
                   "--logdir",
                   (scratch / "run").string()};
  args.insert(args.end(), small.begin(), small.end());
  args.insert(args.end(), options.begin(), options.end());
  const Result result = run(scratch, "/usr/bin/env", args);
  CAPTURE(result.err);
  REQUIRE(result.status == 0);
  std::istringstream in(result.err);
  std::string found;
  bool within = false;  // long values go on in further lines, indented as far
  for (std::string line; std::getline(in, line);) {
    const bool more = within && line.starts_with("         ");
    within = more || line.starts_with("threads  ");
    if (within) found += more ? line.substr(8) : cat(found.empty() ? "" : "\n", line);
  }
  return found + "\n";
}

}  // namespace

TEST_CASE("a program that executes itself again keeps the CPUs that OpenMP had bound it to") {
  const CpuBudget here = cpu_budget();
  const std::string all =
      cat("threads  ", here.threads, " used; the default is ", here.describe(), "\n");
  CHECK(lines_about_threads({}, {}) == all);
  CHECK(lines_about_threads({"OMP_PROC_BIND=true"}, {}) == all);
  CHECK(lines_about_threads({"OMP_PLACES=cores"}, {"--threads", cat(here.threads)}) == all);
}

TEST_CASE("a request for more threads than available is explained") {
  const CpuBudget here = cpu_budget();
  if (here.most == 1) return;  // built without OpenMP
  CHECK(lines_about_threads({}, {"--threads", "999"})
            .starts_with(cat("threads  ", here.cpus,
                             " used, 999 asked for: this process may run on ", here.cpus)));
  CHECK(lines_about_threads({"OMP_THREAD_LIMIT=1"}, {"--threads", "2"})
            .starts_with("threads  1 used, 2 asked for: OMP_THREAD_LIMIT is 1\n"));
}

TEST_CASE("available memory is the least of the machine's and the control groups'") {
  const Scratch root;
  const auto file = [&](const char* name, const char* text) {
    fs::create_directories((root / name).parent_path());
    std::ofstream(root / name) << text;
  };
  CHECK(available_memory(root.path().string()) == 0);  // unknown
  file("proc/meminfo", "MemTotal:  9000 kB\nMemAvailable:  4000 kB\nBuffers: 1 kB\n");
  CHECK(available_memory(root.path().string()) == 4000 * 1024);
  file("proc/self/cgroup", "0::/job\n");
  file("sys/fs/cgroup/job/memory.max", "1000000");
  CHECK(available_memory(root.path().string()) == 1000000);
  file("sys/fs/cgroup/job/memory.current", "1000001");
  CHECK(available_memory(root.path().string()) == 1);  // none, and not unknown
}
