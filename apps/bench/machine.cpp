#include "apps/bench/machine.hpp"

#include <algorithm>
#include <fstream>
#include <vector>

#include "apps/bench/measure.hpp"
#include "apps/bench/peak.hpp"
#include "autograd/base/parallel.hpp"
#include "autograd/kernels/loop.hpp"

namespace planet::bench {
namespace {

std::string cpu_name() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown CPU";
}

// The best of several runs: the peak is the rate of the undisturbed machine.
double peak_flops(int team) {
  constexpr std::int64_t rounds = 2'000'000;
  double best = 0;
  for (int i = 0; i < 12; ++i) {
    std::vector<double> flops(static_cast<std::size_t>(team));
    const double start = now();
    parallel_for(team, [&](std::ptrdiff_t t) {
      flops[static_cast<std::size_t>(t)] = fused_multiply_adds(rounds);
    });
    double total = 0;
    for (const double f : flops) total += f;
    best = std::max(best, total / (now() - start));
  }
  return best;
}

double bandwidth() {
  constexpr std::ptrdiff_t n = std::ptrdiff_t{1} << 24;  // 64 MB each: far beyond any cache
  std::vector<float> a(n), b(n, 1.0f), c(n, 2.0f);
  double best = 0;
  for (int i = 0; i < 8; ++i) {
    const double start = now();
    kernels::each(
        n, [x = a.data(), y = b.data(), z = c.data()](auto k) { x[k] = y[k] + z[k] * 3.0f; },
        std::ptrdiff_t{1} << 20);
    best = std::max(best, 3.0 * 4.0 * static_cast<double>(n) / (now() - start));
  }
  return best;
}

}  // namespace

Machine measure_machine() {
  Machine m;
  m.cpu = cpu_name();
  m.simd = simd_description();
  m.threads = threads();
  m.peak_flops = peak_flops(m.threads);
  m.bandwidth = bandwidth();
  return m;
}

}  // namespace planet::bench
