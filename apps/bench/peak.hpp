// What the arithmetic units can do when nothing else is asked of them: the roof of `bench`.
#pragma once

#include <cstdint>
#include <string>

namespace planet::bench {

/// Does `rounds` rounds of independent fused multiply-adds in registers, in float, on the calling
/// thread; returns how many floating point operations that was.
double fused_multiply_adds(std::int64_t rounds);

/// "16 floats a register, fused multiply-add".
std::string simd_description();

}  // namespace planet::bench
