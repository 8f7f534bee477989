// Digits: a convolutional network learns to read digits that are drawn on the spot, each time shifted,
// turned, scaled and noisy.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include "autograd/ops.hpp"
#include "nn/adam.hpp"
#include "nn/layers.hpp"

using namespace planet;

namespace {

constexpr int n = 16;                                  // pixels along an edge
constexpr std::array<std::string_view, 10> glyphs = {  // 3 x 5
    "###"
    "# #"
    "# #"
    "# #"
    "###",
    " # "
    "## "
    " # "
    " # "
    "###",
    "###"
    "  #"
    "###"
    "#  "
    "###",
    "###"
    "  #"
    " ##"
    "  #"
    "###",
    "# #"
    "# #"
    "###"
    "  #"
    "  #",
    "###"
    "#  "
    "###"
    "  #"
    "###",
    "###"
    "#  "
    "###"
    "# #"
    "###",
    "###"
    "  #"
    " # "
    " # "
    " # ",
    "###"
    "# #"
    "###"
    "# #"
    "###",
    "###"
    "# #"
    "###"
    "  #"
    "###"};

// The ink at a place of a glyph, in its own pixels; bilinear, so that edges are soft.
double ink(std::string_view glyph, double column, double row) {
  double sum = 0;
  const double left = std::floor(column - 0.5), top = std::floor(row - 0.5);
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j) {
      const double c = left + j, r = top + i;
      if (c < 0 || c > 2 || r < 0 || r > 4) continue;
      const double weight = (1 - std::abs(column - 0.5 - c)) * (1 - std::abs(row - 0.5 - r));
      if (glyph[static_cast<std::size_t>(3 * r + c)] == '#') sum += weight;
    }
  return sum;
}

void draw(Rng& rng, std::string_view glyph, float* image) {
  const double pixel = rng.uniform(2.0, 2.7);  // of the image, per pixel of the glyph
  const double angle = rng.uniform(-0.25, 0.25), x0 = rng.uniform(-2, 2),
               y0 = rng.uniform(-1.5, 1.5);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      const double x = (j + 0.5 - n / 2 - x0) / pixel, y = (i + 0.5 - n / 2 - y0) / pixel;
      const double column = 1.5 + std::cos(angle) * x + std::sin(angle) * y,
                   row = 2.5 - std::sin(angle) * x + std::cos(angle) * y;
      image[i * n + j] = static_cast<float>(ink(glyph, column, row) + 0.2 * rng.normal());
    }
}

struct Batch {
  std::vector<float> images;   // [N,n,n,1]
  std::vector<float> one_hot;  // [N,10]
  std::vector<std::size_t> digits;
};

Batch draw_batch(Rng& rng, std::size_t N) {
  Batch batch{std::vector<float>(N * n * n), std::vector<float>(N * 10), {}};
  for (std::size_t i = 0; i < N; ++i) {
    batch.digits.push_back(rng.below(10));
    batch.one_hot[10 * i + batch.digits[i]] = 1;
    draw(rng, glyphs[batch.digits[i]], &batch.images[i * n * n]);
  }
  return batch;
}

struct Network {
  Conv2d first, second;
  Linear last;
  Network(ParamStore& params, Rng& rng)
      : first(params, rng, "first", 1, 12, 4, 2, Activation::relu),
        second(params, rng, "second", 12, 24, 3, 2, Activation::relu),
        last(params, rng, "last", 3 * 3 * 24, 10) {}
  Var operator()(Var x) const {  // [N,16,16,1] -> [N,7,7,12] -> [N,3,3,24] -> [N,10]
    const Var features = second(first(x));
    return last(reshape(features, {features.shape()[0], 3 * 3 * 24}));
  }
};

// -ln p(digit), p the softmax of the logits.
Var cross_entropy(Var logits, Var one_hot) {
  return mean(log_sum_exp(logits) - sum_last(logits * one_hot));
}

double accuracy(const Network& network, const Batch& batch) {
  Tape tape(Precision::f32, Mode::inference);
  const auto N = static_cast<std::ptrdiff_t>(batch.digits.size());
  const Var logits = network(tape.constant(batch.images, {N, n, n, 1}));
  const std::span<const float> all = logits.value<float>();
  double right = 0;
  for (std::size_t i = 0; i < batch.digits.size(); ++i) {
    const auto row = all.subspan(10 * i, 10);
    right += std::ranges::max_element(row) - row.begin() == std::ptrdiff_t(batch.digits[i]);
  }
  return right / static_cast<double>(N);
}

}  // namespace

int main() {
  ParamStore params(Precision::f32);
  Rng weights(1, Stream::init), training(1, Stream::test, 0), testing(1, Stream::test, 1);
  const Network network(params, weights);
  const Batch unseen = draw_batch(testing, 2000);
  Adam adam(params, {.learning_rate = 3e-3});
  Tape tape(Precision::f32);
  constexpr std::ptrdiff_t N = 64;
  double mean_loss = 0;
  for (int step = 1; step <= 1000; ++step) {
    const Batch batch = draw_batch(training, N);
    tape.reset();
    params.zero_grad();
    const Var logits = network(tape.constant(batch.images, {N, n, n, 1}));
    const Var loss = cross_entropy(logits, tape.constant(batch.one_hot, {N, 10}));
    tape.backward(loss);
    adam.step();
    mean_loss += loss.item() / 200;
    if (step % 200 == 0) std::printf("step %4d   loss %.3f\n", step, std::exchange(mean_loss, 0));
  }
  for (int i = 0; i < n; i += 2) {  // three of them, every other row, as the network sees them
    for (int k = 0; k < 3; ++k) {
      const float* row = unseen.images.data() + (k * n + i) * n;
      for (int j = 0; j < n; ++j) std::putchar(" .:*#"[std::clamp(int(5 * row[j]), 0, 4)]);
      std::printf(k < 2 ? "   " : "\n");
    }
  }
  std::printf("accuracy %.1f %% of %zu digits that it was never shown\n",
              100 * accuracy(network, unseen), unseen.digits.size());
}
