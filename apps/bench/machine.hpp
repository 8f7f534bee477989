// What this machine can do at most, measured by loops that do nothing else.
#pragma once

#include <string>

namespace planet::bench {

struct Machine {
  std::string cpu;        // from /proc/cpuinfo
  std::string simd;       // "16 floats a register, fused multiply-add"
  int threads = 1;        // those that everything is measured with
  double peak_flops = 0;  // fused multiply-adds in registers, all threads, operations a second
  double bandwidth = 0;   // bytes a second of a triad a = b + c s over 256 MB, all threads
};

/// Takes about a second. Uses threads() threads.
Machine measure_machine();

}  // namespace planet::bench
