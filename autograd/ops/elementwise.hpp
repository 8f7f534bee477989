// Elementwise ops: the same shape in and out.
//
// Read `Mul` first: it is the pattern of every op. A binary op computes the gradients of its inputs
// in two loops, never in one: the inputs may be overlapping views of one tensor, and a loop may
// only touch element i of what it writes. Next: reduce.hpp, then dense.hpp.
#pragma once

#include <array>
#include <cmath>

#include "autograd/kernels/math.hpp"
#include "autograd/kernels/reduce.hpp"
#include "autograd/ops/common.hpp"

namespace planet::ops {

// y = a b                                  da += dy b        db += dy a
struct Mul {
  static constexpr std::string_view name = "mul";
  static constexpr int arity = 2;
  static Shape shape(Shapes in, const NoAttr&) { return same_shape(in, {"a", "b"}); }
  template <class T>
  static void forward(const Call<T>& c) {
    const T *a = c.x(0), *b = c.x(1);
    T* y = c.y();
    kernels::each(c.shape().size(), [=](auto i) { y[i] = a[i] * b[i]; });
  }
  template <class T>
  static void backward(const Call<T>& c) {
    const T *a = c.x(0), *b = c.x(1), *dy = c.dy();
    const auto n = c.shape().size();
    if (T* da = c.dx(0)) kernels::each(n, [=](auto i) { da[i] += dy[i] * b[i]; });
    if (T* db = c.dx(1)) kernels::each(n, [=](auto i) { db[i] += dy[i] * a[i]; });
  }
  static constexpr std::array examples = {
      Example<>{"a matrix", {{{2, 3}, -2, 2}, {{2, 3}, -2, 2}}},
      Example<>{"four axes", {{{2, 1, 3, 2}, -2, 2}, {{2, 1, 3, 2}, -2, 2}}},
      Example<>{"one element", {{{1}, 1, 2}, {{1}, -2, -1}}},
  };
};

// y = a + b                                da += dy          db += dy
struct Add {
  static constexpr std::string_view name = "add";
  static constexpr int arity = 2;
  static Shape shape(Shapes in, const NoAttr&) { return same_shape(in, {"a", "b"}); }
  template <class T>
  static void forward(const Call<T>& c) {
    const T *a = c.x(0), *b = c.x(1);
    T* y = c.y();
    kernels::each(c.shape().size(), [=](auto i) { y[i] = a[i] + b[i]; });
  }
  template <class T>
  static void backward(const Call<T>& c) {
    const T* dy = c.dy();
    const auto n = c.shape().size();
    if (T* da = c.dx(0)) kernels::each(n, [=](auto i) { da[i] += dy[i]; });
    if (T* db = c.dx(1)) kernels::each(n, [=](auto i) { db[i] += dy[i]; });
  }
  static constexpr std::array examples = {
      Example<>{"a matrix", {{{3, 5}}, {{3, 5}}}},
      Example<>{"a vector", {{{7}}, {{7}}}},
  };
};

// y = a - b                                da += dy          db -= dy
struct Sub {
  static constexpr std::string_view name = "sub";
  static constexpr int arity = 2;
  static Shape shape(Shapes in, const NoAttr&) { return same_shape(in, {"a", "b"}); }
  template <class T>
  static void forward(const Call<T>& c) {
    const T *a = c.x(0), *b = c.x(1);
    T* y = c.y();
    kernels::each(c.shape().size(), [=](auto i) { y[i] = a[i] - b[i]; });
  }
  template <class T>
  static void backward(const Call<T>& c) {
    const T* dy = c.dy();
    const auto n = c.shape().size();
    if (T* da = c.dx(0)) kernels::each(n, [=](auto i) { da[i] += dy[i]; });
    if (T* db = c.dx(1)) kernels::each(n, [=](auto i) { db[i] -= dy[i]; });
  }
  static constexpr std::array examples = {
      Example<>{"a matrix", {{{3, 5}}, {{3, 5}}}},
      Example<>{"three axes", {{{2, 2, 3}}, {{2, 2, 3}}}},
  };
};

// y = a / b                                da += dy / b      db -= dy y / b
struct Div {
  static constexpr std::string_view name = "div";
  static constexpr int arity = 2;
  static Shape shape(Shapes in, const NoAttr&) { return same_shape(in, {"a", "b"}); }
  template <class T>
  static void forward(const Call<T>& c) {
    const T *a = c.x(0), *b = c.x(1);
    T* y = c.y();
    kernels::each(c.shape().size(), [=](auto i) { y[i] = a[i] / b[i]; });
  }
  template <class T>
  static void backward(const Call<T>& c) {
    const T *b = c.x(1), *y = c.y(), *dy = c.dy();
    const auto n = c.shape().size();
    if (T* da = c.dx(0)) kernels::each(n, [=](auto i) { da[i] += dy[i] / b[i]; });
    if (T* db = c.dx(1)) kernels::each(n, [=](auto i) { db[i] -= dy[i] * y[i] / b[i]; });
  }
  static constexpr std::array examples = {
      Example<>{"positive denominators", {{{2, 3}, -2, 2}, {{2, 3}, 0.5, 2}}},
      Example<>{"negative denominators", {{{5}, -2, 2}, {{5}, -2, -0.5}}},
  };
};

// y = k x                                  dx += k dy
struct Scale {
  struct Attr {
    double k;
  };
  static constexpr std::string_view name = "scale";
  static constexpr int arity = 1;
  static Shape shape(Shapes in, const Attr&) { return in[0]; }
  template <class T>
  static void forward(const Call<T, Attr>& c) {
    const T *x = c.x(0), k = static_cast<T>(c.attr().k);
    T* y = c.y();
    kernels::each(c.shape().size(), [=](auto i) { y[i] = k * x[i]; });
  }
  template <class T>
  static void backward(const Call<T, Attr>& c) {
    const T *dy = c.dy(), k = static_cast<T>(c.attr().k);
    if (T* dx = c.dx(0)) kernels::each(c.shape().size(), [=](auto i) { dx[i] += k * dy[i]; });
  }
  static constexpr std::array examples = {
      Example<Attr>{"larger than one", {{{2, 3}}}, {2.5}},
      Example<Attr>{"negative", {{{5}}}, {-0.3}},
  };
};

// y = x + k                                dx += dy
struct AddConstant {
  struct Attr {
    double k;
  };
  static constexpr std::string_view name = "add_constant";
  static constexpr int arity = 1;
  static Shape shape(Shapes in, const Attr&) { return in[0]; }
  template <class T>
  static void forward(const Call<T, Attr>& c) {
    const T *x = c.x(0), k = static_cast<T>(c.attr().k);
    T* y = c.y();
    kernels::each(c.shape().size(), [=](auto i) { y[i] = x[i] + k; });
  }
  template <class T>
  static void backward(const Call<T, Attr>& c) {
    const T* dy = c.dy();
    if (T* dx = c.dx(0)) kernels::each(c.shape().size(), [=](auto i) { dx[i] += dy[i]; });
  }
  static constexpr std::array examples = {Example<Attr>{"the floor of a std", {{{2, 3}}}, {0.1}}};
};

// y = x^2                                  dx += 2 x dy
struct Square {
  static constexpr std::string_view name = "square";
  static constexpr int arity = 1;
  static Shape shape(Shapes in, const NoAttr&) { return in[0]; }
  template <class T>
  static void forward(const Call<T>& c) {
    const T* x = c.x(0);
    T* y = c.y();
    kernels::each(c.shape().size(), [=](auto i) { y[i] = x[i] * x[i]; });
  }
  template <class T>
  static void backward(const Call<T>& c) {
    const T *x = c.x(0), *dy = c.dy();
    if (T* dx = c.dx(0))
      kernels::each(c.shape().size(), [=](auto i) { dx[i] += 2 * x[i] * dy[i]; });
  }
  static constexpr std::array examples = {Example<>{"both signs", {{{3, 4}, -2, 2}}}};
};

// y = e^x                                  dx += y dy
struct Exp {
  static constexpr std::string_view name = "exp";
  static constexpr int arity = 1;
  static Shape shape(Shapes in, const NoAttr&) { return in[0]; }
  template <class T>
  static void forward(const Call<T>& c) {
    kernels::exp(c.x(0), c.y(), c.shape().size());
  }
  template <class T>
  static void backward(const Call<T>& c) {
    const T *y = c.y(), *dy = c.dy();
    if (T* dx = c.dx(0)) kernels::each(c.shape().size(), [=](auto i) { dx[i] += y[i] * dy[i]; });
  }
  static constexpr std::array examples = {
      Example<>{"both signs", {{{3, 5}, -3, 3}}},
      Example<>{"longer than a vector register and odd", {{{37}, -2, 2}}},
  };
};

// y = ln x                                 dx += dy / x
struct Log {
  static constexpr std::string_view name = "log";
  static constexpr int arity = 1;
  static Shape shape(Shapes in, const NoAttr&) { return in[0]; }
  template <class T>
  static void forward(const Call<T>& c) {
    kernels::log(c.x(0), c.y(), c.shape().size());
  }
  template <class T>
  static void backward(const Call<T>& c) {
    const T *x = c.x(0), *dy = c.dy();
    if (T* dx = c.dx(0)) kernels::each(c.shape().size(), [=](auto i) { dx[i] += dy[i] / x[i]; });
  }
  static constexpr std::array examples = {
      Example<>{"around one", {{{3, 5}, 0.2, 3}}},
      Example<>{"large, odd length", {{{19}, 1, 50}}},
  };
};

// y = act(x), see activation.hpp           dx += dy act'(x), from y
struct Activate {
  struct Attr {
    Activation act;
  };
  static constexpr std::string_view name = "activate";
  static constexpr int arity = 1;
  static Shape shape(Shapes in, const Attr&) { return in[0]; }
  template <class T>
  static void forward(const Call<T, Attr>& c) {
    kernels::activate(c.attr().act, c.x(0), c.y(), c.shape().size());
  }
  template <class T>
  static void backward(const Call<T, Attr>& c) {
    T *dx = c.dx(0), *dz = c.dy();
    if (!dx) return;
    kernels::activate_backward(c.attr().act, c.y(), dz, dz, c.shape().size());
    kernels::each(c.shape().size(), [=](auto i) { dx[i] += dz[i]; });
  }
  static constexpr std::array examples = {
      Example<Attr>{"none", {{{2, 3}}}, {Activation::none}},
      Example<Attr>{"relu", {{{3, 7}, -2, 2, 0}}, {Activation::relu}},
      Example<Attr>{"elu", {{{3, 7}, -3, 2, 0}}, {Activation::elu}},
      Example<Attr>{"tanh", {{{3, 7}, -2, 2}}, {Activation::tanh}},
      Example<Attr>{"sigmoid", {{{3, 7}, -4, 4}}, {Activation::sigmoid}},
      Example<Attr>{"softplus", {{{3, 7}, -4, 4}}, {Activation::softplus}},
  };
};

// y = x < k ? k : x                        dx += x <= k ? 0 : dy
// At x = k the gradient is 0. NaN is neither below k nor equal to it, so it stays NaN and lets its
// gradient through: a KL of NaN is not hidden by the clipping to free nats.
struct Maximum {
  struct Attr {
    double k;
  };
  static constexpr std::string_view name = "maximum";
  static constexpr int arity = 1;
  static Shape shape(Shapes in, const Attr& a) {
    require(!std::isnan(a.k), "x is ", in[0], ", the bound is NaN; it must be a number");
    return in[0];
  }
  template <class T>
  static void forward(const Call<T, Attr>& c) {
    const T *x = c.x(0), k = static_cast<T>(c.attr().k);
    T* y = c.y();
    kernels::each(c.shape().size(), [=](auto i) { y[i] = x[i] < k ? k : x[i]; });
  }
  template <class T>
  static void backward(const Call<T, Attr>& c) {
    const T *x = c.x(0), *dy = c.dy(), k = static_cast<T>(c.attr().k);
    if (T* dx = c.dx(0))
      kernels::each(c.shape().size(), [=](auto i) {
        const T through = dy[i];
        dx[i] += x[i] <= k ? T(0) : through;
      });
  }
  static constexpr std::array examples = {
      Example<Attr>{"zero", {{{3, 5}, -2, 2, 0}}, {0}},
      Example<Attr>{"free nats", {{{11}, 0, 6, 3}}, {3}},
  };
};

}  // namespace planet::ops
