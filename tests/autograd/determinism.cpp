// The same bits at any number of threads: large ops, forward and backward, and a training loop.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "autograd/base/parallel.hpp"
#include "autograd/base/philox.hpp"
#include "autograd/ops.hpp"

namespace planet {
namespace {

// A hash of every bit of a run.
class Hash {
 public:
  void add(std::span<const float> x) {
    for (const float v : x) {
      std::uint32_t bits = 0;
      std::memcpy(&bits, &v, sizeof bits);
      value_ = (value_ ^ bits) * 1099511628211ull;
    }
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 14695981039346656037ull;
};

// A small convolutional, recurrent and dense model, trained by gradient descent. Its tensors are
// large enough for several threads to share.
std::uint64_t train(std::uint64_t seed, int steps) {
  const std::ptrdiff_t B = 24, T = 3, H = 72, C = 8;
  ParamStore params(Precision::f32);
  auto &w = params.add("conv/weight", {4, 4, 3, C}), &wb = params.add("conv/bias", {C});
  auto &U = params.add("gru/weight", {7 * 7 * C + H, 3 * H}), &c = params.add("gru/bias", {3 * H});
  auto &W = params.add("out/weight", {H, 64}), &b = params.add("out/bias", {64});
  auto &d = params.add("decode/weight", {6, 6, 3, 4}), &db = params.add("decode/bias", {3});
  Rng rng(seed, Stream::test);
  const auto fill = [&](float* x, std::ptrdiff_t n, double size) {
    for (std::ptrdiff_t i = 0; i < n; ++i) x[i] = static_cast<float>(size * rng.normal());
  };
  fill(params.values<float>(), params.size(), 0.05);
  std::vector<float> images(static_cast<std::size_t>(T * B * 16 * 16 * 3));
  fill(images.data(), static_cast<std::ptrdiff_t>(images.size()), 1);
  Tape t(Precision::f32);
  Hash hash;
  for (int step = 0; step < steps; ++step) {
    t.reset();
    params.zero_grad();
    const auto o = t.borrow(images.data(), {T * B, 16, 16, 3});
    const auto e = reshape(conv2d(o, t.use(w), t.use(wb), 2, Activation::relu), {T, B, 7 * 7 * C});
    auto h_t = t.zeros({B, H});
    std::vector<Var> h;
    for (std::ptrdiff_t i = 0; i < T; ++i)
      h.push_back(h_t = gru_cell(at(e, i), h_t, t.use(U), t.use(c)));
    const auto all = stack(std::span<const Var>(h));
    const auto y = linear(reshape(all, {T * B, H}), t.use(W), t.use(b), Activation::elu);
    const auto image =
        conv2d_transpose(reshape(y, {T * B, 4, 4, 4}), t.use(d), t.use(db), 3);  // 15 x 15
    const auto loss = mean(square(image)) + mean(log_sum_exp(y));
    t.backward(loss);
    hash.add(loss.value<float>());
    hash.add(sum(image).value<float>());  // of both signs: its last bits depend on the order
    hash.add(sum(y).value<float>());
    hash.add(image.value<float>());
    hash.add({params.grads<float>(), static_cast<std::size_t>(params.size())});
    for (std::ptrdiff_t i = 0; i < params.size(); ++i)
      params.values<float>()[i] -= 0.1f * params.grads<float>()[i];
  }
  hash.add({params.values<float>(), static_cast<std::size_t>(params.size())});
  return hash.value();
}

}  // namespace

TEST_CASE("training has the same bits at 1 2 3 and 7 threads") {
  set_threads(1);
  const std::uint64_t one = train(1, 5);
  for (const int n : {2, 3, 7, 2}) {
    set_threads(n);
    INFO(n, " threads");
    CHECK(train(1, 5) == one);
  }
  CHECK(train(2, 5) != one);
  CHECK(train(1, 4) != one);
  set_threads(0);
}

TEST_CASE("a value does not depend on its place in a batch") {
  const std::ptrdiff_t I = 37, O = 53;
  Rng rng(5, Stream::test);
  std::vector<float> x(static_cast<std::size_t>(I)), W(static_cast<std::size_t>(I * O));
  for (float& v : x) v = static_cast<float>(rng.normal());
  for (float& v : W) v = static_cast<float>(rng.normal());
  Tape t(Precision::f32, Mode::inference);
  const auto w = t.borrow(W.data(), {I, O}), b = t.zeros({O});
  const auto alone = linear(t.borrow(x.data(), {1, I}), w, b, Activation::softplus);
  for (const std::ptrdiff_t B : {2, 5, 33, 200}) {
    std::vector<float> many;
    for (std::ptrdiff_t r = 0; r < B; ++r) many.insert(many.end(), x.begin(), x.end());
    const auto y = linear(t.constant(many, {B, I}), w, b, Activation::softplus);
    for (std::ptrdiff_t r = 0; r < B; ++r)
      REQUIRE(std::memcmp(y.value<float>().data() + r * O, alone.value<float>().data(),
                          static_cast<std::size_t>(O) * sizeof(float)) == 0);
  }
}

}  // namespace planet
