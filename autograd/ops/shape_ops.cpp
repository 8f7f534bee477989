#include "autograd/ops/shape_ops.hpp"

#include "autograd/ops.hpp"

namespace planet {

Var reshape(Var x, Shape shape) { return record<ops::Reshape>({x}, {shape}); }
Var slice_first(Var x, std::ptrdiff_t begin, std::ptrdiff_t end) {
  return record<ops::SliceFirst>({x}, {begin, end, false});
}
Var concat(std::span<const Var> xs) { return record<ops::Concat>(xs); }
Var concat(Var a, Var b) { return record<ops::Concat>({a, b}); }
Var stack(std::span<const Var> xs) { return record<ops::Stack>(xs); }
Var stop_gradient(Var x) { return record<ops::StopGradient>({x}); }
Var at(Var x, std::ptrdiff_t t) { return record<ops::SliceFirst>({x}, {t, t + 1, true}); }

}  // namespace planet
