// Batch<T> without xsimd: an array and loops in standard C++, 16 bytes wide so that tails and
// padding are exercised here, too. Only simd.hpp includes this file; the names match those it uses.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace planet::kernels {

template <class T>
struct Batch {
  static constexpr std::size_t size = 16 / sizeof(T);
  struct Mask {
    bool m[size];
  };
  T v[size];

  Batch() = default;
  Batch(T x) {  // NOLINT: implicit, as in xsimd
    for (T& e : v) e = x;
  }
  static Batch load_unaligned(const T* p) {
    Batch b;
    for (std::size_t i = 0; i < size; ++i) b.v[i] = p[i];
    return b;
  }
  static Batch load_aligned(const T* p) { return load_unaligned(p); }
  void store_unaligned(T* p) const {
    for (std::size_t i = 0; i < size; ++i) p[i] = v[i];
  }
  void store_aligned(T* p) const { store_unaligned(p); }

  template <class F>
  static Batch each(F f) {
    Batch b;
    for (std::size_t i = 0; i < size; ++i) b.v[i] = static_cast<T>(f(i));
    return b;
  }
  template <class F>
  static Mask test(F f) {
    Mask b;
    for (std::size_t i = 0; i < size; ++i) b.m[i] = f(i);
    return b;
  }
};

#define PLANET_BINARY(op)                                                   \
  template <class T>                                                        \
  Batch<T> operator op(const Batch<T>& a, const Batch<T>& b) {              \
    return Batch<T>::each([&](std::size_t i) { return a.v[i] op b.v[i]; }); \
  }
PLANET_BINARY(+)
PLANET_BINARY(-)
PLANET_BINARY(*)
PLANET_BINARY(&)
PLANET_BINARY(|)
PLANET_BINARY(^)
#undef PLANET_BINARY
#define PLANET_COMPARISON(op)                                                 \
  template <class T>                                                          \
  typename Batch<T>::Mask operator op(const Batch<T>& a, const Batch<T>& b) { \
    return Batch<T>::test([&](std::size_t i) { return a.v[i] op b.v[i]; });   \
  }
PLANET_COMPARISON(<)
PLANET_COMPARISON(>)
PLANET_COMPARISON(==)
#undef PLANET_COMPARISON

template <class T>
Batch<T> operator<<(const Batch<T>& a, int n) {
  return Batch<T>::each([&](std::size_t i) { return a.v[i] << n; });
}
template <class T>
Batch<T> operator>>(const Batch<T>& a, int n) {
  return Batch<T>::each([&](std::size_t i) { return a.v[i] >> n; });
}
template <class T>
Batch<T> operator-(const Batch<T>& a) {
  return Batch<T>::each([&](std::size_t i) { return -a.v[i]; });
}

template <class T>
Batch<T> select(const typename Batch<T>::Mask& m, const Batch<T>& a, const Batch<T>& b) {
  return Batch<T>::each([&](std::size_t i) { return m.m[i] ? a.v[i] : b.v[i]; });
}
template <class T>
Batch<T> madd(const Batch<T>& a, const Batch<T>& b, const Batch<T>& c) {
  return Batch<T>::each([&](std::size_t i) { return a.v[i] * b.v[i] + c.v[i]; });
}
namespace vec {
template <class T>
Batch<T> abs(const Batch<T>& a) {
  return Batch<T>::each([&](std::size_t i) { return std::abs(a.v[i]); });
}
template <class T>
Batch<T> sqrt(const Batch<T>& a) {
  return Batch<T>::each([&](std::size_t i) { return std::sqrt(a.v[i]); });
}
template <class T>
Batch<T> divide(const Batch<T>& a, const Batch<T>& b) {
  return Batch<T>::each([&](std::size_t i) { return a.v[i] / b.v[i]; });
}
}  // namespace vec

inline Batch<std::uint64_t> multiply_low_halves(const Batch<std::uint64_t>& a,
                                                const Batch<std::uint64_t>& b) {
  return Batch<std::uint64_t>::each(
      [&](std::size_t i) { return (a.v[i] & 0xFFFFFFFF) * (b.v[i] & 0xFFFFFFFF); });
}

template <class T>
void interleave(const Batch<T>& a, const Batch<T>& b, Batch<T>& low, Batch<T>& high) {
  constexpr std::size_t h = Batch<T>::size / 2;
  low = Batch<T>::each([&](std::size_t i) { return i % 2 ? b.v[i / 2] : a.v[i / 2]; });
  high = Batch<T>::each([&](std::size_t i) { return i % 2 ? b.v[h + i / 2] : a.v[h + i / 2]; });
}

template <class T>
using HalfBatch = Batch<T>;
inline constexpr bool has_fma = false;
inline constexpr int vector_registers = 16;

}  // namespace planet::kernels
