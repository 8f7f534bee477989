// Ops that move values without arithmetic. Those whose elements stay contiguous are views: they
// share value and gradient memory with their input, and need neither forward nor backward. The
// columns of a matrix are not contiguous, so concat copies.
#pragma once

#include <algorithm>
#include <array>

#include "autograd/ops/common.hpp"

namespace planet::ops {

// y = x, other axes                        dx = dy (the same memory)
struct Reshape {
  struct Attr {
    Shape to;
  };
  static constexpr std::string_view name = "reshape";
  static constexpr int arity = 1;
  static constexpr bool is_view = true;
  static Shape shape(Shapes in, const Attr& a) {
    require(in[0].size() == a.to.size() && a.to.rank() > 0, "x is ", in[0], ", the new shape is ",
            a.to, "; both must have the same number of elements, ", in[0].size(), " against ",
            a.to.size());
    return a.to;
  }
  static std::ptrdiff_t offset(Shapes, const Attr&) { return 0; }
  static constexpr std::array examples = {
      Example<Attr>{"time and batch into rows", {{{2, 3, 4}}}, {{6, 4}}},
      Example<Attr>{"a vector into an image", {{{2, 8}}}, {{2, 2, 2, 2}}},
  };
};

// y[i] = x[begin + i]                      dx[begin + i] = dy[i] (the same memory)
struct SliceFirst {
  struct Attr {
    std::ptrdiff_t begin, end;
    bool drop_axis;  // for at(): one index, whose axis is removed
  };
  static constexpr std::string_view name = "slice_first";
  static constexpr int arity = 1;
  static constexpr bool is_view = true;
  static Shape shape(Shapes in, const Attr& a) {
    require(in[0].rank() > 0 && 0 <= a.begin && a.begin < a.end && a.end <= in[0][0], "x is ",
            in[0], ", the slice of its first axis is ", a.begin, " to ", a.end,
            "; it must satisfy 0 <= begin < end <= ", in[0].rank() > 0 ? in[0][0] : 0);
    return a.drop_axis ? in[0].without_first() : in[0].with_first(a.end - a.begin);
  }
  static std::ptrdiff_t offset(Shapes in, const Attr& a) {
    return a.begin * (in[0].size() / in[0][0]);
  }
  static constexpr std::array examples = {
      Example<Attr>{"from the middle", {{{5, 2, 3}}}, {1, 4, false}},
      Example<Attr>{"the beginning", {{{4, 3}}}, {0, 2, false}},
      Example<Attr>{"one step of a sequence", {{{3, 2, 2}}}, {2, 3, true}},
      Example<Attr>{"one element of a vector", {{{4}}}, {1, 2, true}},
  };
};

// y = x                                    no gradient
struct StopGradient {
  static constexpr std::string_view name = "stop_gradient";
  static constexpr int arity = 1;
  static constexpr bool is_view = true;
  static constexpr std::array<bool, 1> differentiable = {false};
  static Shape shape(Shapes in, const NoAttr&) { return in[0]; }
  static std::ptrdiff_t offset(Shapes, const NoAttr&) { return 0; }
  static constexpr std::array examples = {Example<>{"a matrix", {{{2, 3}}}}};
};

// y[r] = [x_0[r], x_1[r], ...]             dx_i[r,j] += dy[r,offset_i + j]
struct Concat {
  static constexpr std::string_view name = "concat";
  static constexpr int arity = variadic;
  static Shape shape(Shapes in, const NoAttr&) {
    std::ptrdiff_t columns = 0;
    for (std::size_t i = 0; i < in.size(); ++i) {
      require(in[i].rank() > 0 && in[i].with_last(1) == in[0].with_last(1), "input 0 is ", in[0],
              ", input ", i, " is ", in[i], "; all axes but the last must be equal");
      columns += in[i].last();
    }
    return in[0].with_last(columns);
  }
  template <class T>
  static void forward(const Call<T>& c) {
    const auto D = c.shape().last();
    T* y = c.y();
    for (int i = 0; i < c.arity(); ++i) {
      const auto E = c.shape(i).last();
      const T* x = c.x(i);
      each_row(c.shape().rows(), E, [=](auto r) { std::copy_n(x + r * E, E, y + r * D); });
      y += E;
    }
  }
  template <class T>
  static void backward(const Call<T>& c) {
    const auto D = c.shape().last();
    const T* dy = c.dy();
    for (int i = 0; i < c.arity(); ++i) {
      const auto E = c.shape(i).last();
      if (T* dx = c.dx(i))
        each_row(c.shape().rows(), E, [=](auto r) {
          for (std::ptrdiff_t j = 0; j < E; ++j) dx[r * E + j] += dy[r * D + j];
        });
      dy += E;
    }
  }
  static constexpr std::array examples = {
      Example<>{"two widths", {{{3, 4}}, {{3, 2}}}},
      Example<>{"three inputs, three axes", {{{2, 2, 1}}, {{2, 2, 3}}, {{2, 2, 2}}}},
      Example<>{"vectors", {{{2}}, {{5}}}},
      Example<>{"only one", {{{2, 3}}}},
  };
};

// y[i] = x_i                               dx_i += dy[i]
struct Stack {
  static constexpr std::string_view name = "stack";
  static constexpr int arity = variadic;
  static Shape shape(Shapes in, const NoAttr&) {
    for (std::size_t i = 0; i < in.size(); ++i)
      require(in[i] == in[0], "input 0 is ", in[0], ", input ", i, " is ", in[i],
              "; the shapes must be equal");
    require(in[0].rank() < Shape::max_rank, "input 0 is ", in[0], "; the result would have ",
            in[0].rank() + 1, " axes, and ", Shape::max_rank, " are the most there can be");
    return in[0].with_new_first(static_cast<std::ptrdiff_t>(in.size()));
  }
  template <class T>
  static void forward(const Call<T>& c) {
    const auto n = c.shape(0).size();
    for (int i = 0; i < c.arity(); ++i) std::copy_n(c.x(i), n, c.y() + i * n);
  }
  template <class T>
  static void backward(const Call<T>& c) {
    const auto n = c.shape(0).size();
    for (int i = 0; i < c.arity(); ++i) {
      const T* dy = c.dy() + i * n;
      if (T* dx = c.dx(i)) kernels::each(n, [=](auto k) { dx[k] += dy[k]; });
    }
  }
  static constexpr std::array examples = {
      Example<>{"three steps", {{{2, 3}}, {{2, 3}}, {{2, 3}}}},
      Example<>{"vectors", {{{4}}, {{4}}}},
      Example<>{"one image", {{{2, 2, 3}}}},
  };
};

}  // namespace planet::ops
