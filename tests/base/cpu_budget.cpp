// What a process may use: simulated control groups (version 1, version 2, nested, nonsensical) and
// the variables that OpenMP's runtime reads before main().
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "autograd/base/cgroup.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"

using namespace planet;

namespace {

/// A folder that stands for /, removed at the end.
class Root {
 public:
  Root() : path_(std::filesystem::temp_directory_path() / cat("planet_root_", ::getpid())) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Root() { std::filesystem::remove_all(path_); }
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;

  /// The groups that the process is in, as /proc/self/cgroup tells them.
  Root& self(const std::string& lines) { return write("proc/self/cgroup", lines); }
  Root& file(const std::string& name, const std::string& text) {
    return write("sys/fs/cgroup/" + name, text);
  }
  CgroupLimits limits() const { return cgroup_limits(path_.string()); }
  CpuBudget budget() const { return cpu_budget(path_.string()); }

 private:
  Root& write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
    return *this;
  }
  std::filesystem::path path_;
};

CpuBudget version2(const std::string& cpu_max) {
  return Root().self("0::/\n").file("cpu.max", cpu_max).budget();
}
CpuBudget version1(const std::string& quota, const std::string& period) {
  return Root()
      .self("4:cpu,cpuacct:/\n")
      .file("cpu,cpuacct/cpu.cfs_quota_us", quota)
      .file("cpu,cpuacct/cpu.cfs_period_us", period)
      .budget();
}

const CgroupLimits none;
const bool parallel = cpu_budget().why_most.find("without OpenMP") == std::string::npos;

// The right number of threads for a quota on this machine: its whole CPUs, at least one.
int expected(const CpuBudget& b) {
  if (!parallel) return 1;
  return b.quota > 0 ? static_cast<int>(std::clamp(b.quota, 1.0, static_cast<double>(b.cpus)))
                     : b.cpus;
}

}  // namespace

TEST_CASE("a cgroup of version 2 limits the threads") {
  struct Case {
    const char* cpu_max;
    double quota;
  };
  for (const Case& c :
       {Case{"max 100000\n", 0}, Case{"150000 100000\n", 1.5}, Case{"200000 100000\n", 2},
        Case{"50000 100000\n", 0.5}, Case{"100000 100000\n", 1}, Case{"25000 50000", 0.5},
        Case{"99900000 100000\n", 999}}) {
    CAPTURE(c.cpu_max);
    const CpuBudget b = version2(c.cpu_max);
    CHECK(b.quota == doctest::Approx(c.quota));
    CHECK(b.threads == expected(b));
    CHECK(b.cpus >= 1);
  }
  CHECK(version2("150000 100000").threads == 1);  // the second would be throttled
  CHECK(version2("50000 100000").threads == 1);   // below one CPU there is still one thread
}

TEST_CASE("a cgroup of version 1 limits the threads") {
  CHECK(version1("-1\n", "100000\n").quota == 0);  // no limit
  CHECK(version1("150000\n", "100000\n").quota == doctest::Approx(1.5));
  CHECK(version1("150000\n", "100000\n").threads == 1);
  CHECK(version1("400000\n", "100000\n").quota == doctest::Approx(4));
}

TEST_CASE("without a cgroup or with one that makes no sense there is no limit") {
  const CpuBudget unlimited = Root().budget();
  CHECK(unlimited.quota == 0);
  CHECK(unlimited.threads == expected(unlimited));
  CHECK(cpu_budget("/no/such/folder").quota == 0);
  for (const char* text : {"", "\n", "max", "100000", "a lot", "lots 100000", "-5 100000",
                           "100000 0", "100000 -1", "nan 100000", "inf 100000", "1e300 1e-300"}) {
    CAPTURE(text);
    const CpuBudget b = version2(text);
    CHECK(b.quota == 0);
    CHECK(b.threads == unlimited.threads);
  }
  for (const char* text : {"", "max\n", "a lot", "-5", "nan"}) {
    CAPTURE(text);
    CHECK(Root().file("memory.max", text).limits().memory == none.memory);
    CHECK(Root().file("pids.max", text).limits().tasks == none.tasks);
  }
  for (const char* self : {"", "0", "0:", "nonsense\n", ":::", "0::", "0::../..", "1:cpu\n"}) {
    CAPTURE(self);
    CHECK(Root().self(self).limits().cpus == none.cpus);
  }
}

TEST_CASE("the least limit of a group and its parents is used") {
  // A shell of a user's session, started by: systemd-run --scope -p CPUQuota=150%
  const auto nested = [](const char* inner, const char* outer) {
    return Root()
        .self("0::/user.slice/run-1.scope/shell\n")
        .file("user.slice/run-1.scope/shell/cpu.max", "max 100000")
        .file("user.slice/run-1.scope/cpu.max", inner)
        .file("user.slice/cpu.max", outer)
        .limits()
        .cpus;
  };
  CHECK(nested("150000 100000", "max 100000") == doctest::Approx(1.5));
  CHECK(nested("400000 100000", "300000 100000") == doctest::Approx(3));
  CHECK(nested("max 100000", "max 100000") == none.cpus);

  // Version 1 has one path per controller; the other job's limit is not ours.
  const CgroupLimits batch = Root()
                                 .self(
                                     "11:memory:/slurm/job_7\n4:cpu,cpuacct:/slurm/job_7/step_0\n"
                                     "3:cpuset:/slurm\n0::/\n")
                                 .file("cpu/slurm/job_7/cpu.cfs_quota_us", "200000")
                                 .file("cpu/slurm/job_7/cpu.cfs_period_us", "100000")
                                 .file("cpu/slurm/job_8/cpu.cfs_quota_us", "100000")
                                 .file("cpu/slurm/job_8/cpu.cfs_period_us", "100000")
                                 .file("memory/slurm/job_7/memory.limit_in_bytes", "1000000")
                                 .file("memory/slurm/memory.limit_in_bytes", "9223372036854771712")
                                 .limits();
  CHECK(batch.cpus == doctest::Approx(2));
  CHECK(batch.memory == 1000000);

  // Both versions at once: the second one below `unified`.
  CHECK(Root().self("0::/a\n").file("unified/a/cpu.max", "250000 100000").limits().cpus ==
        doctest::Approx(2.5));
  // A container that still sees the host's path: its own group is the root of what is mounted.
  CHECK(Root().self("0::/docker/4f3a\n").file("cpu.max", "50000 100000").limits().cpus ==
        doctest::Approx(0.5));
  CHECK(Root().self("0::/../other\n").file("cpu.max", "50000 100000").limits().cpus ==
        doctest::Approx(0.5));
}

TEST_CASE("cached file pages do not count as used memory") {
  const auto v2 = [](const char* used, const char* stat) {
    return Root()
        .self("0::/job\n")
        .file("job/memory.max", "4294967296\n")
        .file("job/memory.current", used)
        .file("job/memory.stat", stat)
        .limits()
        .memory;
  };
  CHECK(v2("4187593113",
           "anon 157286400\nfile 3972844748\ninactive_file 3865470566\n"
           "active_file 100000000\nunevictable 0\n") == 4294967296 - (4187593113 - 3965470566));
  CHECK(v2("4187593113", "") == 4294967296 - 4187593113);
  CHECK(v2("100", "inactive_file 4187593113\n") == 4294967296);  // counters are not read at once
  CHECK(v2("5000000000", "") == 0);
  CHECK(Root()
            .self("4:memory:/job\n")
            .file("memory/job/memory.limit_in_bytes", "1000000")
            .file("memory/job/memory.usage_in_bytes", "900000")
            .file("memory/job/memory.stat",
                  "inactive_file 1\ntotal_inactive_file 500000\n"
                  "total_active_file 100000\n")
            .limits()
            .memory == 700000);
}

TEST_CASE("a limit on processes limits the threads") {
  const auto budget = [](const char* most, const char* now) {
    return Root()
        .self("0::/job\n")
        .file("job/pids.max", most)
        .file("job/pids.current", now)
        .budget();
  };
  CHECK(budget("1", "1").threads == 1);
  CHECK(budget("3", "2").most == (parallel ? 2 : 1));
  CHECK(budget("max", "2").most == (parallel ? 1024 : 1));
}

TEST_CASE("the budget describes itself in words") {
  CpuBudget b;
  b.cpus = 4, b.quota = 2.5, b.threads = 2;
  CHECK(b.describe() == "2 threads (4 CPUs, cgroup limit 2.5)");
  b.cpus = 1, b.quota = 0, b.threads = 1;
  CHECK(b.describe() == "1 thread (1 CPU, no cgroup limit)");
  b.wanted = 8, b.why_most = "OMP_THREAD_LIMIT is 1";
  CHECK(b.describe() ==
        "1 thread (1 CPU, no cgroup limit, OMP_NUM_THREADS is 8, OMP_THREAD_LIMIT is 1)");
}

TEST_CASE("the requested threads are given, or the reason is stated") {
  CpuBudget b;
  b.cpus = 4, b.threads = 2;  // a quota of two CPUs
  CHECK(choose_threads(0, b).threads == 2);
  CHECK(choose_threads(3, b).threads == 3);
  CHECK(choose_threads(3, b).why.empty());
  CHECK(choose_threads(9, b).threads == 4);
  CHECK(choose_threads(9, b).why == "this process may run on 4 CPUs");
  b.most = 1, b.why_most = "OMP_THREAD_LIMIT is 1";
  CHECK(choose_threads(3, b).threads == 1);
  CHECK(choose_threads(3, b).why == "OMP_THREAD_LIMIT is 1");
  CHECK(choose_threads(1, b).why.empty());
}

TEST_CASE("threads under the variables that OpenMP reads before main") {
  if (!parallel) return;
  // `threads_given ASKED` prints its CPUs, threads() and how many threads a loop really had.
  const auto given = [](const std::string& variables, int asked) {
    const std::string command = cat("env ", variables, " ", PLANET_BINARY_DIR,
                                    "/bin/threads_given ", asked, " 2>/dev/null");
    std::FILE* const pipe = popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::array<int, 3> seen{};
    const int read = std::fscanf(pipe, "%d %d %d", &seen[0], &seen[1], &seen[2]);
    REQUIRE(pclose(pipe) == 0);
    REQUIRE(read == 3);
    return seen;
  };
  const int cpus = cpu_budget().cpus;
  for (const char* variables :
       {"", "OMP_PROC_BIND=true", "OMP_PROC_BIND=spread", "OMP_PROC_BIND=close OMP_PLACES=threads",
        "OMP_PLACES=cores", "OMP_PLACES=sockets", "OMP_DYNAMIC=true", "OMP_NUM_THREADS=1",
        "OMP_NUM_THREADS=8,2", "OMP_SCHEDULE=static OMP_NESTED=true"}) {
    CAPTURE(variables);
    for (const int asked : {1, cpus, cpus + 1}) {
      const auto [seen_cpus, used, ran] = given(variables, asked);
      CHECK(seen_cpus == cpus);
      CHECK(used == std::min(asked, cpus));
      CHECK(ran == used);
    }
  }
  CHECK(given("OMP_NUM_THREADS=1", 0)[2] == 1);
  for (const char* variables : {
           "OMP_THREAD_LIMIT=1",
           "OMP_MAX_ACTIVE_LEVELS=0",
#ifdef __linux__  // elsewhere threads cannot be bound
           "OMP_PLACES='{0}' OMP_PROC_BIND=true",
#endif
       }) {
    CAPTURE(variables);
    CHECK(given(variables, 2)[1] == 1);
    CHECK(given(variables, 0)[2] == 1);
  }
}
