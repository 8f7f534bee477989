// Every layer against central differences in double: its weight, its bias and its input.
#include <doctest/doctest.h>

#include <vector>

#include "autograd/gradcheck.hpp"
#include "autograd/ops.hpp"
#include "nn/init.hpp"
#include "nn/layers.hpp"

using namespace planet;

namespace {

// A store, inputs that are parameters too (so that they are checked like the weights), and a loss
// sum(y * cotangent) with a random cotangent, so that no two errors can cancel by symmetry.
class LayerCheck {
 public:
  ParamStore store{Precision::f64};
  Rng rng{11, Stream::check};

  const Param& input(const char* name, Shape shape) { return store.add(name, shape); }

  template <class Forward>
  void run(Forward forward, int parameters) {
    for (const Param& p : store.params()) {
      for (std::ptrdiff_t i = 0; i < p.shape.size(); ++i) p.value<double>()[i] = 0.7 * rng.normal();
    }
    std::vector<double> cotangent;
    {
      Tape tape(Precision::f64);
      cotangent.resize(forward(tape).values().size());
    }
    for (double& c : cotangent) c = rng.normal();
    const LossFunction loss = [&](Tape& tape) {
      const Var y = forward(tape);
      return sum(mul(y, tape.borrow(cotangent.data(), y.shape())));
    };
    const std::vector<GradReport> reports = gradcheck(loss, store);
    CHECK(static_cast<int>(reports.size()) == parameters);
    for (const GradReport& r : reports) {
      CAPTURE(r.name);
      CAPTURE(r.failure);
      CHECK(r.ok);
      CHECK(r.derivatives == store.find(r.name)->shape.size());
    }
    CHECK(all_ok(reports));
  }
};

}  // namespace

TEST_CASE("gradients of Linear with every activation") {
  for (const Activation act : {Activation::none, Activation::relu, Activation::elu,
                               Activation::tanh, Activation::sigmoid, Activation::softplus}) {
    LayerCheck check;
    const auto& x = check.input("x", {3, 5});
    const Linear layer(check.store, check.rng, "layer", 5, 4, act);
    check.run([&](Tape& tape) { return layer(tape.use(x)); }, 3);
  }
}

TEST_CASE("gradients of Mlp") {
  LayerCheck check;
  const auto& x = check.input("x", {2, 3, 4});  // a sequence [T,B,D]
  const Mlp mlp(check.store, check.rng, "mlp", 4, {5, 3}, 2, Activation::elu);
  check.run([&](Tape& tape) { return mlp(tape.use(x)); }, 1 + 3 * 2);
}

TEST_CASE("gradients of Conv2d") {
  LayerCheck check;
  const auto& x = check.input("x", {2, 7, 6, 3});
  const Conv2d conv(check.store, check.rng, "conv", 3, 4, 4, 2, Activation::tanh);
  // The last row of x lies outside every window: its gradient must be exactly zero.
  check.run([&](Tape& tape) { return conv(tape.use(x)); }, 3);
}

TEST_CASE("gradients of ConvTranspose2d") {
  LayerCheck check;
  const auto& x = check.input("x", {2, 3, 2, 4});
  const ConvTranspose2d up(check.store, check.rng, "up", 4, 3, 5, 2, Activation::relu);
  check.run([&](Tape& tape) { return up(tape.use(x)); }, 3);
}

TEST_CASE("gradients of GruCell over three steps") {
  LayerCheck check;
  const auto& x = check.input("x", {3, 2, 4});
  const auto& h0 = check.input("h0", {2, 3});
  const GruCell gru(check.store, check.rng, "gru", 4, 3);
  check.run(
      [&](Tape& tape) {
        Var h = tape.use(h0);
        for (int t = 0; t < 3; ++t) h = gru(at(tape.use(x), t), h);
        return h;
      },
      4);
}
