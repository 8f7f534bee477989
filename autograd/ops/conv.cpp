#include "autograd/ops/conv.hpp"

#include "autograd/ops.hpp"

namespace planet {

Var conv2d(Var x, Var w, Var b, int stride, Activation act) {
  return record<ops::Conv2d>({x, w, b}, {stride, act});
}
Var conv2d_transpose(Var x, Var w, Var b, int stride, Activation act) {
  return record<ops::Conv2dTranspose>({x, w, b}, {stride, act});
}

}  // namespace planet
