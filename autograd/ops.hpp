// The op functions: what layers and losses are written with.
//
// Every function records one op on its arguments' tape and returns the result. Shapes of one
// expression must fit exactly; there are two named broadcasts (add_row, mul_row) and no rule book.
// The struct behind each function, with its derivative and its check, is in ops/ (see op_list.hpp).
// Errors: [op] layer path: both shapes, and the rule that was broken.
#pragma once

#include <span>

#include "autograd/activation.hpp"
#include "autograd/tape.hpp"

namespace planet {

// ---- elementwise: same shape in, same shape out ------------------------------------------------
template <class T>
Var<T> add(Var<T> a, Var<T> b);
template <class T>
Var<T> sub(Var<T> a, Var<T> b);
template <class T>
Var<T> mul(Var<T> a, Var<T> b);
template <class T>
Var<T> div(Var<T> a, Var<T> b);
template <class T>
Var<T> add_row(Var<T> x, Var<T> b);  // x [...,D] + b [D]
template <class T>
Var<T> mul_row(Var<T> x, Var<T> b);  // x [...,D] * b [D]
template <class T>
Var<T> scale(Var<T> x, double c);  // c x
template <class T>
Var<T> add_constant(Var<T> x, double c);  // x + c
template <class T>
Var<T> square(Var<T> x);
template <class T>
Var<T> exp(Var<T> x);
template <class T>
Var<T> log(Var<T> x);
template <class T>
Var<T> activate(Var<T> x, Activation act);
template <class T>
Var<T> relu(Var<T> x) {
  return activate(x, Activation::relu);
}
template <class T>
Var<T> elu(Var<T> x) {
  return activate(x, Activation::elu);
}
template <class T>
Var<T> tanh(Var<T> x) {
  return activate(x, Activation::tanh);
}
template <class T>
Var<T> sigmoid(Var<T> x) {
  return activate(x, Activation::sigmoid);
}
template <class T>
Var<T> softplus(Var<T> x) {
  return activate(x, Activation::softplus);
}
template <class T>
Var<T> maximum(Var<T> x, double c);  // max(x, c); gradient where x > c

template <class T>
Var<T> operator+(Var<T> a, Var<T> b) {
  return add(a, b);
}
template <class T>
Var<T> operator-(Var<T> a, Var<T> b) {
  return sub(a, b);
}
template <class T>
Var<T> operator*(Var<T> a, Var<T> b) {
  return mul(a, b);
}

// ---- reductions --------------------------------------------------------------------------------
template <class T>
Var<T> sum(Var<T> x);  // [...] -> [1]
template <class T>
Var<T> mean(Var<T> x);  // [...] -> [1]
template <class T>
Var<T> sum_last(Var<T> x);  // [...,D] -> [...]
template <class T>
Var<T> log_sum_exp(Var<T> x);  // [...,D] -> [...]

// ---- shape -------------------------------------------------------------------------------------
template <class T>
Var<T> reshape(Var<T> x, Shape shape);  // a view: same elements, same order
template <class T>
Var<T> slice_first(Var<T> x, std::ptrdiff_t begin, std::ptrdiff_t end);  // a view of rows of axis 0
template <class T>
Var<T> slice_last(Var<T> x, std::ptrdiff_t begin,
                  std::ptrdiff_t end);  // a copy of columns of the last axis
template <class T>
Var<T> concat(std::span<const Var<T>> xs);  // [...,D1], [...,D2], ... -> [...,D1+D2+...]
template <class T>
Var<T> concat(Var<T> a, Var<T> b);
template <class T>
Var<T> stack(std::span<const Var<T>> xs);  // n times [B,D] -> [n,B,D]
template <class T>
Var<T> stop_gradient(Var<T> x);  // a view that lets no gradient through

/// x[t] of a sequence [T,...]: the view without its first axis ([1] for a vector).
template <class T>
Var<T> at(Var<T> x, std::ptrdiff_t t);

// ---- dense -------------------------------------------------------------------------------------
template <class T>
Var<T> matmul(Var<T> a, Var<T> b);  // [M,K] [K,N] -> [M,N]
/// act(x W + b): x [...,I], W [I,O], b [O] -> [...,O].
template <class T>
Var<T> linear(Var<T> x, Var<T> W, Var<T> b, Activation act = Activation::none);
/// PlaNet's GRU (TensorFlow's block cell): x [B,X], h [B,H], W [X+H,3H] with columns r, u, c, b
/// [3H].
///   r, u = sigmoid([x,h] W_ru + b_ru)   c = tanh([x, r*h] W_c + b_c)   h' = u*h + (1-u)*c
template <class T>
Var<T> gru_cell(Var<T> x, Var<T> h, Var<T> W, Var<T> b);

// ---- convolution: images [N,H,W,C], valid ------------------------------------------------------
/// x [N,H,W,C], w [kh,kw,C,F], b [F] -> [N,(H-kh)/stride+1,(W-kw)/stride+1,F].
template <class T>
Var<T> conv2d(Var<T> x, Var<T> w, Var<T> b, int stride, Activation act = Activation::none);
/// x [N,H,W,C], w [kh,kw,F,C], b [F] -> [N,(H-1)*stride+kh,(W-1)*stride+kw,F].
template <class T>
Var<T> conv2d_transpose(Var<T> x, Var<T> w, Var<T> b, int stride,
                        Activation act = Activation::none);

// ---- Gaussians with diagonal covariance: [...,D], sums over D ----------------------------------
/// mean + std * noise; noise takes no gradient (the reparameterisation).
template <class T>
Var<T> gaussian_sample(Var<T> mean, Var<T> std, Var<T> noise);
/// KL[q || p], summed over the last axis: [...,D] -> [...].
template <class T>
Var<T> gaussian_kl(Var<T> q_mean, Var<T> q_std, Var<T> p_mean, Var<T> p_std);
/// ln N(x; mean, std^2), summed over the last axis, constants included: [...,D] -> [...].
template <class T>
Var<T> gaussian_log_likelihood(Var<T> x, Var<T> mean, Var<T> std);
/// 1/2 |x - target|^2 summed over all but the first `kept` axes, where target takes no gradient:
/// the negative unit-variance log-likelihood without its constant. [A,B,...] -> [A,B] for kept = 2.
template <class T>
Var<T> half_squared_error(Var<T> x, Var<T> target, int kept = 1);

}  // namespace planet
