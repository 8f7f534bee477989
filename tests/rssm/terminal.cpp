// Episodes that the task ends: which row records it, the continue head's loss, and that the head
// learns where the end is.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "autograd/base/error.hpp"
#include "envs/registry.hpp"
#include "rssm/trainer.hpp"
#include "tests/rssm/support.hpp"
#include "tests/worlds/terminating.hpp"

using namespace planet;

namespace {

Episode random_episode(const EnvSpec& spec, std::uint64_t seed) {
  EnvOptions options;
  options.image_size = 16;
  const auto env = make_env(spec, options);
  Rng rng(seed, Stream::random_action);
  env->reset(seed);
  Episode e;
  e.begin(16, 1, env->render().data());
  for (StepResult r; !r.done();) {
    const float action = static_cast<float>(rng.uniform(-1, 1));
    r = env->step(std::span<const float>(&action, 1));
    e.append(&action, r.reward, env->render().data());
    e.terminated = r.terminated, e.truncated = r.truncated;
  }
  return e;
}

ModelConfig small_model(const std::string& latent_model) {
  ModelConfig c = model_preset("tiny", 16);
  c.deter_size = 24, c.stoch_size = 6, c.hidden_size = 24, c.reward_units = 24;
  c.continue_head = true;
  choose_latent_model(c, latent_model);
  return c;
}

}  // namespace

TEST_CASE("P35 only the last row of a window that ends an episode is terminal") {
  Episode ended = random_episode(test::terminating_spec(), 1), cut = ended;
  REQUIRE(ended.terminated);
  cut.terminated = false, cut.truncated = true;  // a time limit is no termination
  const std::ptrdiff_t rows = ended.rows(), L = 3;
  REQUIRE(rows > L + 1);
  for (const bool terminated : {true, false}) {
    Replay replay(1 << 22);
    replay.add(terminated ? ended : cut);
    Rng rng(1, Stream::replay);
    int last_rows = 0;
    for (int i = 0; i < 200; ++i) {
      const std::span<const Window> windows = replay.sample(1, L, rng);
      Tape tape(Precision::f32, Mode::inference);
      const Sequence x = make_sequence(tape, windows, small_model("rssm"), rng, rng);
      for (std::ptrdiff_t t = 0; t < L; ++t) {
        const bool last = windows[0].first + t == rows - 1;
        if (last) CHECK(t == L - 1);
        last_rows += last;
        CHECK(x.continues.value<float>()[static_cast<std::size_t>(t)] ==
              (last && terminated ? 0.0f : 1.0f));
      }
    }
    CHECK(last_rows > 0);  // windows with the terminal row are drawn like any other
  }
}

TEST_CASE("P35 the continue head pays its log-loss and never overflows") {
  ModelConfig c = miniature_model();
  c.continue_head = true, c.continue_scale = 0.5;
  WorldModel model(c, 1, Precision::f64);
  const Param& bias = *model.params().find("continue/2/bias");
  std::fill_n(model.params().find("continue/2/weight")->value<double>(), 6, 0.0);
  Tape tape(Precision::f64);
  const std::vector<double> flags = {1, 1, 1, 0, 1, 0};
  for (const double logit : {0.0, 1.5, -2.0, 1e4, -1e4}) {
    bias.value<double>()[0] = logit;
    Sequence x = random_sequence(tape, c, 3, 2);
    x.continues = tape.constant(flags, {3, 2});
    const ElboTerms elbo = model.elbo(x);
    double sum = 0;
    for (std::size_t i = 0; i < 6; ++i) {
      const double z = flags[i] == 1 ? logit : -logit;  // of the event that occurred
      const double loss = z > 0 ? std::log1p(std::exp(-z)) : -z + std::log1p(std::exp(z));
      CHECK(elbo.continues.value<double>()[i] == doctest::Approx(loss).epsilon(1e-12));
      sum += loss / 6;
    }
    Sequence unknown = x;
    unknown.continues = {};
    const ElboTerms without = model.elbo(unknown);
    CHECK(without.continues.empty());
    CHECK(elbo.loss.item() - without.loss.item() == doctest::Approx(0.5 * sum).epsilon(1e-9));
    model.params().zero_grad();
    tape.backward(elbo.loss);
    for (std::ptrdiff_t i = 0; i < model.params().size(); ++i)
      REQUIRE(std::isfinite(model.params().grads<double>()[i]));
    // d/dx of -ln p is sigmoid(x) - c.
    double slope = 0;
    for (const double f : flags) slope += (1 / (1 + std::exp(-logit)) - f) / 6;
    CHECK(bias.grad<double>()[0] == doctest::Approx(0.5 * slope).epsilon(1e-12));
  }
}

TEST_CASE("a model without a continue head has unchanged weights and refuses to predict ends") {
  const ModelConfig c = miniature_model();
  ModelConfig with = c;
  with.continue_head = true;
  WorldModel plain(c, 1, Precision::f64), headed(with, 1, Precision::f64);
  for (const Param& p : plain.params().params()) {
    const Param& q = *headed.params().find(p.name);
    CHECK(std::equal(p.value<double>(), p.value<double>() + p.shape.size(), q.value<double>()));
  }
  CHECK(headed.has_continue_head());
  CHECK_FALSE(plain.has_continue_head());
  Tape tape(Precision::f64);
  CHECK_THROWS_WITH_AS(plain.continue_logit(tape.zeros({1, 10})),
                       "[continue_logit] this model has no continue head", Error);
  ModelConfig wrong = c;
  wrong.continue_scale = 2;
  CHECK_THROWS_WITH_AS(wrong.check(),
                       "continue_scale is 2, but without a continue_head it would have no effect",
                       Error);
}

TEST_CASE("P35 every latent model learns from episodes that end where they end") {
  const OneThread one;
  constexpr std::ptrdiff_t L = 6, B = 16;
  constexpr int updates = 800;
  Replay replay(std::size_t{64} << 20);
  for (std::uint64_t k = 1; replay.episodes().size() < 60; ++k) {
    Episode e = random_episode(test::terminating_spec(), k);
    if (e.rows() >= L) replay.add(std::move(e));
  }
  for (const std::string& name : latent_model_names()) {
    WorldModel model(small_model(name), 1);
    Trainer trainer(
        model, {.seed = 1, .batch_size = B, .batch_length = L, .adam = {.learning_rate = 4e-3}});
    double ended = 0, going_on = 0;  // predicted probability of going on, in the last batches
    int ends = 0, others = 0;
    for (int k = 0; k < updates; ++k) {
      const Update u = trainer.update(replay, k);
      if (k < updates - 20) continue;
      for (std::size_t i = 0; i < L * B; ++i) {
        const double logit = static_cast<double>(u.elbo.predicted.continue_logit.value<float>()[i]);
        const double p = 1 / (1 + std::exp(-logit));
        if (u.batch.continues.value<float>()[i] == 0) ended += p, ++ends;
        else going_on += p, ++others;
      }
    }
    MESSAGE(name << ": goes on with probability " << ended / ends << " in " << ends
                 << " rows that end an episode, " << going_on / others << " in the others");
    CHECK(ends > 20);
    CHECK(ended / ends < 0.3);  // the constant prediction would be 0.95
    CHECK(going_on / others > 0.9);
  }
}
