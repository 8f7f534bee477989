// Short helpers for the op tests: tensors from numbers, comparisons that NaN fails, error texts.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "autograd/ops.hpp"

namespace planet::test {

template <class T>
Var var(Tape& tape, std::vector<T> values, Shape shape) {
  return tape.variable(values, shape);
}

/// n numbers in [-1, 1] that look random and are the same everywhere.
template <class T = double>
std::vector<T> numbers(std::ptrdiff_t n, std::uint32_t seed) {
  std::vector<T> v(static_cast<std::size_t>(n));
  std::uint32_t state = seed * 2654435761u + 1;
  for (T& x : v) {
    state = state * 1664525u + 1013904223u;
    x = static_cast<T>(static_cast<double>(state >> 8) / double(1 << 23) - 1);
  }
  return v;
}

/// b [D] as each of n rows, [n,D]: an outer product with ones.
inline Var under_every_row(Var b, std::ptrdiff_t n) {
  const std::vector<double> ones(static_cast<std::size_t>(n), 1);
  return matmul(b.on().constant(ones, {n, 1}), reshape(b, {1, b.shape()[0]}));
}

/// Columns [begin, end) of a matrix x [R,D]: a product with the columns of the identity.
inline Var columns(Var x, std::ptrdiff_t begin, std::ptrdiff_t end) {
  const std::ptrdiff_t D = x.shape()[1], n = end - begin;
  std::vector<double> selection(static_cast<std::size_t>(D * n), 0);
  for (std::ptrdiff_t j = 0; j < n; ++j)
    selection[static_cast<std::size_t>((begin + j) * n + j)] = 1;
  return matmul(x, x.on().constant(selection, {D, n}));
}

/// Every element of `got` lies within `tolerance` of its place in `want`, relative to the larger of
/// 1 and |want|.
template <class T>
void check_close(std::span<const T> got, const std::vector<double>& want,
                 double tolerance = 1e-12) {
  REQUIRE(got.size() == want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    INFO("element ", i, " is ", got[i], ", expected ", want[i]);
    const double scale = std::max(1.0, std::abs(want[i]));
    CHECK(std::abs(static_cast<double>(got[i]) - want[i]) <= tolerance * scale);
  }
}

/// The sentence of the Error that f throws; empty if it throws none.
template <class F>
std::string message(F f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return {};
}

}  // namespace planet::test
