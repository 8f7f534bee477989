#include "autograd/base/cgroup.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "autograd/base/error.hpp"

namespace planet {
namespace {

namespace fs = std::filesystem;

// The number at the start of a file; nothing for "max", for other text and for a missing file.
std::optional<std::uint64_t> number_in(const fs::path& file) {
  std::ifstream in(file);
  std::uint64_t value = 0;
  if (in.peek() == '-' || !(in >> value)) return std::nullopt;
  return value;
}

// The sum of the lines "KEY NUMBER" of a file with one of two keys.
std::uint64_t sum_in(const fs::path& file, const std::string& key, const std::string& other) {
  std::ifstream in(file);
  std::uint64_t sum = 0, value = 0;
  for (std::string word; in >> word >> value;)
    if (word == key || word == other) sum += value;
  return sum;
}

// Version 2 has "150000 100000" or "max 100000" in one file; version 1 has two files and "-1".
double quota_in(const fs::path& group) {
  std::string quota;
  double period = 0;
  if (std::ifstream v2(group / "cpu.max"); !(v2 >> quota >> period)) {
    std::ifstream q(group / "cpu.cfs_quota_us"), p(group / "cpu.cfs_period_us");
    if (!(q >> quota && p >> period)) return CgroupLimits{}.cpus;
  }
  const double cpus = std::atof(quota.c_str()) / period;  // "max" gives 0
  return period > 0 && cpus > 0 && std::isfinite(cpus) ? cpus : CgroupLimits{}.cpus;
}

std::uint64_t left(std::optional<std::uint64_t> limit, std::uint64_t used) {
  if (!limit) return std::numeric_limits<std::uint64_t>::max();
  return *limit > used ? *limit - used : 0;
}

std::uint64_t memory_left(const fs::path& group) {
  const auto uncached = [&](const char* usage, const char* inactive, const char* active) {
    const std::uint64_t used = number_in(group / usage).value_or(0);
    return used - std::min(used, sum_in(group / "memory.stat", inactive, active));
  };
  return std::min(
      left(number_in(group / "memory.max"),
           uncached("memory.current", "inactive_file", "active_file")),
      left(number_in(group / "memory.limit_in_bytes"),
           uncached("memory.usage_in_bytes", "total_inactive_file", "total_active_file")));
}

// A group and its parents. In a container the path may be that of the host and not exist here; the
// root of the hierarchy is then the container's own group.
void tighten(CgroupLimits& limits, const fs::path& hierarchy, const std::string& path) {
  fs::path relative = fs::path(path).relative_path();
  if (path.find("..") != std::string::npos) relative.clear();  // outside of the visible hierarchy
  for (;; relative = relative.parent_path()) {
    const fs::path group = hierarchy / relative;
    limits.cpus = std::min(limits.cpus, quota_in(group));
    limits.memory = std::min(limits.memory, memory_left(group));
    limits.tasks = std::min(limits.tasks, left(number_in(group / "pids.max"),
                                               number_in(group / "pids.current").value_or(0)));
    if (relative.empty()) return;
  }
}

}  // namespace

CgroupLimits cgroup_limits(const std::string& root) {
  CgroupLimits limits;
  const fs::path all = fs::path(root + "/sys/fs/cgroup");
  tighten(limits, all, "/");
  // Lines "4:cpu,cpuacct:/path" of version 1, one per hierarchy, and "0::/path" of version 2.
  std::ifstream in(root + "/proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) {
      tighten(limits, all, path);
      tighten(limits, all / "unified", path);  // where both versions are mounted
    }
    for (const char* one : {"cpu", "memory", "pids"})
      if (("," + controllers + ",").find(cat(",", one, ",")) != std::string::npos)
        for (const std::string& mount : {std::string(one), controllers})
          tighten(limits, all / mount, path);
  }
  return limits;
}

}  // namespace planet
