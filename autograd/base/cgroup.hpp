// What Linux's control groups (containers, batch systems, systemd) leave to this process.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace planet {

/// The tightest limits of the process's own group and its parents, in version 1 and 2 alike. Where
/// nothing is limited, and on other systems, every entry is as below.
struct CgroupLimits {
  double cpus = std::numeric_limits<double>::infinity();             // CPU seconds per second
  std::uint64_t memory = std::numeric_limits<std::uint64_t>::max();  // bytes still free
  std::uint64_t tasks = std::numeric_limits<std::uint64_t>::max();   // threads still allowed
};

/// Reads /proc/self/cgroup and the files below /sys/fs/cgroup; `root` stands for / in tests. Pages
/// of files that are only cached do not count as used memory, because the kernel drops them when it
/// needs to. A value that cannot be parsed is no limit.
CgroupLimits cgroup_limits(const std::string& root = "");

}  // namespace planet
