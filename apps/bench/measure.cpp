#include "apps/bench/measure.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {
std::atomic<std::int64_t> allocation_count{0};

void* counted(std::size_t bytes, std::size_t alignment) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  void* p = nullptr;
  if (posix_memalign(&p, std::max(alignment, sizeof(void*)), std::max<std::size_t>(bytes, 1)) != 0)
    throw std::bad_alloc();
  return p;
}
}  // namespace

// The whole process counts: that is how "0 allocations in steady state" is measured.
void* operator new(std::size_t n) { return counted(n, alignof(max_align_t)); }
void* operator new[](std::size_t n) { return counted(n, alignof(max_align_t)); }
void* operator new(std::size_t n, std::align_val_t a) {
  return counted(n, static_cast<std::size_t>(a));
}
void* operator new[](std::size_t n, std::align_val_t a) {
  return counted(n, static_cast<std::size_t>(a));
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

namespace planet::bench {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::int64_t allocations() { return allocation_count.load(std::memory_order_relaxed); }

double peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

Timing measure(const std::function<void()>& f, double seconds) {
  for (int i = 0; i < 3; ++i) f();  // memory reaches its final size after two or three calls
  double start = now();
  f();
  const double once = std::max(now() - start, 1e-9);
  const int group = std::clamp(static_cast<int>(1e-3 / once), 1, 100000);
  const int runs = std::clamp(static_cast<int>(seconds / (once * group)), 5, 1000);

  std::vector<double> times;
  times.reserve(static_cast<std::size_t>(runs));
  const std::int64_t before = allocations();
  for (int i = 0; i < runs; ++i) {
    start = now();
    for (int k = 0; k < group; ++k) f();
    times.push_back((now() - start) / group);
  }
  const std::int64_t made = allocations() - before;
  return {median(times), *std::min_element(times.begin(), times.end()),
          made / (static_cast<std::int64_t>(runs) * group), runs};
}

}  // namespace planet::bench
