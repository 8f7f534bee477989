// What somebody else would write: an op of their own, its gradient check, a network trained with
// it.
#include <cmath>
#include <cstdio>
#include <tuple>
#include <vector>

#include "autograd/gradcheck.hpp"
#include "autograd/ops.hpp"
#include "nn/adam.hpp"
#include "nn/layers.hpp"

namespace chapter {
bool swish_is_right();  // made by CMakeLists.txt from the text of the chapter
}

namespace mine {

using planet::Call;
using planet::Example;
using planet::NoAttr;
using planet::Shape;
using planet::Shapes;
using planet::Var;

// y = sin(x)                               dx += dy cos(x); wrong on request: dx = dy cos(x)
template <bool wrong>
struct SineOp {
  static constexpr std::string_view name = wrong ? "wrong_sine" : "sine";
  static constexpr int arity = 1;
  static Shape shape(Shapes in, const NoAttr&) { return in[0]; }
  template <class T>
  static void forward(const Call<T>& c) {
    for (std::ptrdiff_t i = 0; i < c.shape().size(); ++i) c.y()[i] = std::sin(c.x(0)[i]);
  }
  template <class T>
  static void backward(const Call<T>& c) {
    T* dx = c.dx(0);
    if (!dx) return;
    for (std::ptrdiff_t i = 0; i < c.shape().size(); ++i) {
      const T d = c.dy()[i] * std::cos(c.x(0)[i]);
      if constexpr (wrong) dx[i] = d;
      else dx[i] += d;
    }
  }
  static constexpr std::array examples = {Example<>{"a full turn", {{{3, 4}, -3.2, 3.2}}}};
};

using Sine = SineOp<false>;
using MyOps = std::tuple<Sine>;

Var sine(Var x) { return planet::record<Sine, MyOps>({x}); }

// sin(2x) on [-2, 2] by a network whose middle is sine(); the loss after some training.
double train() {
  planet::ParamStore params(planet::Precision::f32);
  planet::Rng rng(1, planet::Stream::init);
  const planet::Mlp front(params, rng, "front", 1, {16}, 8, planet::Activation::tanh);
  const planet::Linear back(params, rng, "back", 8, 1);
  planet::Adam adam(params, {.learning_rate = 1e-2});
  std::vector<float> x, y;
  for (int i = 0; i < 64; ++i) {
    x.push_back(-2 + 4 * static_cast<float>(i) / 63);
    y.push_back(std::sin(2 * x.back()));
  }
  planet::Tape tape(planet::Precision::f32);
  double loss = 0;
  for (int step = 0; step < 600; ++step) {
    tape.reset();
    params.zero_grad();
    const auto prediction = back(sine(front(tape.constant(x, {64, 1}))));
    const auto error = mean(square(prediction - tape.constant(y, {64, 1})));
    tape.backward(error);
    adam.step();
    loss = error.item();
  }
  return loss;
}

int fail(const char* what) {
  std::printf("consumer: FAILED: %s\n", what);
  return 1;
}

}  // namespace mine

int main() {
  const auto reports = planet::gradcheck_list<mine::MyOps>();
  if (!planet::all_ok(reports)) return mine::fail(reports[0].failure.c_str());
  if (!chapter::swish_is_right()) return mine::fail("the op that the chapter shows");
  const auto wrong = planet::gradcheck_op<mine::SineOp<true>, std::tuple<mine::SineOp<true>>>();
  if (planet::all_ok(wrong)) return mine::fail("the wrong sine passed its gradient check");
  if (!planet::all_ok(planet::gradcheck_all_ops())) return mine::fail("an op of the engine");
  const double loss = mine::train();
  if (!(loss < 1e-2)) return mine::fail("the network did not learn the sine");
  std::printf("sine: worst relative error %.1e; trained to a loss of %.1e\n", reports[0].worst,
              loss);
  std::printf("consumer: all is well\n");
}
