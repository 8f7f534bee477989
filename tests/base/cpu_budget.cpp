// cpu_budget with cgroup folders of our own making: version 2, version 1, none, and nonsense.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"

using namespace planet;

namespace {

/// A folder that stands for /sys/fs/cgroup, removed at the end.
class Cgroup {
 public:
  Cgroup() : root_(std::filesystem::temp_directory_path() / cat("planet_cgroup_", ::getpid())) {
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
  }
  ~Cgroup() { std::filesystem::remove_all(root_); }
  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(const Cgroup&) = delete;

  Cgroup& file(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
    return *this;
  }
  CpuBudget budget() const { return cpu_budget(root_.string()); }

 private:
  std::filesystem::path root_;
};

CpuBudget version2(const std::string& cpu_max) {
  return Cgroup().file("cpu.max", cpu_max).budget();
}
CpuBudget version1(const std::string& quota, const std::string& period) {
  return Cgroup()
      .file("cpu/cpu.cfs_quota_us", quota)
      .file("cpu/cpu.cfs_period_us", period)
      .budget();
}

// The threads that are right for a quota on this machine: its whole CPUs, at least one.
int expected(const CpuBudget& b) {
  if (b.describe().find("without OpenMP") != std::string::npos) return 1;
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
  CHECK(version1("0\n", "100000\n").quota == 0);
  CHECK(version1("100000\n", "0\n").quota == 0);
  CHECK(Cgroup().file("cpu/cpu.cfs_quota_us", "100000").budget().quota == 0);  // half is missing
}

TEST_CASE("without a cgroup or with one that makes no sense there is no limit") {
  const CpuBudget none = Cgroup().budget();
  CHECK(none.quota == 0);
  CHECK(none.threads == expected(none));
  CHECK(cpu_budget("/no/such/folder").quota == 0);
  for (const char* text : {"", "\n", "max", "100000", "a lot", "lots 100000", "-5 100000",
                           "100000 0", "100000 -1", "nan 100000", "inf 100000", "1e300 1e-300"}) {
    CAPTURE(text);
    const CpuBudget b = version2(text);
    CHECK(b.quota == 0);
    CHECK(b.threads == none.threads);
  }
}

TEST_CASE("the budget describes itself in words") {
  CpuBudget b;
  b.cpus = 4, b.quota = 2.5, b.threads = 2;
  CHECK(b.describe().starts_with("2 threads (4 CPUs, cgroup limit 2.5"));
  b.cpus = 1, b.quota = 0, b.threads = 1;
  CHECK(b.describe().starts_with("1 thread (1 CPU, no cgroup limit"));
}
