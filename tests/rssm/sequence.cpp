// From the replay's bytes to the tape: every number of a batch is the one of its row, and the tape
// holds copies.
#include "rssm/sequence.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "autograd/base/error.hpp"
#include "rssm/preprocess.hpp"
#include "tests/rssm/support.hpp"

using namespace planet;

namespace {

/// Random pictures of n by n pixels, with two numbers per action.
Episode noise_episode(std::ptrdiff_t n, std::ptrdiff_t rows, std::uint64_t seed) {
  Rng rng(seed, Stream::test);
  std::vector<std::uint8_t> frame(static_cast<std::size_t>(n * n * 3));
  Episode e;
  while (e.rows() < rows) {
    for (std::uint8_t& x : frame) x = static_cast<std::uint8_t>(rng.below(256));
    const float a[2] = {static_cast<float>(rng.uniform(-1, 1)),
                        static_cast<float>(rng.uniform(-1, 1))};
    if (e.rows() == 0) e.begin(n, 2, frame.data());
    else e.append(a, rng.uniform(), frame.data());
  }
  return e;
}

ModelConfig config_of(int image_size) {
  ModelConfig c;
  c.image_size = image_size, c.action_size = 2, c.stoch_size = 3;
  return c;
}

Sequence sequence_of(Tape& tape, std::span<const Window> windows, const ModelConfig& c) {
  Rng dequantise(1, Stream::dequantise), posterior(1, Stream::posterior);
  return make_sequence(tape, windows, c, dequantise, posterior);
}

std::string error_of(std::span<const Window> windows, const ModelConfig& c) {
  Tape tape(Precision::f32);
  try {
    sequence_of(tape, windows, c);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

// Five pixels per side: a frame of 75 bytes shares a group of four random numbers with the next.
TEST_CASE_TEMPLATE("a batch is its frames one after the other, preprocessed in one go", T, float,
                   double) {
  for (const int n : {5, 8, 64}) {
    const Episode x = noise_episode(n, 7, 1), y = noise_episode(n, 5, 2);
    const std::vector<Window> windows = {{&x, 3, 4}, {&y, 0, 4}, {&x, 0, 4}};
    const ModelConfig c = config_of(n);
    std::vector<std::uint8_t> bytes;
    for (std::ptrdiff_t t = 0; t < 4; ++t)
      for (const Window& w : windows) {
        const std::ptrdiff_t frame = n * n * 3;
        const auto at = w.episode->image.begin() + (w.first + t) * frame;
        bytes.insert(bytes.end(), at, at + frame);
      }
    std::vector<T> expected(bytes.size());
    Rng rng(1, Stream::dequantise);
    preprocess(bytes.data(), static_cast<std::ptrdiff_t>(bytes.size()), c.image_bits, rng,
               expected.data());
    for (const int threads : {1, 2, 7}) {
      set_threads(threads);
      INFO(n, " pixels, ", threads, " threads");
      Tape tape(precision_of<T>());
      const Sequence s = sequence_of(tape, windows, c);
      CHECK(s.image.shape() == Shape{12, n, n, 3});
      CHECK(std::ranges::equal(s.image.value<T>(), expected));
    }
    set_threads(0);
  }
}

TEST_CASE("row t of window b is row first + t of its episode") {
  const Episode x = noise_episode(8, 7, 1), y = noise_episode(8, 5, 2);
  const std::vector<Window> windows = {{&x, 3, 4}, {&y, 1, 4}};
  Tape tape(Precision::f32);
  const Sequence s = sequence_of(tape, windows, config_of(8));
  CHECK(s.action.shape() == Shape{4, 2, 2});
  CHECK(s.reward.shape() == Shape{4, 2});
  CHECK(s.noise.shape() == Shape{4, 2, 3});
  for (std::size_t t = 0; t < 4; ++t)
    for (std::size_t b = 0; b < 2; ++b) {
      const Episode& e = *windows[b].episode;
      const std::size_t row = static_cast<std::size_t>(windows[b].first) + t;
      for (std::size_t i = 0; i < 2; ++i)
        CHECK(s.action.value<float>()[(t * 2 + b) * 2 + i] == e.action[row * 2 + i]);
      CHECK(s.reward.value<float>()[t * 2 + b] == e.reward[row]);
    }
}

TEST_CASE("continues exists only with a continue head") {
  Episode e = noise_episode(8, 4, 1);
  e.terminated = true;
  const Window windows[2] = {{&e, 1, 3}, {&e, 0, 3}};
  ModelConfig c = config_of(8);
  Tape tape(Precision::f32);
  CHECK(sequence_of(tape, windows, c).continues.empty());
  c.continue_head = true;
  const std::vector<float> expected = {1, 1, 1, 1, 0, 1};  // [L,B]: window 0 ends the episode
  CHECK(std::ranges::equal(sequence_of(tape, windows, c).continues.value<float>(), expected));
}

TEST_CASE("the noise of overshooting has its own stream") {
  ModelConfig c = miniature_model();
  const Episode e = noise_episode(8, 3, 1);
  const Window windows[2] = {{&e, 0, 3}, {&e, 0, 3}};
  Tape tape(Precision::f64);
  const auto make = [&](int D) {
    c.overshooting_distance = D;
    Rng dequantise(1, Stream::dequantise), posterior(1, Stream::posterior),
        overshoot(1, Stream::overshoot);
    const Sequence x = make_sequence(tape, windows, c, dequantise, posterior, &overshoot);
    CHECK(posterior.position() == (18 + 3) / 4);  // as many as the posterior samples need
    CHECK(overshoot.position() == (D == 1 ? 0u : static_cast<unsigned>(18 * D + 3) / 4));
    return x;
  };
  const Sequence one = make(1), two = make(2), three = make(3);
  CHECK(one.overshoot_noise.empty());
  CHECK(one.image.values() == three.image.values());
  CHECK(one.noise.values() == three.noise.values());
  REQUIRE(three.overshoot_noise.shape() == Shape{3, 3, 2, 3});
  // A longer distance adds noise and changes none.
  const std::vector<double> short_ones = two.overshoot_noise.values();
  CHECK(distance(short_ones, three.overshoot_noise.value<double>().first(short_ones.size())) == 0);
  CHECK(distance(row(three.overshoot_noise, 0), three.noise.value<double>()) > 0.1);
}

TEST_CASE("P42 the tape holds copies") {
  Replay replay(noise_episode(8, 6, 1).bytes());
  replay.add(noise_episode(8, 6, 1));
  Rng rng(42, Stream::test);
  Tape tape(Precision::f32);
  const Sequence s = sequence_of(tape, replay.sample(4, 3, rng), config_of(8));
  const auto copy = [](Var v) {
    return std::vector(v.value<float>().begin(), v.value<float>().end());
  };
  const std::vector<float> image = copy(s.image), action = copy(s.action), reward = copy(s.reward);
  replay.add(noise_episode(8, 6, 2));  // episode 1 is dropped, its memory given back
  REQUIRE(replay.first_index() == 1);
  CHECK(copy(s.image) == image);
  CHECK(copy(s.action) == action);
  CHECK(copy(s.reward) == reward);
}

TEST_CASE("windows that make no batch are refused in a sentence") {
  const Episode x = noise_episode(8, 7, 1), other = noise_episode(4, 7, 1);
  const ModelConfig c = config_of(8);
  using Windows = std::vector<Window>;
  CHECK(error_of(Windows{}, c) == "[make_sequence] there are no windows; a batch has at least one");
  CHECK(error_of(Windows{{&x, 0, 3}, {&x, 0, 4}}, c) ==
        "[make_sequence] a window of 4 rows is beside one of 3; all must be of one length");
  CHECK(error_of(Windows{{&x, 5, 3}}, c) ==
        "[make_sequence] a window of 3 rows begins at row 5; the episode has 7");
  CHECK(error_of(Windows{{&x, -1, 3}}, c) != "");
  CHECK(error_of(Windows{{&x, 0, 0}}, c) != "");
  CHECK(error_of(Windows{{&other, 0, 3}}, c) ==
        "the batch has images of 4 pixels and 2 actions; the model has 8 and 2");
  CHECK(error_of(Windows{{&x, 4, 3}}, c) == "");
}
