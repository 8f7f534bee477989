#include "autograd/base/parallel.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <mutex>

#include "autograd/base/error.hpp"

#ifdef _OPENMP
#include <omp.h>
#endif

namespace planet {
namespace {

int chosen_threads = 0;  // 0: not chosen yet

// "max 100000" (cgroup v2) or quota and period in two files (v1), as a number of CPUs; 0 when there
// is no limit. What makes no sense is no limit either.
double cgroup_quota(const std::string& root) {
  std::string quota;
  double us = 0, period = 0;
  if (std::ifstream v2(root + "/cpu.max"); v2 >> quota >> period) {
    us = std::atof(quota.c_str());  // "max" gives 0
  } else {
    std::ifstream q(root + "/cpu/cpu.cfs_quota_us"), p(root + "/cpu/cpu.cfs_period_us");
    if (!(q >> us && p >> period)) return 0;
  }
  const double cpus = us / period;
  return us > 0 && period > 0 && std::isfinite(cpus) ? cpus : 0;
}

}  // namespace

CpuBudget cpu_budget(const std::string& cgroup_root) {
  CpuBudget b;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) b.cpus = std::max(1, CPU_COUNT(&set));
  b.quota = cgroup_quota(cgroup_root);
  b.threads = b.cpus;
  // A quota of 1.5 CPUs feeds one thread well and two badly: the second would be throttled.
  if (b.quota > 0) b.threads = static_cast<int>(std::clamp<double>(b.quota, 1, b.cpus));
#ifndef _OPENMP
  b.threads = 1;
#endif
  return b;
}

std::string CpuBudget::describe() const {
  const std::string limit = quota > 0 ? cat("cgroup limit ", quota) : "no cgroup limit";
  return cat(threads, threads == 1 ? " thread (" : " threads (", cpus,
             cpus == 1 ? " CPU, " : " CPUs, ", limit,
#ifdef _OPENMP
             ")");
#else
             ", built without OpenMP)");
#endif
}

int default_threads() { return cpu_budget().threads; }

int useful_threads(int n) { return n == 0 ? default_threads() : std::min(n, cpu_budget().cpus); }

void set_threads(int n) {
  require(n >= 0 && n <= 1024, "threads is ", n, "; it must be between 0 (choose) and 1024");
  chosen_threads = n == 0 ? default_threads() : n;
}

int threads() {
  if (chosen_threads == 0) chosen_threads = default_threads();
  return chosen_threads;
}

namespace detail {

void run_parallel(std::ptrdiff_t count, LoopBody body, void* context) {
#ifdef _OPENMP
  if (count > 1 && threads() > 1 && !omp_in_parallel()) {
    std::exception_ptr error;
    std::mutex guard;
    const int team = static_cast<int>(std::min<std::ptrdiff_t>(threads(), count));
#pragma omp parallel for schedule(dynamic, 1) num_threads(team)
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      try {
        body(context, i);
      } catch (...) {
        const std::lock_guard lock(guard);
        if (!error) error = std::current_exception();
      }
    }
    if (error) std::rethrow_exception(error);
    return;
  }
#endif
  for (std::ptrdiff_t i = 0; i < count; ++i) body(context, i);
}

}  // namespace detail
}  // namespace planet
