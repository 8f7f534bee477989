// After warm-up a training step and an inference step call operator new zero times. A binary of
// its own, because it replaces the global operator new by one that counts.
#include <doctest/doctest.h>

#include "autograd/base/parallel.hpp"
#include "autograd/base/philox.hpp"
#include "autograd/ops.hpp"
#include "tests/support/counting_new.hpp"

namespace planet {
namespace {

struct Net {
  static constexpr std::ptrdiff_t B = 50, X = 96, H = 64, D = 16;
  ParamStore params{Precision::f32};
  Param &W1 = params.add("fc1/weight", {X, H}), &b1 = params.add("fc1/bias", {H});
  Param &U = params.add("gru/weight", {2 * H, 3 * H}), &c = params.add("gru/bias", {3 * H});
  Param &W2 = params.add("fc2/weight", {2 * H, D}), &b2 = params.add("fc2/bias", {D});
  Param &K = params.add("conv/weight", {3, 3, D, 4}), &k = params.add("conv/bias", {4});
  std::vector<float> x;

  Net() : x(B * X) {
    Rng rng(1, Stream::test);
    for (std::ptrdiff_t i = 0; i < params.size(); ++i)
      params.values<float>()[i] = static_cast<float>(0.1 * rng.normal());
    for (float& v : x) v = static_cast<float>(rng.normal());
  }

  // Layers under a name, a recurrent loop, views, an image and its transposed convolution.
  Var loss(Tape& t) const {
    const NameScope scope(t, "net");
    auto y = linear(t.borrow(x.data(), {B, X}), t.use(W1), t.use(b1), Activation::elu);
    auto h = t.zeros({B, H});
    for (int i = 0; i < 3; ++i) h = gru_cell(y, h, t.use(U), t.use(c));
    const auto z = linear(concat(h, y), t.use(W2), t.use(b2));
    const auto image = conv2d(reshape(z, {2, 5, 5, D}), t.use(K), t.use(k), 1, Activation::relu);
    return mean(square(image)) + mean(sum_last(square(z)));
  }
};

}  // namespace

TEST_CASE("operator new is counted") {
  CHECK(test::allocations_in([] { ::operator delete(::operator new(4)); }) == 1);
  CHECK(test::allocations_in([] { Arena().allocate(100); }) >= 1);
}

TEST_CASE("P43 a training step allocates nothing after warm-up") {
  for (const int n : {1, 2, 4, 8, 16}) {
    set_threads(n);
    Net net;
    Tape t(Precision::f32);
    const auto step = [&] {
      t.reset();
      net.params.zero_grad();
      t.backward(net.loss(t));
      for (std::ptrdiff_t i = 0; i < net.params.size(); ++i)
        net.params.values<float>()[i] -= 0.01f * net.params.grads<float>()[i];
    };
    CHECK(test::allocations_in(step) > 0);  // the first step does allocate: the counter works
    step();
    step();
    INFO(n, " threads");
    CHECK(test::allocations_in([&] {
            for (int i = 0; i < 7; ++i) step();
          }) == 0);
  }
  set_threads(0);
}

TEST_CASE("P43 an inference step allocates nothing after warm-up") {
  for (const int n : {1, 2, 4, 8, 16}) {
    set_threads(n);
    const Net net;
    Tape t(Precision::f32, Mode::inference);
    const auto step = [&] {
      RewindScope scope(t);
      net.loss(t);
    };
    for (int i = 0; i < 3; ++i) step();
    INFO(n, " threads");
    CHECK(test::allocations_in([&] {
            for (int i = 0; i < 7; ++i) step();
          }) == 0);
  }
  set_threads(0);
}

}  // namespace planet
