// An op of one's own and the check of its gradient, which finds two planted mistakes.
#include <cmath>
#include <iostream>
#include <tuple>

#include "autograd/gradcheck.hpp"
#include "autograd/op.hpp"
#include "autograd/ops.hpp"

using namespace planet;

enum class Mistake { none, forgotten_term, loop_too_short };

// y = x s, s = sigmoid(x)                  dx += dy (s + y (1 - s))
struct Swish {
  struct Attr {
    Mistake planted;
  };
  static constexpr std::string_view name = "swish";
  static constexpr int arity = 1;
  static Shape shape(Shapes in, const Attr&) { return in[0]; }
  static std::ptrdiff_t saved(Shapes in, const Attr&) { return in[0].size(); }  // keeps s
  template <class T>
  static void forward(const Call<T, Attr>& c) {
    const T* x = c.x(0);
    T *s = c.saved(), *y = c.y();
    for (std::ptrdiff_t i = 0; i < c.shape().size(); ++i) {
      s[i] = 1 / (1 + std::exp(-x[i]));
      y[i] = x[i] * s[i];
    }
  }
  template <class T>
  static void backward(const Call<T, Attr>& c) {
    const T *s = c.saved(), *y = c.y(), *dy = c.dy();
    T* dx = c.dx(0);
    if (!dx) return;  // nobody needs it
    const Mistake planted = c.attr().planted;
    const std::ptrdiff_t n = c.shape().size() - (planted == Mistake::loop_too_short ? 1 : 0);
    for (std::ptrdiff_t i = 0; i < n; ++i) {
      const T rest = planted == Mistake::forgotten_term ? 1 : 1 - s[i];
      dx[i] += dy[i] * (s[i] + y[i] * rest);
    }
  }
  static constexpr std::array examples = {
      Example<Attr>{"both signs", {{{3, 5}, -3, 3}}, {Mistake::none}}};
};
using MyOps = std::tuple<Swish>;

Var swish(Var x, Mistake planted = Mistake::none) { return record<Swish, MyOps>({x}, {planted}); }

int main() {
  // Its own examples: also in float, in inference mode, with a gradient that is already there.
  const bool op = all_ok(gradcheck_list<MyOps>());
  std::cout << "swish, its examples: " << (op ? "ok" : "FAILED") << "\n";
  // Any function of it, on any inputs.
  const auto check = [](const char* what, Mistake m) {
    const CheckReport report = check_grads(
        [m](Tape&, Var x, Var w) { return matmul(swish(x, m), w); }, {{{3, 5}, -3, 3}, {5, 2}});
    std::cout << "\n" << what << ":\n" << report;
    return report.ok();
  };
  const bool right = check("swish(x) w", Mistake::none),
             term = check("(1 - s) forgotten", Mistake::forgotten_term),
             loop = check("a loop that ends one too early", Mistake::loop_too_short);
  return op && right && !term && !loop ? 0 : 1;
}
