// The peak rate of the arithmetic units: the bound that `bench` compares kernels with.
#pragma once

#include <cstdint>
#include <string>

namespace planet::bench {

/// Does `rounds` rounds of independent fused multiply-adds in registers, in float, on the calling
/// thread. Returns the number of floating-point operations.
double fused_multiply_adds(std::int64_t rounds);

/// "16 floats per register, fused multiply-add".
std::string simd_description();

}  // namespace planet::bench
