// Reductions: to one number, or over the last axis. Sums are taken in one fixed order
// (kernels/reduce.hpp), so the bits do not depend on the number of threads. Next: gaussian.hpp,
// whose losses are sums over the last axis.
#pragma once

#include <array>
#include <limits>

#include "autograd/kernels/math.hpp"
#include "autograd/kernels/reduce.hpp"
#include "autograd/ops/common.hpp"

namespace planet::ops {

// y = sum_i x_i                            dx_i += dy
struct Sum {
  static constexpr std::string_view name = "sum";
  static constexpr int arity = 1;
  static Shape shape(Shapes, const NoAttr&) { return {1}; }
  template <class T>
  static void forward(const Call<T>& c) {
    *c.y() = kernels::sum(c.x(0), c.shape(0).size());
  }
  template <class T>
  static void backward(const Call<T>& c) {
    const T dy = *c.dy();
    if (T* dx = c.dx(0)) kernels::each(c.shape(0).size(), [=](auto i) { dx[i] += dy; });
  }
  static constexpr std::array examples = {
      Example<>{"a matrix", {{{3, 5}}}},
      Example<>{"more than three vector registers, odd", {{{53}}}},
      Example<>{"one element", {{{1}}}},
  };
};

// y = 1/n sum_i x_i                        dx_i += dy / n
struct Mean {
  static constexpr std::string_view name = "mean";
  static constexpr int arity = 1;
  static Shape shape(Shapes in, const NoAttr&) {
    require(in[0].size() > 0, "x is ", in[0], "; a mean needs at least one element");
    return {1};
  }
  template <class T>
  static void forward(const Call<T>& c) {
    const auto n = c.shape(0).size();
    *c.y() = kernels::sum(c.x(0), n) / static_cast<T>(n);
  }
  template <class T>
  static void backward(const Call<T>& c) {
    const auto n = c.shape(0).size();
    const T dy = *c.dy() / static_cast<T>(n);
    if (T* dx = c.dx(0)) kernels::each(n, [=](auto i) { dx[i] += dy; });
  }
  static constexpr std::array examples = {
      Example<>{"a matrix", {{{3, 5}}}},
      Example<>{"four axes", {{{2, 3, 2, 3}}}},
  };
};

// y[r] = sum_c x[r,c]                      dx[r,c] += dy[r]
struct SumLast {
  static constexpr std::string_view name = "sum_last";
  static constexpr int arity = 1;
  static Shape shape(Shapes in, const NoAttr&) { return in[0].without_last(); }
  template <class T>
  static void forward(const Call<T>& c) {
    kernels::row_sums(c.x(0), c.shape(0).rows(), c.shape(0).last(), c.y());
  }
  template <class T>
  static void backward(const Call<T>& c) {
    add_per_row(c.sink(0), c.dy(), c.shape(0).rows(), c.shape(0).last(), [](auto) { return T(1); });
  }
  static constexpr std::array examples = {
      Example<>{"a matrix", {{{3, 5}}}},
      Example<>{"three axes, rows longer than a register", {{{1, 3, 19}}}},
      Example<>{"a vector", {{{4}}}},
  };
};

// y[r] = ln sum_c e^x[r,c]                 dx[r,c] += dy[r] e^(x[r,c] - y[r])
// A row of nothing but -infinity gives -infinity and no gradient, because every e^x is zero.
struct LogSumExp {
  static constexpr std::string_view name = "log_sum_exp";
  static constexpr int arity = 1;
  static Shape shape(Shapes in, const NoAttr&) {
    require(in[0].last() > 0, "x is ", in[0], "; the last axis must have at least one element");
    return in[0].without_last();
  }
  template <class T>
  static void forward(const Call<T>& c) {
    kernels::log_sum_exp_rows(c.x(0), c.shape(0).rows(), c.shape(0).last(), c.y());
  }
  template <class T>
  static void backward(const Call<T>& c) {
    const auto dx = c.sink(0);
    if (!dx) return;
    const T *x = c.x(0), *y = c.y(), *dy = c.dy();
    const auto R = c.shape(0).rows(), D = c.shape(0).last();
    T* p = c.scratch(R * D);  // the softmax of each row: at most 1, so nothing overflows
    each_row(R, D, [=](auto r) {
      const T shift = y[r] == -std::numeric_limits<T>::infinity() ? T(0) : y[r];
      for (std::ptrdiff_t j = 0; j < D; ++j) p[r * D + j] = x[r * D + j] - shift;
    });
    kernels::exp(p, p, R * D);
    add_per_row(dx, dy, R, D, [=](auto i) { return p[i]; });
  }
  static constexpr std::array examples = {
      Example<>{"a matrix", {{{3, 5}, -3, 3}}},
      Example<>{"three axes", {{{2, 2, 3}, -3, 3}}},
      Example<>{"a vector far from zero", {{{4}, 60, 62}}},
      Example<>{"one column", {{{3, 1}, -3, 3}}},
  };
};

}  // namespace planet::ops
