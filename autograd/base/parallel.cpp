#include "autograd/base/parallel.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "autograd/base/cgroup.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/observer.hpp"
#include "autograd/base/workspace.hpp"

#ifdef __linux__
#include <sched.h>
#endif
#ifdef _OPENMP
#include <omp.h>
#endif

namespace planet {
namespace {

int chosen_threads = 0;         // 0: not chosen yet
bool threads_are_lost = false;  // in a child of fork(), if loops ran before

// The CPUs that OpenMP's environment (OMP_PLACES, OMP_PROC_BIND and the runtimes' own variables)
// leaves to our threads; empty when these are not set. The runtime may have bound this thread to
// one of them before main() began, so its affinity mask alone would be one CPU.
std::set<int> place_cpus() {
  std::set<int> cpus;
#ifdef _OPENMP
  const auto add = [&](int place) {
    std::vector<int> ids(static_cast<std::size_t>(std::max(0, omp_get_place_num_procs(place))));
    omp_get_place_proc_ids(place, ids.data());
    cpus.insert(ids.begin(), ids.end());
  };
  if (omp_get_proc_bind() == omp_proc_bind_master && omp_get_place_num() >= 0) {
    add(omp_get_place_num());  // every thread is to run where this one runs
  } else {
    for (int place = 0; place < omp_get_num_places(); ++place) add(place);
  }
#endif
  return cpus;
}

int usable_cpus() {
  if (const std::set<int> places = place_cpus(); !places.empty())
    return static_cast<int>(places.size());
#ifdef __linux__
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace

CpuBudget cpu_budget(const std::string& root) {
  const CgroupLimits group = cgroup_limits(root);
  CpuBudget b;
  b.cpus = usable_cpus();
  const auto limit = [&b](double most, const std::string& why) {
    if (most >= b.most) return;
    b.most = static_cast<int>(most);
    b.why_most = why;
  };
  const double tasks = static_cast<double>(group.tasks) + 1;  // this thread is one already
  limit(tasks, cat("the cgroup's limit of processes leaves ", tasks));
#ifdef _OPENMP
  limit(omp_get_thread_limit(), cat("OMP_THREAD_LIMIT is ", omp_get_thread_limit()));
  if (omp_get_max_active_levels() < 1) limit(1, "OMP_MAX_ACTIVE_LEVELS is 0");
  if (std::getenv("OMP_NUM_THREADS")) b.wanted = omp_get_max_threads();
#else
  limit(1, "built without OpenMP");
#endif
  b.threads = std::min(b.cpus, b.most);
  if (b.wanted > 0) b.threads = std::min(b.threads, b.wanted);
  // A quota of 1.5 CPUs is enough for one thread; a second one would be throttled.
  if (std::isfinite(group.cpus)) {
    b.quota = group.cpus;
    b.threads = static_cast<int>(std::clamp<double>(b.quota, 1, b.threads));
  }
  return b;
}

std::string CpuBudget::describe() const {
  std::string text = cat(threads, threads == 1 ? " thread (" : " threads (", cpus,
                         cpus == 1 ? " CPU, " : " CPUs, ");
  text += quota > 0 ? cat("cgroup limit ", quota) : "no cgroup limit";
  if (wanted > 0) text += cat(", OMP_NUM_THREADS is ", wanted);
  if (!why_most.empty()) text += ", " + why_most;
  return text + ")";
}

int default_threads() { return cpu_budget().threads; }

ThreadChoice choose_threads(int n, const CpuBudget& budget) {
  if (n == 0) return {budget.threads, ""};
  const int given = std::min({n, budget.cpus, budget.most});
  if (given == n) return {n, ""};
  if (given == budget.most && !budget.why_most.empty()) return {given, budget.why_most};
  return {given, cat("this process may run on ", budget.cpus, budget.cpus == 1 ? " CPU" : " CPUs")};
}

void unbind_thread() {
#ifdef __linux__
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : place_cpus())
    if (cpu < CPU_SETSIZE) CPU_SET(cpu, &set);
  if (CPU_COUNT(&set) > 0) sched_setaffinity(0, sizeof set, &set);
#endif
}

void set_threads(int n) {
  require(n >= 0 && n <= 1024, "threads is ", n, "; it must be between 0 (choose) and 1024");
  chosen_threads = n == 0 ? default_threads() : n;
}

int threads() {
  if (threads_are_lost) return 1;
  if (chosen_threads == 0) chosen_threads = default_threads();
  return chosen_threads;
}

bool inside_a_loop() {
#ifdef _OPENMP
  return omp_in_parallel() != 0;
#else
  return false;
#endif
}

bool loops_are_serial() {
#ifdef _OPENMP
  return threads() == 1 || inside_a_loop();
#else
  return true;
#endif
}

int threads_that_pay(std::ptrdiff_t count, double microseconds, int available) {
  // Waking a thread that still spins, and waiting for it at the end.
  constexpr double wake = 0.4;
  const std::ptrdiff_t each = (count + available - 1) / available;  // items of the busiest thread
  const double alone = microseconds * static_cast<double>(count),
               together = microseconds * static_cast<double>(each) + wake * available;
  return together < alone ? static_cast<int>(std::min<std::ptrdiff_t>(available, count)) : 1;
}

namespace detail {

void run_parallel(std::ptrdiff_t count, [[maybe_unused]] double microseconds, LoopBody body,
                  void* context) {
#ifdef _OPENMP
  const bool serial = loops_are_serial();
  const int taken = serial ? 1 : threads_that_pay(count, microseconds, threads());
  if (Observer* const o = Observer::active(); o && !serial) o->loop_begins(taken);
  if (taken > 1) {
    [[maybe_unused]] static const int watching =
        pthread_atfork(nullptr, nullptr, [] { threads_are_lost = true; });
    std::exception_ptr error;
    std::mutex guard;
    std::atomic<std::ptrdiff_t> next{0};
    const int dynamic = omp_get_dynamic();
    omp_set_dynamic(0);  // OMP_DYNAMIC would give fewer threads while the machine is busy
#pragma omp parallel num_threads(threads())
    {
      try {
        level_workspaces();
        if (omp_get_thread_num() < taken)
          for (std::ptrdiff_t i; (i = next++) < count;) body(context, i);
      } catch (...) {
        const std::lock_guard lock(guard);
        if (!error) error = std::current_exception();
      }
    }
    omp_set_dynamic(dynamic);
    if (error) std::rethrow_exception(error);
    return;
  }
#endif
  for (std::ptrdiff_t i = 0; i < count; ++i) body(context, i);
}

}  // namespace detail
}  // namespace planet
