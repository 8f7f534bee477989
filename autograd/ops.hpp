// The op functions, from which layers and losses are written.
//
// Every function records one op on the tape of its arguments and returns the result. Shapes must
// match exactly: nothing is broadcast; the bias of a layer is part of its op.
// The struct behind each function, with its derivative and its check, is in ops/ (see op_list.hpp).
// Errors: "[op] layer path: ", then both shapes and the rule that was broken.
#pragma once

#include <span>

#include "autograd/activation.hpp"
#include "autograd/tape.hpp"

namespace planet {

// ---- elementwise: same shape in, same shape out ------------------------------------------------
Var add(Var a, Var b);
Var sub(Var a, Var b);
Var mul(Var a, Var b);
Var div(Var a, Var b);
Var scale(Var x, double c);         // c x
Var add_constant(Var x, double c);  // x + c
Var square(Var x);
Var exp(Var x);
Var log(Var x);
Var activate(Var x, Activation act);
inline Var relu(Var x) { return activate(x, Activation::relu); }
inline Var elu(Var x) { return activate(x, Activation::elu); }
inline Var tanh(Var x) { return activate(x, Activation::tanh); }
inline Var sigmoid(Var x) { return activate(x, Activation::sigmoid); }
inline Var softplus(Var x) { return activate(x, Activation::softplus); }
Var maximum(Var x, double c);  // max(x, c); gradient where x > c

inline Var operator+(Var a, Var b) { return add(a, b); }
inline Var operator-(Var a, Var b) { return sub(a, b); }
inline Var operator*(Var a, Var b) { return mul(a, b); }
inline Var operator/(Var a, Var b) { return div(a, b); }
inline Var operator-(Var x) { return scale(x, -1); }
inline Var operator+(Var x, double c) { return add_constant(x, c); }
inline Var operator+(double c, Var x) { return add_constant(x, c); }
inline Var operator-(Var x, double c) { return add_constant(x, -c); }
inline Var operator-(double c, Var x) { return add_constant(-x, c); }
inline Var operator*(Var x, double c) { return scale(x, c); }
inline Var operator*(double c, Var x) { return scale(x, c); }
inline Var operator/(Var x, double c) { return scale(x, 1 / c); }  // rounds twice
Var operator/(double c, Var x);

// ---- reductions --------------------------------------------------------------------------------
Var sum(Var x);          // [...] -> [1]
Var mean(Var x);         // [...] -> [1]
Var sum_last(Var x);     // [...,D] -> [...]
Var log_sum_exp(Var x);  // [...,D] -> [...]

// ---- shape -------------------------------------------------------------------------------------
Var reshape(Var x, Shape shape);  // a view: same elements, same order
Var slice_first(Var x, std::ptrdiff_t begin, std::ptrdiff_t end);  // a view of rows of axis 0
Var concat(std::span<const Var> xs);  // [...,D1], [...,D2], ... -> [...,D1+D2+...]
Var concat(Var a, Var b);
Var stack(std::span<const Var> xs);  // n times [B,D] -> [n,B,D]
Var stop_gradient(Var x);            // a view that lets no gradient through

/// x[t] of a sequence [L,...]: the view without its first axis ([1] for a vector).
Var at(Var x, std::ptrdiff_t t);

// ---- dense -------------------------------------------------------------------------------------
Var matmul(Var a, Var b);  // [M,K] [K,N] -> [M,N]
/// act(x W + b): x [...,I], W [I,O], b [O] -> [...,O].
Var linear(Var x, Var W, Var b, Activation act = Activation::none);
/// PlaNet's GRU (TensorFlow's block cell): x [B,X], h [B,H], W [X+H,3H], b [3H]; the columns of W
/// and b are r, u, c.
///   r, u = sigmoid([x,h] W_ru + b_ru)   c = tanh([x, r*h] W_c + b_c)   h' = u*h + (1-u)*c
Var gru_cell(Var x, Var h, Var W, Var b);

// ---- convolution: images [N,H,W,C], valid ------------------------------------------------------
/// x [N,H,W,C], w [kh,kw,C,F], b [F] -> [N,(H-kh)/stride+1,(W-kw)/stride+1,F].
Var conv2d(Var x, Var w, Var b, int stride, Activation act = Activation::none);
/// x [N,H,W,C], w [kh,kw,F,C], b [F] -> [N,(H-1)*stride+kh,(W-1)*stride+kw,F].
Var conv2d_transpose(Var x, Var w, Var b, int stride, Activation act = Activation::none);

// ---- Gaussians with diagonal covariance: [...,D], sums over D ----------------------------------
/// mean + std * noise; noise takes no gradient (the reparameterisation).
Var gaussian_sample(Var mean, Var std, Var noise);
/// KL[q || p], summed over the last axis: [...,D] -> [...].
Var gaussian_kl(Var q_mean, Var q_std, Var p_mean, Var p_std);
/// ln N(x; mean, std^2), summed over the last axis, constants included: [...,D] -> [...].
Var gaussian_log_likelihood(Var x, Var mean, Var std);
/// 1/2 |x - target|^2 summed over all but the first `kept` axes; target takes no gradient. This is
/// the negative unit-variance log-likelihood without its constant. [A,B,...] -> [A,B] for kept = 2.
Var half_squared_error(Var x, Var target, int kept = 1);

}  // namespace planet
