// Convolution and its transpose: images [N,H,W,C], square strides, no padding ("valid").
//
// Each is the other's adjoint, so three kernels (kernels/conv.hpp) serve all six passes. With x
// the smaller image of the pair and the filter [kh,kw,C_large,C_small]:
//   conv   large -> small    conv^T   small -> large    filter gradient   (large, small) -> filter
#pragma once

#include <array>

#include "autograd/kernels/conv.hpp"
#include "autograd/kernels/math.hpp"
#include "autograd/kernels/reduce.hpp"
#include "autograd/ops/common.hpp"

namespace planet::ops {

struct ConvAttr {
  int stride;
  Activation act;
};

/// Checks x, w and b of either convolution; `in` and `out` are the axes of w for the channels of x
/// and of b.
inline void check_convolution(Shapes s, const ConvAttr& a, int in, int out) {
  const Shape &x = s[0], &w = s[1], &b = s[2];
  require(x.rank() == 4 && w.rank() == 4, "x is ", x, ", w is ", w,
          "; both must have four axes, [N,H,W,channels] and [kh,kw,",
          in == 2 ? "in,out]" : "out,in]");
  require(x[3] == w[in], "x is ", x, ", w is ", w, "; the input channels ", x[3], " and ", w[in],
          " must be equal (w is ", in == 2 ? "[kh,kw,in,out])" : "[kh,kw,out,in])");
  require(b == Shape{w[out]}, "w is ", w, ", b is ", b, "; b must be [", w[out],
          "], one element per output channel");
  require(a.stride >= 1, "x is ", x, ", w is ", w, ", the stride is ", a.stride,
          "; it must be at least 1");
}

// y[n,i,j,f] = act( b[f] + sum_{p,q,c} x[n, i s + p, j s + q, c] w[p,q,c,f] )
// dz = dy act'(z)   dx += conv^T(dz, w)   dw += filter gradient(x, dz)   db += sum_{n,i,j} dz
struct Conv2d {
  using Attr = ConvAttr;
  static constexpr std::string_view name = "conv2d";
  static constexpr int arity = 3;

  static kernels::ConvShape geometry(const Shape& x, const Shape& w, const Attr& a) {
    return {x[0], x[1], x[2], x[3], w[0], w[1], a.stride, w[3]};
  }
  static Shape shape(Shapes in, const Attr& a) {
    check_convolution(in, a, 2, 3);
    const Shape &x = in[0], &w = in[1];
    require(w[0] >= 1 && w[1] >= 1 && w[0] <= x[1] && w[1] <= x[2], "x is ", x, ", w is ", w,
            "; the ", w[0], "x", w[1], " window must fit into the ", x[1], "x", x[2], " image");
    const kernels::ConvShape g = geometry(x, w, a);
    return {g.N, g.out_h(), g.out_w(), g.F};
  }
  template <class T>
  static void forward(const Call<T, Attr>& c) {
    kernels::conv2d(geometry(c.shape(0), c.shape(1), c.attr()), c.x(0), c.x(1), c.y(),
                    {.bias = c.x(2), .act = c.attr().act}, c.precision());
  }
  template <class T>
  static void backward(const Call<T, Attr>& c) {
    const kernels::ConvShape g = geometry(c.shape(0), c.shape(1), c.attr());
    T* dz = c.dy();
    kernels::activate_backward_and_sum(c.attr().act, c.y(), dz, c.shape().rows(), c.shape().last(),
                                       c.dx(2));
    if (const auto dx = c.sink(0))
      kernels::conv2d_adjoint<T>(g, dz, c.x(1), dx.p, {.accumulate = dx.add}, c.precision());
    if (T* dw = c.dx(1)) kernels::conv2d_filter_gradient<T>(g, c.x(0), dz, dw, c.precision());
  }
  static constexpr std::array examples = {
      Example<Attr>{"1x1", {{{2, 2, 3, 2}}, {{1, 1, 2, 3}}, {{3}}}, {1, Activation::none}},
      Example<Attr>{
          "2x2, stride 2, relu", {{{2, 4, 4, 1}}, {{2, 2, 1, 3}}, {{3}}}, {2, Activation::relu}},
      Example<Attr>{
          "2x3, stride 1", {{{1, 4, 5, 2}}, {{2, 3, 2, 2}}, {{2}}}, {1, Activation::tanh}},
      Example<Attr>{"3x3, stride 2, a row left over",
                    {{{1, 6, 5, 2}}, {{3, 3, 2, 2}}, {{2}}},
                    {2, Activation::elu}},
      Example<Attr>{"4x4, stride 2, the encoder's",
                    {{{1, 6, 6, 1}}, {{4, 4, 1, 2}}, {{2}}},
                    {2, Activation::relu}},
      Example<Attr>{
          "5x5, stride 3", {{{1, 5, 8, 1}}, {{5, 5, 1, 2}}, {{2}}}, {3, Activation::sigmoid}},
      Example<Attr>{
          "6x6, one window", {{{1, 6, 6, 1}}, {{6, 6, 1, 1}}, {{1}}}, {2, Activation::softplus}},
      Example<Attr>{"2x2, stride 3: pixels no window reaches",
                    {{{1, 6, 6, 1}}, {{2, 2, 1, 2}}, {{2}}},
                    {3, Activation::none}},
  };
};

// y = act( b[f] + conv^T(x, w) ): every x[n,i,j,c] w[p,q,f,c] is added to y[n, i s + p, j s + q, f]
// dz = dy act'(z)   dx += conv(dz, w)   dw += filter gradient(dz, x)   db += sum_{n,i,j} dz
struct Conv2dTranspose {
  using Attr = ConvAttr;
  static constexpr std::string_view name = "conv2d_transpose";
  static constexpr int arity = 3;

  static kernels::ConvShape geometry(const Shape& x, const Shape& w, const Attr& a) {
    return {x[0],
            (x[1] - 1) * a.stride + w[0],
            (x[2] - 1) * a.stride + w[1],
            w[2],
            w[0],
            w[1],
            a.stride,
            w[3]};
  }
  static Shape shape(Shapes in, const Attr& a) {
    check_convolution(in, a, 3, 2);
    const Shape &x = in[0], &w = in[1];
    require(w[0] >= 1 && w[1] >= 1 && x[1] >= 1 && x[2] >= 1, "x is ", x, ", w is ", w,
            "; image and window must have at least one row and one column");
    const kernels::ConvShape g = geometry(x, w, a);
    return {g.N, g.H, g.W, g.C};
  }
  template <class T>
  static void forward(const Call<T, Attr>& c) {
    kernels::conv2d_adjoint(geometry(c.shape(0), c.shape(1), c.attr()), c.x(0), c.x(1), c.y(),
                            {.bias = c.x(2), .act = c.attr().act}, c.precision());
  }
  template <class T>
  static void backward(const Call<T, Attr>& c) {
    const kernels::ConvShape g = geometry(c.shape(0), c.shape(1), c.attr());
    T* dz = c.dy();
    kernels::activate_backward_and_sum(c.attr().act, c.y(), dz, c.shape().rows(), c.shape().last(),
                                       c.dx(2));
    if (const auto dx = c.sink(0))
      kernels::conv2d<T>(g, dz, c.x(1), dx.p, {.accumulate = dx.add}, c.precision());
    if (T* dw = c.dx(1)) kernels::conv2d_filter_gradient<T>(g, dz, c.x(0), dw, c.precision());
  }
  static constexpr std::array examples = {
      Example<Attr>{"1x1", {{{2, 2, 3, 2}}, {{1, 1, 3, 2}}, {{3}}}, {1, Activation::none}},
      Example<Attr>{
          "2x2, stride 2, relu", {{{2, 2, 2, 1}}, {{2, 2, 3, 1}}, {{3}}}, {2, Activation::relu}},
      Example<Attr>{
          "2x3, stride 1", {{{1, 3, 2, 2}}, {{2, 3, 2, 2}}, {{2}}}, {1, Activation::tanh}},
      Example<Attr>{"3x3, stride 2", {{{1, 2, 3, 2}}, {{3, 3, 2, 2}}, {{2}}}, {2, Activation::elu}},
      Example<Attr>{
          "4x4, stride 3", {{{2, 1, 2, 1}}, {{4, 4, 2, 1}}, {{2}}}, {3, Activation::sigmoid}},
      Example<Attr>{"5x5, stride 2, from one pixel",
                    {{{1, 1, 1, 1}, 0.5, 2}, {{5, 5, 2, 1}}, {{2}}},
                    {2, Activation::elu}},
      Example<Attr>{"6x6, stride 2, the decoder's last",
                    {{{1, 2, 2, 1}}, {{6, 6, 1, 1}}, {{1}}},
                    {2, Activation::softplus}},
      Example<Attr>{"2x2, stride 3: pixels no window reaches",
                    {{{1, 2, 3, 2}}, {{2, 2, 1, 2}}, {{1}}},
                    {3, Activation::none}},
  };
};

}  // namespace planet::ops
