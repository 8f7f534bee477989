// Dense layers: matrix product, linear layer, and the GRU cell of Section 3's state model.
//
// The products are those of kernels/gemm.hpp. Bias and activation are applied while a tile of the
// result is still in registers; in backward, the derivative of the activation is computed from its
// result y (activation.hpp), so a layer keeps nothing but y. Next: conv.hpp, the same with windows.
#pragma once

#include <array>

#include "autograd/kernels/gemm.hpp"
#include "autograd/kernels/math.hpp"
#include "autograd/kernels/reduce.hpp"
#include "autograd/ops/common.hpp"

namespace planet::ops {

// Y = A B                                  dA += dY B^T      dB += A^T dY
struct MatMul {
  static constexpr std::string_view name = "matmul";
  static constexpr int arity = 2;
  static Shape shape(Shapes in, const NoAttr&) {
    const Shape &a = in[0], &b = in[1];
    require(a.rank() == 2 && b.rank() == 2, "a is ", a, ", b is ", b,
            "; both must be matrices, [M,K] and [K,N]");
    require(a[1] == b[0], "a is ", a, ", b is ", b, "; the inner sizes ", a[1], " and ", b[0],
            " must be equal");
    return {a[0], b[1]};
  }
  template <class T>
  static void forward(const Call<T>& c) {
    const auto M = c.shape()[0], N = c.shape()[1], K = c.shape(0)[1];
    kernels::gemm<T>(M, N, K, kernels::rows(c.x(0), K), kernels::rows(c.x(1), N), c.y(), N, {},
                     c.precision());
  }
  template <class T>
  static void backward(const Call<T>& c) {
    const auto M = c.shape()[0], N = c.shape()[1], K = c.shape(0)[1];
    const T *A = c.x(0), *B = c.x(1), *dY = c.dy();
    const kernels::Epilogue<T> add{.accumulate = true};
    if (const auto dA = c.sink(0))
      kernels::gemm<T>(M, K, N, kernels::rows(dY, N), kernels::transposed(B, N), dA.p, K,
                       {.accumulate = dA.add}, c.precision());
    if (T* dB = c.dx(1))
      kernels::gemm(K, N, M, kernels::transposed(A, K), kernels::rows(dY, N), dB, N, add,
                    c.precision());
  }
  static constexpr std::array examples = {
      Example<>{"odd sizes", {{{3, 5}}, {{5, 7}}}},
      Example<>{"a row times a matrix", {{{1, 4}}, {{4, 3}}}},
      Example<>{"an outer product", {{{5, 1}}, {{1, 3}}}},
      Example<>{"a square", {{{3, 3}}, {{3, 3}}}},
  };
};

// Z = X W + b, Y = act(Z)                  dZ = dY act'(Z), from Y, in place of dY
//                                          dX += dZ W^T      dW += X^T dZ      db += sum_r dZ[r]
struct Linear {
  struct Attr {
    Activation act;
  };
  static constexpr std::string_view name = "linear";
  static constexpr int arity = 3;
  static Shape shape(Shapes in, const Attr&) {
    const Shape &x = in[0], &W = in[1], &b = in[2];
    require(W.rank() == 2, "x is ", x, ", W is ", W, "; W must be a matrix [in,out]");
    require(x.rank() > 0 && x.last() == W[0], "x is ", x, ", W is ", W, "; the inner sizes ",
            x.last(), " and ", W[0], " must be equal");
    require(b == Shape{W[1]}, "W is ", W, ", b is ", b, "; b must be [", W[1],
            "], one element per column of W");
    return x.with_last(W[1]);
  }
  template <class T>
  static void forward(const Call<T, Attr>& c) {
    const auto M = c.shape().rows(), I = c.shape(1)[0], O = c.shape(1)[1];
    kernels::gemm(M, O, I, kernels::rows(c.x(0), I), kernels::rows(c.x(1), O), c.y(), O,
                  {.bias = c.x(2), .act = c.attr().act}, c.precision());
  }
  template <class T>
  static void backward(const Call<T, Attr>& c) {
    const auto M = c.shape().rows(), I = c.shape(1)[0], O = c.shape(1)[1];
    const T *x = c.x(0), *W = c.x(1);
    T* dz = c.dy();
    kernels::activate_backward_and_sum(c.attr().act, c.y(), dz, M, O, c.dx(2));
    const kernels::Epilogue<T> add{.accumulate = true};
    if (const auto dx = c.sink(0))
      kernels::gemm<T>(M, I, O, kernels::rows(dz, O), kernels::transposed(W, O), dx.p, I,
                       {.accumulate = dx.add}, c.precision());
    if (T* dW = c.dx(1))
      kernels::gemm(I, O, M, kernels::transposed(x, I), kernels::rows(dz, O), dW, O, add,
                    c.precision());
  }
  static constexpr std::array examples = {
      Example<Attr>{"no activation", {{{3, 5}}, {{5, 4}}, {{4}}}, {Activation::none}},
      Example<Attr>{"relu, both signs", {{{3, 5}}, {{5, 4}}, {{4}}}, {Activation::relu}},
      Example<Attr>{"elu", {{{3, 5}, -2, 2}, {{5, 4}}, {{4}}}, {Activation::elu}},
      Example<Attr>{"tanh, three axes", {{{2, 3, 4}}, {{4, 5}}, {{5}}}, {Activation::tanh}},
      Example<Attr>{"sigmoid, batch 1", {{{1, 7}}, {{7, 3}}, {{3}}}, {Activation::sigmoid}},
      Example<Attr>{"softplus, one output", {{{4, 3}}, {{3, 1}}, {{1}}}, {Activation::softplus}},
      Example<Attr>{
          "a vector, wider than a register", {{{2}}, {{2, 19}}, {{19}}}, {Activation::tanh}},
      Example<Attr>{"one input", {{{3, 1}}, {{1, 2}}, {{2}}}, {Activation::none}},
  };
};

// The GRU of PlaNet's code (TensorFlow's block cell): the reset gate acts before the product.
//   r, u = sigmoid(x W_x,ru + h W_h,ru + b_ru)
//   c    = tanh(x W_x,c + (r h) W_h,c + b_c)
//   y    = u h + (1 - u) c
// and backwards, with z the arguments of sigmoid and tanh:
//   dz_u = dy (h - c) u (1 - u)      dz_c = dy (1 - u) (1 - c^2)
//   dq   = dz_c W_h,c^T              for q = r h
//   dz_r = dq h r (1 - r)
//   dh  += dy u + dq r + dz_ru W_h,ru^T      dx += dz W_x^T
//   dW_x += x^T dz    dW_h,ru += h^T dz_ru   dW_h,c += q^T dz_c   db += sum_rows dz
// W [X+H,3H]: rows of x, then of h; columns r, u, c. Saved: [r u c] of each row, then q.
struct GruCell {
  static constexpr std::string_view name = "gru_cell";
  static constexpr int arity = 4;

  static Shape shape(Shapes in, const NoAttr&) {
    const Shape &x = in[0], &h = in[1], &W = in[2], &b = in[3];
    require(x.rank() == 2 && h.rank() == 2 && x[0] == h[0], "x is ", x, ", h is ", h,
            "; they must be [B,X] and [B,H] with the same B");
    require(W == Shape{x[1] + h[1], 3 * h[1]}, "x is ", x, ", h is ", h, ", W is ", W,
            "; W must be [X+H,3H] = ", Shape{x[1] + h[1], 3 * h[1]});
    require(b == Shape{3 * h[1]}, "h is ", h, ", b is ", b, "; b must be [3H] = ", Shape{3 * h[1]});
    return h;
  }
  static std::ptrdiff_t saved(Shapes in, const NoAttr&) { return 4 * in[1].size(); }

  template <class T>
  static void forward(const Call<T>& c) {
    const auto B = c.shape()[0], H = c.shape()[1], X = c.shape(0)[1], G = 3 * H;
    const T *x = c.x(0), *h = c.x(1), *W = c.x(2), *Wh = W + X * G, *b = c.x(3);
    T *gates = c.saved(), *q = gates + B * G, *y = c.y();
    const Precision p = c.precision();
    using kernels::gemm, kernels::rows;
    gemm(B, G, X, rows(x, X), rows(W, G), gates, G, {.bias = b}, p);
    gemm(B, 2 * H, H, rows(h, H), rows(Wh, G), gates, G,
         {.accumulate = true, .act = Activation::sigmoid}, p);
    each_row(B, H, [=](auto i) {
      const T* r = gates + i * G;
      for (std::ptrdiff_t j = 0; j < H; ++j) q[i * H + j] = r[j] * h[i * H + j];
    });
    gemm(B, H, H, rows(q, H), rows(Wh + 2 * H, G), gates + 2 * H, G,
         {.accumulate = true, .act = Activation::tanh}, p);
    each_row(B, H, [=](auto i) {
      const T *u = gates + i * G + H, *cand = u + H;
      for (std::ptrdiff_t j = 0; j < H; ++j)
        y[i * H + j] = u[j] * h[i * H + j] + (1 - u[j]) * cand[j];
    });
  }

  template <class T>
  static void backward(const Call<T>& c) {
    const auto B = c.shape()[0], H = c.shape()[1], X = c.shape(0)[1], G = 3 * H;
    const T *x = c.x(0), *h = c.x(1), *W = c.x(2), *Wh = W + X * G;
    const T *gates = c.saved(), *q = gates + B * G;
    T *dz = c.scratch(B * G), *dq = c.scratch(B * H);
    gate_gradients(c, dz, dq);

    using kernels::gemm, kernels::rows, kernels::transposed;
    const kernels::Epilogue<T> add{.accumulate = true};
    const Precision p = c.precision();
    if (T* dh = c.dx(1)) {
      const T* dy = c.dy();
      each_row(B, H, [=](auto i) {
        const T *r = gates + i * G, *u = r + H;
        for (std::ptrdiff_t j = 0, k = i * H; j < H; ++j, ++k) dh[k] += dy[k] * u[j] + dq[k] * r[j];
      });
      gemm(B, H, 2 * H, rows(dz, G), transposed(Wh, G), dh, H, add, p);
    }
    if (T* dx = c.dx(0)) gemm(B, X, G, rows(dz, G), transposed(W, G), dx, X, add, p);
    if (T* dW = c.dx(2)) {
      T* dWh = dW + X * G;
      gemm(X, G, B, transposed(x, X), rows(dz, G), dW, G, add, p);
      gemm(H, 2 * H, B, transposed(h, H), rows(dz, G), dWh, G, add, p);
      gemm(H, H, B, transposed(q, H), rows(dz + 2 * H, G), dWh + 2 * H, G, add, p);
    }
    if (T* db = c.dx(3)) kernels::add_column_sums(dz, B, G, db);
  }

  // dz [B,3H] and dq [B,H] from dy.
  template <class T>
  static void gate_gradients(const Call<T>& c, T* dz, T* dq) {
    const auto B = c.shape()[0], H = c.shape()[1], X = c.shape(0)[1], G = 3 * H;
    const T *h = c.x(1), *Wh = c.x(2) + X * G, *gates = c.saved(), *dy = c.dy();
    each_row(B, H, [=](auto i) {
      const T *u = gates + i * G + H, *cand = u + H;
      T *dzu = dz + i * G + H, *dzc = dzu + H;
      for (std::ptrdiff_t j = 0, k = i * H; j < H; ++j, ++k) {
        dzu[j] = dy[k] * (h[k] - cand[j]) * u[j] * (1 - u[j]);
        dzc[j] = dy[k] * (1 - u[j]) * (1 - cand[j] * cand[j]);
      }
    });
    kernels::gemm<T>(B, H, H, kernels::rows(dz + 2 * H, G), kernels::transposed(Wh + 2 * H, G), dq,
                     H, {}, c.precision());
    each_row(B, H, [=](auto i) {
      const T* r = gates + i * G;
      T* dzr = dz + i * G;
      for (std::ptrdiff_t j = 0, k = i * H; j < H; ++j, ++k)
        dzr[j] = dq[k] * h[k] * r[j] * (1 - r[j]);
    });
  }

  static constexpr std::array examples = {
      Example<>{"odd sizes", {{{3, 2}, -2, 2}, {{3, 3}, -2, 2}, {{5, 9}}, {{9}}}},
      Example<>{"batch 1", {{{1, 4}, -2, 2}, {{1, 2}, -2, 2}, {{6, 6}}, {{6}}}},
      Example<>{"one input and one unit",
                {{{3, 1}, -2, 2}, {{3, 1}, -2, 2}, {{2, 3}, -2, 2}, {{3}}}},
  };
};

}  // namespace planet::ops
