// The update: what it computes, what it draws, and its error when a number is not finite.
#include "rssm/trainer.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autograd/base/error.hpp"
#include "autograd/base/index.hpp"
#include "tests/rssm/support.hpp"

namespace trainer_tests {

using namespace planet;

namespace {

constexpr std::ptrdiff_t L = 5, B = 3;

ModelConfig overshooting_model() {
  ModelConfig c = miniature_model();
  c.overshooting_distance = 2;
  return c;
}

Replay small_replay() {
  Replay replay(1 << 20);
  Rng rng(1, Stream::test);
  std::vector<std::uint8_t> frame(8 * 8 * 3);
  for (int k = 0; k < 3; ++k) {
    Episode e;
    while (e.rows() < 9) {
      for (std::uint8_t& x : frame) x = static_cast<std::uint8_t>(rng.below(256));
      const float a[2] = {static_cast<float>(rng.uniform(-1, 1)), 0.25f};
      if (e.rows() == 0) e.begin(8, 2, frame.data());
      else e.append(a, rng.uniform(), frame.data());
    }
    replay.add(std::move(e));
  }
  return replay;
}

TrainerConfig config() { return {.seed = 7, .batch_size = B, .batch_length = L}; }

std::vector<float> weights(const WorldModel& model) {
  return {model.params().values<float>(), model.params().values<float>() + model.params().size()};
}

}  // namespace

TEST_CASE("an update is a batch, the loss, its gradient, clipping and Adam") {
  const OneThread one;
  Replay replay = small_replay();
  WorldModel by_hand(overshooting_model(), 1), model(overshooting_model(), 1);
  TrainerConfig c = config();
  c.grad_clip = 1;  // below the norm, so that it matters
  Trainer trainer(model, c);
  Adam adam(by_hand.params(), c.adam);
  Tape tape(Precision::f32);
  for (std::uint32_t k = 0; k < 3; ++k) {
    Rng choose(7, Stream::replay, k), dequantise(7, Stream::dequantise, k),
        posterior(7, Stream::posterior, k), overshoot(7, Stream::overshoot, k);
    tape.reset();
    by_hand.params().zero_grad();
    const ElboTerms elbo = by_hand.elbo(make_sequence(
        tape, replay.sample(B, L, choose), by_hand.config(), dequantise, posterior, &overshoot));
    tape.backward(elbo.loss);
    const Clip clip = clip_by_global_norm(by_hand.params(), 1);
    adam.step(clip);

    const Update update = trainer.update(replay, k);
    CHECK(update.elbo.loss.item() == elbo.loss.item());
    CHECK(update.clip.norm == clip.norm);
    CHECK(clip.scale < 0.5);
    CHECK(weights(model) == weights(by_hand));
  }
  CHECK(trainer.adam().steps() == 3);
}

TEST_CASE("an update depends on the seed, its number and the replay alone") {
  const OneThread one;
  Replay replay = small_replay();
  const auto loss_of = [&](std::uint64_t seed, std::int64_t k, int before) {
    WorldModel model(overshooting_model(), 1);
    TrainerConfig c = config();
    c.seed = seed;
    Trainer trainer(model, c);
    for (int i = 0; i < before; ++i) trainer.batch(replay, i);  // draws, and learns nothing
    return trainer.update(replay, k).elbo.loss.item();
  };
  CHECK(loss_of(7, 4, 0) == loss_of(7, 4, 3));
  CHECK(loss_of(7, 4, 0) != loss_of(7, 5, 0));
  CHECK(loss_of(7, 4, 0) != loss_of(8, 4, 0));
}

TEST_CASE("a loss that is not finite names the op and changes no parameter") {
  const OneThread one;
  Replay replay = small_replay();
  WorldModel model(overshooting_model(), 1);
  Trainer trainer(model, config());
  trainer.update(replay, 0);
  model.params().find("reward/0/weight")->value<float>()[0] =
      std::numeric_limits<float>::infinity();
  const std::vector<float> before = weights(model);
  std::string said;
  try {
    trainer.update(replay, 1);
  } catch (const NonFinite& e) {
    said = e.what();
  }
  INFO(said);
  CHECK(said.starts_with("update 1 made a loss or a gradient that is not finite: "));
  CHECK(said.find("reward/0") != std::string::npos);
  CHECK(weights(model) == before);
  CHECK(trainer.adam().steps() == 1);
}

namespace {

std::vector<double> numbers(Var x) { return x.empty() ? std::vector<double>{} : x.values(); }

// Entry b of the second axis of [rows,windows,size].
std::vector<double> of_window(const std::vector<double>& x, std::size_t windows, std::size_t b,
                              std::size_t rows) {
  const std::size_t size = x.size() / (rows * windows);
  std::vector<double> out;
  for (std::size_t t = 0; t < rows; ++t)
    for (std::size_t i = 0; i < size; ++i) out.push_back(x[(t * windows + b) * size + i]);
  return out;
}

ModelConfig model_of(const char* latent_model) {
  ModelConfig c = miniature_of(latent_model);
  c.overshooting_distance = 3;
  c.overshooting_reward_scale = 0.5;
  c.global_kl_scale = 0.1;
  c.continue_head = true;
  return c;
}

// The gradient of update 3 in so many shares, added up in their order, and its global norm.
struct Summed {
  std::vector<double> gradient;
  double norm = 0;
};
Summed in_shares(const ModelConfig& c, std::ptrdiff_t count, Precision precision) {
  Replay replay = small_replay();
  Summed out;
  for (std::ptrdiff_t r = 0; r < count; ++r) {
    WorldModel model(c, 1, precision);
    Trainer trainer(model, {.seed = 7, .batch_size = 5, .batch_length = L});
    const auto add = [&](ParamStore& params, const Update& mine) {
      CHECK(std::isfinite(mine.elbo.loss.item()));
      out.gradient.resize(index(params.size()));
      with_elements(precision, [&](auto t) {
        for (std::size_t i = 0; i < out.gradient.size(); ++i)
          out.gradient[i] += static_cast<double>(params.grads<decltype(t)>()[i]);
      });
    };
    trainer.update(replay, 3, {r, count}, add);
  }
  for (const double g : out.gradient) out.norm += g * g;
  out.norm = std::sqrt(out.norm);
  return out;
}

}  // namespace

TEST_CASE("a share of a batch has the windows and the noise that these have in the batch") {
  const OneThread one;
  Replay replay = small_replay();
  ModelConfig c = model_of("rssm");
  for (const int stoch_size : {3, 4}) {  // whole counters of random numbers per row, and not
    c.stoch_size = stoch_size;
    WorldModel model(c, 1);
    Trainer trainer(model, {.seed = 7, .batch_size = 5, .batch_length = L});
    const auto all = [&](const planet::Share& share) {
      const Sequence x = trainer.batch(replay, 3, share);
      return std::vector<std::vector<double>>{numbers(x.image),     numbers(x.action),
                                              numbers(x.reward),    numbers(x.noise),
                                              numbers(x.continues), numbers(x.overshoot_noise)};
    };
    const auto whole = all({});
    for (const std::ptrdiff_t count : {1, 2, 3, 5}) {
      std::size_t b = 0;
      for (std::ptrdiff_t r = 0; r < count; ++r) {
        const planet::Share share{r, count};
        const auto part = all(share);
        const std::size_t windows = index(share.windows(5));
        CHECK(share.first(5) == static_cast<std::ptrdiff_t>(b));
        for (std::size_t own = 0; own < windows; ++own, ++b)
          for (std::size_t k = 0; k < whole.size(); ++k) {
            const std::size_t rows = index(k == 5 ? 3 * L : L);
            CHECK(of_window(part[k], windows, own, rows) == of_window(whole[k], 5, b, rows));
          }
      }
      CHECK(b == 5);
    }
  }
}

TEST_CASE("the gradients of a batch's shares add up to its gradient") {
  const OneThread one;
  for (const char* latent_model : {"rssm", "ssm", "rnn"})
    for (const Precision precision : {Precision::f32, Precision::f64}) {
      const ModelConfig c = model_of(latent_model);
      const Summed whole = in_shares(c, 1, precision);
      for (const std::ptrdiff_t count : {2, 3, 5}) {
        CAPTURE(latent_model);
        CAPTURE(count);
        const Summed shares = in_shares(c, count, precision);
        double difference = 0;
        for (std::size_t i = 0; i < whole.gradient.size(); ++i) {
          const double d = shares.gradient[i] - whole.gradient[i];
          difference += d * d;
        }
        CHECK(whole.norm > 0);
        const double most = precision == Precision::f32 ? 1e-5 : 1e-12;
        CHECK(std::sqrt(difference) < most * whole.norm);
      }
    }
}

TEST_CASE("a share that is not finite stops every process, and its own one says why") {
  const OneThread one;
  Replay replay = small_replay();
  for (const bool checked : {false, true})
    for (const bool own : {false, true}) {
      WorldModel model(overshooting_model(), 1);
      if (own)
        model.params().find("reward/0/weight")->value<float>()[0] =
            std::numeric_limits<float>::infinity();
      Trainer trainer(model, config());
      trainer.tape().check_finite(checked);
      const std::vector<float> before = weights(model);
      bool told = false;
      const auto other = [&](ParamStore& params, const Update& mine) {
        told = !std::isfinite(params.grads<float>()[0]) && mine.elbo.loss.empty();
        if (!own) params.grads<float>()[0] += std::numeric_limits<float>::quiet_NaN();
      };
      std::string said = "nothing was thrown";
      try {
        trainer.update(replay, 1, {0, 2}, other);
      } catch (const NonFinite& e) {
        said = e.what();
      }
      INFO(said);
      CHECK(told == own);
      CHECK((own ? said.find("reward/0") != std::string::npos : said.empty()));
      CHECK(weights(model) == before);
    }
}

}  // namespace trainer_tests
