// How a benchmark measures: warm up, repeat, report the median and the best; count allocations.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace planet::bench {

struct Timing {
  double median = 0, best = 0;   // seconds per call
  std::int64_t allocations = 0;  // calls of operator new per call, after warm-up; -1: not counted
  int runs = 0;
};

/// Warms up, then calls f for about `seconds` and at least five times. Calls that take less than a
/// millisecond are timed in groups.
Timing measure(const std::function<void()>& f, double seconds);

/// Calls of operator new so far in the whole process, counted by counting_new.cpp; -1 in a binary
/// that is not linked with it.
extern std::atomic<std::int64_t> allocation_count;
/// "12", or "-" for -1.
std::string count_text(std::int64_t count);

double now();          // seconds, monotonic
double peak_memory();  // peak resident memory so far, bytes
double median(std::vector<double> values);

/// One line of the report. Work without floating-point operations has flops 0.
struct Result {
  std::string group, name;
  Timing timing;
  double flops = 0;      // floating-point operations per call
  double elements = 0;   // elements per call, for elementwise work; 0 for any other
  double reference = 0;  // median seconds of OpenBLAS for the same product; 0: not measured
};

}  // namespace planet::bench
