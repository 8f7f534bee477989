// The only file that names xsimd. The rest of kernels/ uses Batch<T>: width<T> numbers in one
// register, added and multiplied lane by lane.
//
// Three rules hold here for all kernels. madd(a, b, c) is the project's only fused product: one
// rounding where the machine has the instruction (also on AVX-512, where xsimd 8.1 does not use
// it), two where it has not; the scalar madd rounds exactly like the vector one. A comparison never
// loses a NaN: clamps are selects. A tail runs through the same code as the body, on a padded copy,
// so a value never depends on its position. Without PLANET_SIMD, Batch is the array in
// simd_scalar.hpp.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#ifdef PLANET_SIMD
#include <xsimd/xsimd.hpp>
#else
#include "autograd/kernels/simd_scalar.hpp"
#endif

#define PLANET_INLINE inline __attribute__((always_inline))
#define PLANET_INLINED __attribute__((always_inline))  // goes after a lambda's parameters
#define PLANET_UNROLL _Pragma("GCC unroll 24")         // unrolls a loop of up to 24 iterations

namespace planet::kernels {

#ifdef PLANET_SIMD

template <class T>
using Batch = xsimd::batch<T>;
/// A register of half the width, for matrices with few columns; on AVX-512 only.
#if XSIMD_WITH_AVX512F && XSIMD_WITH_FMA3_AVX2
template <class T>
using HalfBatch = xsimd::batch<T, xsimd::fma3<xsimd::avx2>>;
#else
template <class T>
using HalfBatch = Batch<T>;
#endif
inline constexpr bool has_fma = XSIMD_WITH_AVX512F || XSIMD_WITH_FMA3_AVX2 || XSIMD_WITH_FMA3_AVX ||
                                XSIMD_WITH_FMA3_SSE || XSIMD_WITH_FMA4 || XSIMD_WITH_NEON64;
inline constexpr int vector_registers = XSIMD_WITH_AVX512F || XSIMD_WITH_NEON64 ? 32 : 16;

template <class T, class A>
PLANET_INLINE xsimd::batch<T, A> madd(xsimd::batch<T, A> a, xsimd::batch<T, A> b,
                                      xsimd::batch<T, A> c) {
#if XSIMD_WITH_AVX512F  // xsimd 8.1 multiplies, then adds
  if constexpr (sizeof(a) == 64 && std::is_same_v<T, float>) {
    return _mm512_fmadd_ps(a, b, c);
  } else if constexpr (sizeof(a) == 64) {
    return _mm512_fmadd_pd(a, b, c);
  }
#endif
  return xsimd::fma(a, b, c);
}

using xsimd::select;
namespace vec {  // always qualified: xsimd has functions of the same names
template <class T, class A>
PLANET_INLINE xsimd::batch<T, A> abs(xsimd::batch<T, A> x) {
  return xsimd::abs(x);
}
template <class T, class A>
PLANET_INLINE xsimd::batch<T, A> sqrt(xsimd::batch<T, A> x) {
#if XSIMD_WITH_NEON64  // see divide; xsimd's root of infinity is NaN here
  if constexpr (std::is_same_v<T, float>) return vsqrtq_f32(x);
#endif
  return xsimd::sqrt(x);
}
/// a / b, correctly rounded: also in float on NEON, where the / of xsimd is a times an estimate of
/// 1 / b, which 32-bit ARM needs and 64-bit ARM does not.
template <class T, class A>
PLANET_INLINE xsimd::batch<T, A> divide(xsimd::batch<T, A> a, xsimd::batch<T, A> b) {
#if XSIMD_WITH_NEON64
  if constexpr (std::is_same_v<T, float>) return vdivq_f32(a, b);
#endif
  return a / b;
}
}  // namespace vec

/// The 64-bit products of the low halves of 64-bit lanes: the core of Philox.
PLANET_INLINE Batch<std::uint64_t> multiply_low_halves(Batch<std::uint64_t> a,
                                                       Batch<std::uint64_t> b) {
#if XSIMD_WITH_AVX512F
  return _mm512_mul_epu32(a, b);
#elif XSIMD_WITH_AVX2
  return _mm256_mul_epu32(a, b);
#elif XSIMD_WITH_SSE2
  return _mm_mul_epu32(a, b);
#else
  constexpr std::size_t n = Batch<std::uint64_t>::size;
  alignas(64) std::uint64_t x[n], y[n];
  a.store_aligned(x);
  b.store_aligned(y);
  for (std::size_t i = 0; i < n; ++i) x[i] = (x[i] & 0xFFFFFFFF) * (y[i] & 0xFFFFFFFF);
  return Batch<std::uint64_t>::load_aligned(x);
#endif
}

/// low, high = a0 b0 a1 b1 ...: the lanes of a and b in turn. (In registers of more than 128 bits,
/// xsimd's zip_lo and zip_hi do this within each 128 bits before 10.0 and across them since.)
template <class T>
PLANET_INLINE void interleave(Batch<T> a, Batch<T> b, Batch<T>& low, Batch<T>& high) {
#if XSIMD_WITH_AVX512F
  if constexpr (sizeof(T) == 4) {
    const __m512i l = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    low = _mm512_permutex2var_ps(a, l, b);
    high = _mm512_permutex2var_ps(a, _mm512_add_epi32(l, _mm512_set1_epi32(8)), b);
  } else {
    const __m512i l = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
    low = _mm512_permutex2var_pd(a, l, b);
    high = _mm512_permutex2var_pd(a, _mm512_add_epi64(l, _mm512_set1_epi64(4)), b);
  }
#elif XSIMD_WITH_AVX
  if constexpr (sizeof(T) == 4) {
    const __m256 l = _mm256_unpacklo_ps(a, b), h = _mm256_unpackhi_ps(a, b);
    low = _mm256_permute2f128_ps(l, h, 0x20);
    high = _mm256_permute2f128_ps(l, h, 0x31);
  } else {
    const __m256d l = _mm256_unpacklo_pd(a, b), h = _mm256_unpackhi_pd(a, b);
    low = _mm256_permute2f128_pd(l, h, 0x20);
    high = _mm256_permute2f128_pd(l, h, 0x31);
  }
#else
  low = xsimd::zip_lo(a, b);
  high = xsimd::zip_hi(a, b);
#endif
}

#endif  // PLANET_SIMD

/// Lanes of a register.
template <class T>
inline constexpr std::ptrdiff_t width = static_cast<std::ptrdiff_t>(Batch<T>::size);

/// The lanes of x as unsigned integers of the same size, and back: the same bits. (Not by xsimd's
/// bitwise_cast, whose template argument is a batch before 11.0 and an element since.)
template <class T>
using BitsOf = Batch<std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>;
template <class T>
PLANET_INLINE BitsOf<T> to_bits(Batch<T> x) {
  return std::bit_cast<BitsOf<T>>(x);
}
template <class T>
PLANET_INLINE Batch<T> from_bits(BitsOf<T> x) {
  return std::bit_cast<Batch<T>>(x);
}

/// a * b + c for one number, rounded as the vector madd of this build rounds it.
template <class T>
requires std::is_floating_point_v<T> PLANET_INLINE T madd(T a, T b, T c) {
  if constexpr (has_fma) {
    return std::fma(a, b, c);
  } else {
    return a * b + c;
  }
}

/// p * 2^n for integral n, |n| < 2100 (float: < 260), also where the result is subnormal.
template <class T>
PLANET_INLINE Batch<T> times_power_of_two(Batch<T> p, Batch<T> n) {
#if defined(PLANET_SIMD) && XSIMD_WITH_AVX512F
  if constexpr (sizeof(T) == 4) {
    return _mm512_scalef_ps(p, n);
  } else {
    return _mm512_scalef_pd(p, n);
  }
#else
  // In two factors, because 2^n alone may overflow where the product does not. Adding `magic`
  // leaves the rounded integer plus the exponent bias in the low bits of the mantissa.
  constexpr int mantissa = sizeof(T) == 4 ? 23 : 52;
  constexpr T bias = sizeof(T) == 4 ? T(127) : T(1023);
  const Batch<T> magic(static_cast<T>(std::uint64_t{3} << (mantissa - 1)));
  const Batch<T> first = (n * Batch<T>(T(0.5)) + magic) - magic;
  const Batch<T> a = from_bits<T>(to_bits<T>(first + Batch<T>(bias) + magic) << mantissa);
  const Batch<T> b = from_bits<T>(to_bits<T>(n - first + Batch<T>(bias) + magic) << mantissa);
  return p * a * b;
#endif
}

/// x with everything below low raised to it, or above high lowered; NaN stays NaN. These are the
/// machine's own max and min, which return their second operand if one is NaN. (xsimd 14.0
/// exchanged the operands, so its max and min are not used.)
template <class T>
PLANET_INLINE Batch<T> at_least(Batch<T> x, T low) {
  const Batch<T> bound(low);
#if defined(PLANET_SIMD) && XSIMD_WITH_AVX512F
  if constexpr (sizeof(T) == 4) return _mm512_max_ps(bound, x);
  if constexpr (sizeof(T) == 8) return _mm512_max_pd(bound, x);
#elif defined(PLANET_SIMD) && XSIMD_WITH_AVX
  if constexpr (sizeof(T) == 4) return _mm256_max_ps(bound, x);
  if constexpr (sizeof(T) == 8) return _mm256_max_pd(bound, x);
#else
  return select(x < bound, bound, x);
#endif
}
template <class T>
PLANET_INLINE Batch<T> at_most(Batch<T> x, T high) {
  const Batch<T> bound(high);
#if defined(PLANET_SIMD) && XSIMD_WITH_AVX512F
  if constexpr (sizeof(T) == 4) return _mm512_min_ps(bound, x);
  if constexpr (sizeof(T) == 8) return _mm512_min_pd(bound, x);
#elif defined(PLANET_SIMD) && XSIMD_WITH_AVX
  if constexpr (sizeof(T) == 4) return _mm256_min_ps(bound, x);
  if constexpr (sizeof(T) == 8) return _mm256_min_pd(bound, x);
#else
  return select(x > bound, bound, x);
#endif
}

/// Stores the first `count` lanes, 0 < count < lanes; memory beyond them is not touched.
template <class V, class T>
PLANET_INLINE void store_partial(V x, T* p, std::ptrdiff_t count) {
#if defined(PLANET_SIMD) && XSIMD_WITH_AVX512F
  if constexpr (sizeof(V) == 64 && sizeof(T) == 4) {
    return _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << count) - 1), x);
  } else if constexpr (sizeof(V) == 64) {
    return _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << count) - 1), x);
  }
#ifdef __AVX512VL__
  if constexpr (sizeof(V) == 32 && sizeof(T) == 4) {
    return _mm256_mask_storeu_ps(p, static_cast<__mmask8>((1u << count) - 1), x);
  } else if constexpr (sizeof(V) == 32) {
    return _mm256_mask_storeu_pd(p, static_cast<__mmask8>((1u << count) - 1), x);
  }
#endif
#endif
  alignas(64) T t[V::size];
  x.store_aligned(t);
  for (std::ptrdiff_t i = 0; i < count; ++i) p[i] = t[i];
}
/// Loads the first `count` lanes; the others are zero.
template <class V, class T>
PLANET_INLINE V load_partial(const T* p, std::ptrdiff_t count) {
#if defined(PLANET_SIMD) && XSIMD_WITH_AVX512F
  if constexpr (sizeof(V) == 64 && sizeof(T) == 4) {
    return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), p);
  } else if constexpr (sizeof(V) == 64) {
    return _mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << count) - 1), p);
  }
#ifdef __AVX512VL__
  if constexpr (sizeof(V) == 32 && sizeof(T) == 4) {
    return _mm256_maskz_loadu_ps(static_cast<__mmask8>((1u << count) - 1), p);
  } else if constexpr (sizeof(V) == 32) {
    return _mm256_maskz_loadu_pd(static_cast<__mmask8>((1u << count) - 1), p);
  }
#endif
#endif
  alignas(64) T t[V::size] = {};
  for (std::ptrdiff_t i = 0; i < count; ++i) t[i] = p[i];
  return V::load_aligned(t);
}

template <class T>
PLANET_INLINE Batch<T> load(const T* p) {
  return Batch<T>::load_unaligned(p);
}

/// Prefetches p[0..n) for writing.
template <class T>
PLANET_INLINE void prefetch_for_write(const T* p, std::ptrdiff_t n) {
  constexpr std::ptrdiff_t line = 64 / static_cast<std::ptrdiff_t>(sizeof(T));
  for (std::ptrdiff_t i = 0; i < n; i += line) __builtin_prefetch(p + i, 1);
}

/// y[i] = f(x[i]...) one register at a time; the tail runs through f on padded copies.
template <class F, class T, class... Inputs>
PLANET_INLINE void map(F f, T* y, std::ptrdiff_t n, const Inputs*... x) {
  std::ptrdiff_t i = 0;
  for (; i + width<T> <= n; i += width<T>) f(load(x + i)...).store_unaligned(y + i);
  if (i == n) return;
  const std::size_t bytes = static_cast<std::size_t>(n - i) * sizeof(T);
  const auto padded = [&](const T* p) {
    alignas(64) T t[width<T>] = {};
    std::memcpy(t, p + i, bytes);
    return Batch<T>::load_aligned(t);
  };
  alignas(64) T t[width<T>];
  f(padded(x)...).store_aligned(t);
  std::memcpy(y + i, t, bytes);
}

/// f(0), ..., f(N-1), unrolled: an array of registers stays in registers if all its indices are
/// constants. The index is an int, so that a lambda is compiled once and not once per index.
template <int N, class F>
PLANET_INLINE void unroll(F&& f) {
#ifdef __SANITIZE_ADDRESS__  // registers gain nothing there, and compiling would take a minute
  for (int i = 0; i < N; ++i) f(i);
#else
  [&]<int... I>(std::integer_sequence<int, I...>) PLANET_INLINED { (f(I), ...); }
  (std::make_integer_sequence<int, N>{});
#endif
}

/// The W x W transpose of the W registers a: log2(W) rounds of perfect shuffles.
template <class T, int W = static_cast<int>(width<T>)>
PLANET_INLINE void transpose(Batch<T> (&a)[W]) {
  Batch<T> b[W];
  const auto round = [&](auto& from, auto& to) PLANET_INLINED {
    unroll<W / 2>([&](auto i) PLANET_INLINED {
      interleave(from[i], from[i + W / 2], to[2 * i], to[2 * i + 1]);
    });
  };
  if constexpr (W == 1) return;
  round(a, b);
  if constexpr (W >= 4) round(b, a);
  if constexpr (W >= 8) round(a, b);
  if constexpr (W >= 16) round(b, a);
  if constexpr (W == 2 || W == 8) unroll<W>([&](auto i) PLANET_INLINED { a[i] = b[i]; });
}

}  // namespace planet::kernels
