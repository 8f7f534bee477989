// The update: what it computes, what it draws, and its error when a number is not finite.
#include "rssm/trainer.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "autograd/base/error.hpp"
#include "tests/rssm/support.hpp"

using namespace planet;

namespace {

constexpr std::ptrdiff_t L = 5, B = 3;

ModelConfig small_model() {
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
  WorldModel by_hand(small_model(), 1), model(small_model(), 1);
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
    WorldModel model(small_model(), 1);
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
  WorldModel model(small_model(), 1);
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
