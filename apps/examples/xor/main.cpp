// XOR: a network of two layers, trained by Adam. No single linear layer can learn it.
#include <array>
#include <cstdio>

#include "autograd/ops.hpp"
#include "nn/adam.hpp"
#include "nn/layers.hpp"

using namespace planet;

int main() {
  const std::array<float, 8> x = {0, 0, 0, 1, 1, 0, 1, 1};
  const std::array<float, 4> target = {0, 1, 1, 0};
  ParamStore params(Precision::f32);
  Rng rng(1, Stream::init);
  const Mlp network(params, rng, "xor", 2, {8}, 1, Activation::tanh);  // 2 -> 8 -> 1
  Adam adam(params, {.learning_rate = 0.02});
  Tape tape(Precision::f32);
  for (int step = 0; step <= 400; ++step) {
    tape.reset();
    params.zero_grad();
    const Var y = network(tape.constant(x, {4, 2}));
    const Var loss = mean(square(y - tape.constant(target, {4, 1})));
    tape.backward(loss);
    adam.step();
    if (step % 100 == 0) std::printf("step %3d   loss %.6f\n", step, loss.item());
  }
  tape.reset();
  const Var y = network(tape.constant(x, {4, 2}));
  for (std::size_t i = 0; i < 4; ++i)
    std::printf("%g xor %g = %.3f\n", x[2 * i], x[2 * i + 1], y.values()[i]);
}
