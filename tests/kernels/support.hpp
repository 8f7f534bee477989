// Random arrays and bitwise comparison for the kernels' tests.
#pragma once

#include <cstddef>
#include <cstring>
#include <vector>

#include "autograd/base/parallel.hpp"
#include "autograd/base/philox.hpp"

namespace planet::test {

template <class T>
std::vector<T> uniform(std::ptrdiff_t n, std::uint64_t seed, double low = -1, double high = 1) {
  Rng rng(seed, Stream::test);
  std::vector<T> v(static_cast<std::size_t>(n));
  for (T& x : v) x = static_cast<T>(rng.uniform(low, high));
  return v;
}

/// Small integers: products and sums are exact, so every order of additions has the same bits.
template <class T>
std::vector<T> integers(std::ptrdiff_t n, std::uint64_t seed, int limit = 3) {
  Rng rng(seed, Stream::test);
  std::vector<T> v(static_cast<std::size_t>(n));
  for (T& x : v) {
    x = static_cast<T>(static_cast<int>(rng.below(static_cast<std::uint64_t>(2 * limit + 1))) -
                       limit);
  }
  return v;
}

/// Equal bit for bit: -0 and 0 differ, and NaN equals itself.
template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

/// Runs f at 1, 2, 3 and 7 threads; true when every result has the bits of the first.
template <class F>
bool same_at_any_thread_count(F f) {
  const int before = threads();
  set_threads(1);
  const auto first = f();
  bool same = true;
  for (int n : {2, 3, 7}) {
    set_threads(n);
    same = same && same_bits(first, f());
  }
  set_threads(before);
  return same;
}

}  // namespace planet::test
