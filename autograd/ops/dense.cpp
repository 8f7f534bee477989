#include "autograd/ops/dense.hpp"

#include "autograd/ops.hpp"

namespace planet {

Var matmul(Var a, Var b) { return record<ops::MatMul>({a, b}); }
Var linear(Var x, Var W, Var b, Activation act) { return record<ops::Linear>({x, W, b}, {act}); }
Var gru_cell(Var x, Var h, Var W, Var b) { return record<ops::GruCell>({x, h, W, b}); }

}  // namespace planet
