#include "apps/bench/studies.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "apps/bench/machine.hpp"
#include "apps/bench/measure.hpp"
#include "apps/bench/model_cases.hpp"
#include "apps/bench/profile.hpp"
#include "apps/common/options/values.hpp"
#include "autograd/base/parallel.hpp"
#include "autograd/base/text.hpp"
#include "autograd/base/workspace.hpp"

namespace planet::bench {

// ---- by op --------------------------------------------------------------------------------------

namespace {

// Rates count every multiply-add of the op's products, including padding.
void print_ops(const std::string& title, const OpProfile& profile, int runs, double seconds,
               double peak) {
  std::vector<OpProfile::Row> rows = profile.rows();
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return a.forward + a.backward > b.forward + b.backward;
  });
  std::printf("\n%s takes %.2f ms\n%-24s %6s %12s %12s %8s %9s %8s\n", title.c_str(), seconds * 1e3,
              "op", "calls", "forward ms", "backward ms", "share", "GFLOP/s", "of peak");
  double sum = 0;
  for (const auto& r : rows) {
    const double total = (r.forward + r.backward) / runs;
    sum += total;
    std::printf("%-24s %6lld %12.3f %12.3f %7.1f%%", std::string(r.op).c_str(),
                static_cast<long long>(r.calls / runs), r.forward / runs * 1e3,
                r.backward / runs * 1e3, 100 * total / seconds);
    const double rate = 2.0 * static_cast<double>(r.madds) / (r.forward + r.backward);
    if (r.madds > 0) std::printf(" %9.1f %7.1f%%", rate * 1e-9, 100 * rate / peak);
    std::printf("\n");
  }
  std::printf("%-24s %6s %12s %12.3f %7.1f%%\n", "the rest", "", "", (seconds - sum) * 1e3,
              100 * (seconds - sum) / seconds);
}

template <class F>
void profiled(const std::string& title, int runs, double peak, F work) {
  work();
  OpProfile profile;
  const double start = now();
  for (int i = 0; i < runs; ++i) work();
  const double seconds = (now() - start) / runs;
  print_ops(title, profile, runs, seconds, peak);
}

}  // namespace

void print_profile(const std::vector<std::string>& sizes) {
  const int n = threads();
  const Machine machine = measure_machine();
  for (const std::string& name : sizes) {
    ModelRun run(model_size(name));
    run.step();
    profiled(cat(name, ", ", counted(n, "thread"), ": one training step"), 5, machine.peak_flops,
             [&] { run.step(); });
    set_threads(1);  // a plan runs candidates on several threads, which a profile cannot tell apart
    profiled(cat(name, ", 1 thread: one plan"), 3, machine.peak_flops / machine.threads,
             [&] { run.plan(); });
    set_threads(n);
  }
}

// ---- scaling ------------------------------------------------------------------------------------

namespace {

// How much longer g takes than f: the ratio of their medians, timed alternately.
template <class F, class G>
double times_longer(F f, G g, double seconds) {
  std::vector<double> first, second;
  const auto timed = [](auto& work, std::vector<double>& times) {
    const double start = now();
    work();
    times.push_back(now() - start);
  };
  for (int i = 0; i < 2; ++i) f(), g();
  const double end = now() + seconds;
  while (first.size() < 5 || (now() < end && first.size() < 500)) timed(f, first), timed(g, second);
  return median(second) / median(first);
}

}  // namespace

namespace {

// The time of one step and of one plan with so many threads, and what a step allocates.
struct WithThreads {
  double step = 0, plan = 0;
  std::int64_t allocations = 0;
};

WithThreads with_threads(ModelRun& run, int n, double seconds) {
  set_threads(n);
  const Timing step = measure([&] { run.step(); }, seconds),
               plan = measure([&] { run.plan(); }, seconds);
  return {step.median, plan.median, step.allocations};
}

}  // namespace

void print_scaling(const std::vector<std::string>& sizes, double seconds) {
  const int most = threads();
  std::printf("time with twice the size, relative to the normal time (%d thread%s)\n", most,
              most == 1 ? "" : "s");
  std::printf("%-10s %10s %10s %14s\n", "size", "batch x2", "length x2", "candidates x2");
  for (const std::string& name : sizes) {
    const ModelSize size = model_size(name);
    ModelSize wide = size, deep = size;
    wide.B *= 2, deep.L *= 2;
    PlannerConfig many = bench_planner();
    many.candidates *= 2, many.elites *= 2;
    ModelRun run(size);
    const auto grown = [&](const ModelSize& larger) {
      ModelRun other(larger);
      return times_longer([&] { run.step(); }, [&] { other.step(); }, seconds);
    };
    const double batch = grown(wide), length = grown(deep);
    ModelRun planner(size, many);
    const double candidates = times_longer([&] { run.plan(); }, [&] { planner.plan(); }, seconds);
    std::printf("%-10s %9.2fx %9.2fx %13.2fx\n", name.c_str(), batch, length, candidates);
    std::fflush(stdout);
  }

  std::printf(
      "\nmedians; efficiency is the time of one thread by that of n, by n\n%-10s %8s %12s %10s "
      "%12s %10s %12s\n",
      "size", "threads", "step", "efficient", "plan", "efficient", "allocations");
  for (const std::string& name : sizes) {
    ModelRun run(model_size(name));
    WithThreads one;
    for (int n = 1;; n = std::min(2 * n, most)) {
      const WithThreads t = with_threads(run, n, seconds);
      if (n == 1) one = t;
      std::printf("%-10s %8d %9.2f ms %9.0f%% %9.2f ms %9.0f%% %12s\n", name.c_str(), n,
                  t.step * 1e3, 100 * one.step / (n * t.step), t.plan * 1e3,
                  100 * one.plan / (n * t.plan), count_text(t.allocations).c_str());
      std::fflush(stdout);
      if (n == most) break;
    }
  }
}

// ---- memory -------------------------------------------------------------------------------------

// A thousand steps (half a minute for tiny32, an hour for planet64), with a line every hundred.
void print_memory(const std::vector<std::string>& sizes, Precision precision) {
  std::printf("%-10s %6s %12s %12s\n", "size", "steps", "peak memory", "workspaces");
  for (const std::string& name : sizes) {
    ModelRun run(model_size(name), bench_planner(), precision);
    for (int i = 1; i <= 1000; ++i) {
      run.step();
      if (i == 4 || i % 100 == 0) {
        std::printf("%-10s %6d %9.3f GB %9.3f GB\n", name.c_str(), i, peak_memory() * 1e-9,
                    static_cast<double>(workspace_bytes()) * 1e-9);
        std::fflush(stdout);
      }
    }
  }
}

// ---- oversubscription ---------------------------------------------------------------------------

namespace {

// One busy program per core; they end with this object or its process.
class BusyCores {
 public:
  explicit BusyCores(int cores) {
    for (int i = 0; i < cores; ++i) {
      const pid_t parent = getpid(), pid = fork();
      if (pid == 0) {
        [[maybe_unused]] volatile int burnt = 0;
        while (getppid() == parent)
          for (int x = 0; x < 10'000'000; ++x) burnt = x;
        _exit(0);
      }
      children_.push_back(pid);
    }
  }
  ~BusyCores() {
    for (const pid_t pid : children_) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
  }
  BusyCores(const BusyCores&) = delete;
  BusyCores& operator=(const BusyCores&) = delete;

 private:
  std::vector<pid_t> children_;
};

}  // namespace

void print_oversubscribed(const std::vector<std::string>& sizes, double seconds) {
  const int cores = cpu_budget().cpus;
  std::printf("%-10s %12s %22s %24s\n", "step", "quiet", "beside busy programs",
              "four threads per core");
  for (const std::string& name : sizes) {
    ModelRun run(model_size(name));
    set_threads(cores);
    const double quiet = measure([&] { run.step(); }, seconds).median;
    double busy = 0, many = 0;
    {
      const BusyCores others(cores);
      busy = measure([&] { run.step(); }, 2 * seconds).median;
    }
    set_threads(choose_threads(4 * cores).threads);
    many = measure([&] { run.step(); }, seconds).median;
    set_threads(cores);
    std::printf("%-10s %9.2f ms %9.2f ms (%.2fx fair) %9.2f ms (%.2fx quiet)\n", name.c_str(),
                quiet * 1e3, busy * 1e3, busy / (2 * quiet), many * 1e3, many / quiet);
    std::fflush(stdout);
  }
}

}  // namespace planet::bench
