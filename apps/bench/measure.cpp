#include "apps/bench/measure.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>

namespace planet::bench {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::atomic<std::int64_t> allocation_count{-1};

std::string count_text(std::int64_t count) { return count < 0 ? "-" : std::to_string(count); }

double peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
  return static_cast<double>(usage.ru_maxrss);  // in bytes; in KiB everywhere else
#else
  return static_cast<double>(usage.ru_maxrss) * 1024;
#endif
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

Timing measure(const std::function<void()>& f, double seconds) {
  for (int i = 0; i < 3; ++i) f();  // workspaces reach their final size after two or three calls
  double start = now();
  f();
  const double once = std::max(now() - start, 1e-9);
  const int group = std::clamp(static_cast<int>(1e-3 / once), 1, 100000);
  const int runs = std::clamp(static_cast<int>(seconds / (once * group)), 5, 1000);

  std::vector<double> times;
  times.reserve(static_cast<std::size_t>(runs));
  const std::int64_t before = allocation_count;
  for (int i = 0; i < runs; ++i) {
    start = now();
    for (int k = 0; k < group; ++k) f();
    times.push_back((now() - start) / group);
  }
  const std::int64_t made = allocation_count - before;
  return {median(times), *std::min_element(times.begin(), times.end()),
          before < 0 ? -1 : made / (static_cast<std::int64_t>(runs) * group), runs};
}

}  // namespace planet::bench
