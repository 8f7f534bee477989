// The only file that names xsimd. Everything else in kernels/ speaks of Batch<T>: `width<T>`
// numbers in one register, added and multiplied lane by lane.
//
// Three rules live here because everybody needs them. madd(a, b, c) is the project's only fused
// product: one rounding where the machine has it (also on AVX-512, where xsimd 8.1 forgets), two
// where it has not, and the scalar madd rounds exactly as the vector one. A comparison never loses
// a NaN: relu is a select. A tail goes through the same code as the body, on a padded copy.
#pragma once

#include <cmath>
#include <cstddef>

namespace planet::kernels {

/// a * b + c, rounded as the vector madd of this build rounds it.
template <class T>
inline T madd(T a, T b, T c) {
#if defined(PLANET_SIMD) && (defined(__FMA__) || defined(__AVX512F__) || defined(__aarch64__))
  return std::fma(a, b, c);
#else
  return a * b + c;
#endif
}

}  // namespace planet::kernels
