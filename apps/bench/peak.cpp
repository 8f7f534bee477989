#include "apps/bench/peak.hpp"

#include "autograd/kernels/simd.hpp"

namespace planet::bench {

using namespace kernels;

// Twelve independent chains: more than latency times throughput of any current core, so that no
// unit waits, and few enough for sixteen registers.
double fused_multiply_adds(std::int64_t rounds) {
  constexpr int chains = 12;
  constexpr int lanes = static_cast<int>(Batch<float>::size);
  Batch<float> sums[chains];
  for (Batch<float>& s : sums) s = Batch<float>(1.0f);
  const Batch<float> a(0.999f), b(0.001f);
  for (std::int64_t i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
    for (int k = 0; k < chains; ++k) sums[k] = madd(sums[k], a, b);
  }
  float out[lanes];
  volatile float keep = 0;  // keeps the compiler from removing the loop
  for (const Batch<float>& s : sums) {
    s.store_unaligned(out);
    keep = keep + out[0];
  }
  return 2.0 * lanes * chains * static_cast<double>(rounds);
}

std::string simd_description() {
  const std::string lanes = std::to_string(Batch<float>::size);
  return lanes + (lanes == "1" ? " float" : " floats") + " per register, " +
         (has_fma ? "fused multiply-add" : "separate multiply and add");
}

}  // namespace planet::bench
