#include "apps/bench/studies.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "apps/bench/measure.hpp"
#include "apps/bench/model_cases.hpp"
#include "autograd/base/parallel.hpp"

namespace planet::bench {

// ---- by op --------------------------------------------------------------------------------------

void print_profile(const std::vector<std::string>& sizes) {
  for (const std::string& name : sizes) {
    ModelRun run(model_size(name));
    for (int i = 0; i < 3; ++i) run.step();
    OpProfile profile;
    run.profile(&profile);
    constexpr int steps = 5;
    const double start = now();
    for (int i = 0; i < steps; ++i) run.step();
    const double step = (now() - start) / steps;
    run.profile(nullptr);

    std::vector<OpProfile::Row> rows = profile.rows();
    std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
      return a.forward + a.backward > b.forward + b.backward;
    });
    std::printf("\n%s: one training step takes %.2f ms\n%-26s %7s %12s %12s %8s\n", name.c_str(),
                step * 1e3, "op", "calls", "forward ms", "backward ms", "share");
    double sum = 0;
    for (const auto& r : rows) {
      const double total = (r.forward + r.backward) / steps;
      sum += total;
      std::printf("%-26s %7lld %12.3f %12.3f %7.1f%%\n", std::string(r.op).c_str(),
                  static_cast<long long>(r.calls / steps), r.forward / steps * 1e3,
                  r.backward / steps * 1e3, 100 * total / step);
    }
    std::printf("%-26s %7s %12s %12.3f %7.1f%%\n", "the rest", "", "", (step - sum) * 1e3,
                100 * (step - sum) / step);
  }
}

// ---- memory -------------------------------------------------------------------------------------

void print_memory(const std::vector<std::string>& sizes) {
  for (const std::string& name : sizes) {
    ModelRun run(model_size(name));
    const int steps = name == "tiny32" || name == "small32" ? 1000 : 10;
    for (int i = 0; i < 4; ++i) run.step();
    const double early = peak_memory();
    for (int i = 4; i < steps; ++i) run.step();
    std::printf("%-10s peak memory %.2f GB after 4 training steps, %.2f GB after %d\n",
                name.c_str(), early * 1e-9, peak_memory() * 1e-9, steps);
    std::fflush(stdout);
  }
}

// ---- oversubscription ---------------------------------------------------------------------------

namespace {

// One program that only burns time, for each core; stopped when this object dies.
class BusyCores {
 public:
  explicit BusyCores(int cores) {
    for (int i = 0; i < cores; ++i) {
      const pid_t pid = fork();
      if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (volatile unsigned x = 0;;) x = x + 1;
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
              "four threads a core");
  for (const std::string& name : sizes) {
    ModelRun run(model_size(name));
    set_threads(cores);
    const double quiet = measure([&] { run.step(); }, seconds).median;
    double busy = 0, many = 0;
    {
      const BusyCores others(cores);
      busy = measure([&] { run.step(); }, 2 * seconds).median;
    }
    set_threads(useful_threads(4 * cores));
    many = measure([&] { run.step(); }, seconds).median;
    set_threads(cores);
    std::printf("%-10s %9.2f ms %9.2f ms (%.2fx fair) %9.2f ms (%.2fx quiet)\n", name.c_str(),
                quiet * 1e3, busy * 1e3, busy / (2 * quiet), many * 1e3, many / quiet);
    std::fflush(stdout);
  }
}

}  // namespace planet::bench
