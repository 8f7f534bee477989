// Initial weights, as TensorFlow draws them: Glorot uniform for weights, constants for biases.
//
// Glorot and Bengio 2010: with weights uniform in +-sqrt(6 / (fan_in + fan_out)), variance
// 2 / (fan_in + fan_out), activations and gradients keep their size through layers of any width.
// Every number takes one draw of the generator, in double, and is rounded once, so the float and
// the double model of one seed have the same weights up to that rounding.
#pragma once

#include <cstddef>

#include "autograd/base/philox.hpp"
#include "autograd/param.hpp"

namespace planet {

/// The number of inputs per output, and of outputs per input. Weights have the shape
/// [in,out], or [kh,kw,in,out] for a convolution, where both counts are multiplied by kh kw.
/// (A transposed convolution's [kh,kw,out,in] has the two swapped; their sum is what matters.)
struct Fans {
  double in = 0;
  double out = 0;
};
Fans fans(const Shape& shape);  // Error: a rank below 2; a bias has no fans

/// sqrt(6 / (fan_in + fan_out)).
double glorot_limit(Fans fans);

/// Every number becomes `value`.
void init_constant(Param& p, double value);
/// Uniform in [low, high).
void init_uniform(Param& p, Rng& rng, double low, double high);
/// Uniform in +-glorot_limit(fans(p.shape)).
void init_glorot_uniform(Param& p, Rng& rng);

/// One column block [begin, end) of a matrix W [in,columns], drawn as a separate matrix: fan_out is
/// end - begin. For the weights of several gates stored side by side. Error: no such columns.
void init_glorot_uniform_columns(Param& p, Rng& rng, std::ptrdiff_t begin, std::ptrdiff_t end);
/// Columns [begin, end) of every row set to one value.
void init_constant_columns(Param& p, std::ptrdiff_t begin, std::ptrdiff_t end, double value);

}  // namespace planet
