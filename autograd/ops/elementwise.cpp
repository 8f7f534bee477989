#include "autograd/ops/elementwise.hpp"

#include <algorithm>

#include "autograd/ops.hpp"

namespace planet {

Var add(Var a, Var b) { return record<ops::Add>({a, b}); }
Var sub(Var a, Var b) { return record<ops::Sub>({a, b}); }
Var mul(Var a, Var b) { return record<ops::Mul>({a, b}); }
Var div(Var a, Var b) { return record<ops::Div>({a, b}); }
Var scale(Var x, double c) { return record<ops::Scale>({x}, {c}); }
Var add_constant(Var x, double c) { return record<ops::AddConstant>({x}, {c}); }
Var square(Var x) { return record<ops::Square>({x}); }
Var exp(Var x) { return record<ops::Exp>({x}); }
Var log(Var x) { return record<ops::Log>({x}); }
Var activate(Var x, Activation act) { return record<ops::Activate>({x}, {act}); }
Var operator/(double c, Var x) {
  const Shape shape = x.shape();
  const Var constant = x.on().filled(shape, [&](auto* y) {
    std::fill_n(y, shape.size(), static_cast<std::remove_pointer_t<decltype(y)>>(c));
  });
  return div(constant, x);
}
Var maximum(Var x, double c) { return record<ops::Maximum>({x}, {c}); }

}  // namespace planet
