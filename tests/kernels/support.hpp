// Random arrays, bitwise comparison and the sizes of convolutions for the kernels' tests.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"
#include "autograd/base/philox.hpp"
#include "autograd/kernels/conv.hpp"

namespace planet::test {

inline constexpr Activation all_activations[] = {Activation::none,    Activation::relu,
                                                 Activation::elu,     Activation::tanh,
                                                 Activation::sigmoid, Activation::softplus};

/// Elements of the three arrays of a convolution.
struct Sizes {
  std::ptrdiff_t large, filter, small;
  explicit Sizes(const kernels::ConvShape& s)
      : large(s.N * s.H * s.W * s.C),
        filter(s.kh * s.kw * s.C * s.F),
        small(s.N * s.out_h() * s.out_w() * s.F) {}
};

inline std::string describe(const kernels::ConvShape& s) {
  return cat("N ", s.N, " H ", s.H, " W ", s.W, " C ", s.C, " window ", s.kh, "x", s.kw, " stride ",
             s.stride, " F ", s.F);
}

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
