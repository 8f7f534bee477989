// The machine's peak arithmetic rate and memory bandwidth, measured by loops that do nothing else.
#pragma once

#include <string>

namespace planet::bench {

struct Machine {
  std::string cpu;        // from /proc/cpuinfo
  std::string simd;       // "16 floats per register, fused multiply-add"
  int threads = 1;        // used in every measurement
  double peak_flops = 0;  // operations per second: fused multiply-adds in registers, all threads
  double bandwidth = 0;   // bytes per second: triad a = b + c s over 256 MB, all threads
};

/// Takes about a second. Uses threads() threads.
Machine measure_machine();

}  // namespace planet::bench
