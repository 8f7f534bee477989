// Fit a line to points: the tape, its walk backwards, and a step down the gradient.
#include <cstdio>
#include <vector>

#include "autograd/base/philox.hpp"
#include "autograd/ops.hpp"

using namespace planet;

int main() {
  std::vector<float> x, y;  // a hundred points about the line y = 3 x - 1
  Rng rng(1, Stream::test);
  for (int i = 0; i < 100; ++i) {
    x.push_back(static_cast<float>(rng.uniform(-1, 1)));
    y.push_back(3 * x.back() - 1 + static_cast<float>(0.1 * rng.normal()));
  }
  ParamStore params(Precision::f32);  // zeros
  const Param &w = params.add("w", {1, 1}), &b = params.add("b", {1});
  Tape tape(Precision::f32);
  for (int step = 0; step <= 50; ++step) {
    tape.reset();        // forget the last step
    params.zero_grad();  // because backward() adds
    const Var error =
        linear(tape.constant(x, {100, 1}), tape.use(w), tape.use(b)) - tape.constant(y, {100, 1});
    const Var loss = mean(square(error));
    tape.backward(loss);  // d(loss)/dw and d(loss)/db
    for (std::ptrdiff_t i = 0; i < params.size(); ++i)
      params.values<float>()[i] -= 0.3f * params.grads<float>()[i];
    if (step % 10 == 0)
      std::printf("step %2d   loss %.4f   y = %.3f x %+.3f\n", step, loss.item(),
                  w.value<float>()[0], b.value<float>()[0]);
  }
}
