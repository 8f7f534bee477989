// The cost of a training step as counts: allocations, multiply-adds, records on the tape.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "autograd/base/parallel.hpp"
#include "autograd/base/workspace.hpp"
#include "rssm/trainer.hpp"
#include "tests/support/counting_new.hpp"
#include "tests/support/multiply_adds.hpp"

namespace planet {
namespace {

Episode noise_episode(std::ptrdiff_t rows, std::uint64_t seed) {
  Rng rng(seed, Stream::test);
  std::vector<std::uint8_t> frame(16 * 16 * 3);
  Episode e;
  for (std::ptrdiff_t t = 0; t < rows; ++t) {
    for (std::uint8_t& x : frame) x = static_cast<std::uint8_t>(rng.below(256));
    const float action = static_cast<float>(rng.uniform(-1, 1));
    if (t == 0) e.begin(16, 1, frame.data());
    else e.append(&action, rng.uniform(), frame.data());
  }
  return e;
}

}  // namespace

TEST_CASE("P43 an update allocates no memory after warm-up") {
  Replay replay(std::size_t{1} << 24);
  for (std::uint64_t i = 0; i < 3; ++i) replay.add(noise_episode(12, i));
  std::vector<ModelConfig> configs(1, model_preset("tiny", 16));
  for (const std::string& name : latent_model_names()) {  // with every further term
    ModelConfig& c = configs.emplace_back(configs.front());
    choose_latent_model(c, name);
    c.overshooting_distance = 4, c.overshooting_reward_scale = 1;
    c.kl_balance = 0.8, c.global_kl_scale = 0.1, c.continue_head = true;
  }
  struct Case {
    const ModelConfig* config;
    Precision precision;
    int threads;
  };
  std::vector<Case> cases;
  for (const int n : {1, 2, 4, 8, 16}) {  // upwards: a thread that ends would free its workspaces
    for (const ModelConfig& c : configs) cases.push_back({&c, Precision::f32, n});
    cases.push_back({&configs[1], Precision::bf16, n});
  }
  for (const Case& k : cases) {
    set_threads(k.threads);
    WorldModel model(*k.config, 1, k.precision);
    Trainer trainer(model, {.seed = 1, .batch_size = 4, .batch_length = 6});
    std::int64_t done = 0;
    const auto update = [&] { trainer.update(replay, done++); };
    CHECK(test::allocations_in(update) > 0);  // the first one does allocate: the counter works
    update();
    update();
    const std::size_t workspaces = workspace_bytes();
    INFO(k.threads, " threads, ", model.config().latent_model, ", ", name(k.precision));
    CHECK(test::allocations_in([&] {
            for (int i = 0; i < 5; ++i) update();
          }) == 0);
    CHECK(workspace_bytes() == workspaces);
  }
  set_threads(0);
}

// Multiply-adds that the formulas of one training step need: every layer forward, and backward to
// its input and to its weights. The first convolution needs no gradient of its input, nor does the
// first step of the recurrence, whose input is zero.
std::int64_t needed(const ModelConfig& c, std::int64_t L, std::int64_t B) {
  std::int64_t encoder = 0, first = 0, decoder = 0;
  std::int64_t size = c.image_size, channels = 3;
  for (const ConvLayer& l : c.encoder) {
    size = (size - l.kernel) / 2 + 1;
    const std::int64_t layer = size * size * l.kernel * l.kernel * channels * l.channels;
    if (encoder == 0) first = layer;
    encoder += layer;
    channels = l.channels;
  }
  size = 1, channels = c.embed_size;
  for (const ConvLayer& l : c.decoder) {
    decoder += size * size * l.kernel * l.kernel * channels * l.channels;
    size = (size - 1) * 2 + l.kernel;
    channels = l.channels;
  }
  const std::int64_t h = c.deter_size, s = c.stoch_size, u = c.hidden_size, r = c.reward_units;
  const std::int64_t features = (h + s) * c.embed_size,
                     reward = (h + s) * r + (c.reward_layers - 1) * r * r + r,
                     transition = (s + c.action_size) * h + 2 * h * 3 * h, head = u * 2 * s,
                     prior = h * u + head, posterior = (h + c.embed_size) * u + head;
  const std::int64_t forward =
      encoder + features + decoder + reward + transition + prior + posterior;
  return L * B * (3 * forward - first) - B * ((s + c.action_size) * h + h * 3 * h);
}

TEST_CASE("P43 the products of an update need little more work than the formulas") {
  const ModelConfig c = model_preset("tiny");
  const WorldModel model(c, 1);
  Tape tape(Precision::f32);
  const auto work = [&](std::ptrdiff_t L, std::ptrdiff_t B) {
    const test::MultiplyAdds count;
    tape.reset();
    const auto elbo = model.elbo({tape.zeros({L * B, 32, 32, 3}), tape.zeros({L, B, 1}),
                                  tape.zeros({L, B}), tape.zeros({L, B, c.stoch_size})});
    tape.backward(elbo.loss);
    return count.value();
  };
  const std::int64_t once = work(10, 16);
  INFO(once, " multiply-adds, needed ", needed(c, 10, 16));
  CHECK(once >= needed(c, 10, 16));
  CHECK(once <= needed(c, 10, 16) * 11 / 10);  // padding to whole registers
  CHECK(work(20, 16) <= once * 201 / 100);     // twice the length: the first step alone is cheaper
  CHECK(work(10, 32) <= 2 * once);             // twice the batch
}

TEST_CASE("P43 overshooting does the work of its prior steps and no more") {
  ModelConfig c = model_preset("tiny", 16);
  constexpr std::ptrdiff_t L = 10, B = 16;
  const auto work = [&](int D) {
    c.overshooting_distance = D;
    const WorldModel model(c, 1);
    Tape tape(Precision::f32);
    Sequence x{tape.zeros({L * B, 16, 16, 3}), tape.zeros({L, B, 1}), tape.zeros({L, B}),
               tape.zeros({L, B, c.stoch_size})};
    if (D > 1) x.overshoot_noise = tape.zeros({D, L, B, c.stoch_size});
    const test::MultiplyAdds count;
    tape.backward(model.elbo(x).loss);
    return count.value();
  };
  // A prior step forward, and backward to its input and its weights.
  const std::int64_t h = c.deter_size, s = c.stoch_size, u = c.hidden_size;
  const std::int64_t step = 3 * B * ((s + 1) * h + 2 * h * 3 * h + h * u + u * 2 * s);
  const std::int64_t plain = work(1);
  for (const int D : {2, 5, 10}) {
    std::int64_t starts = 0;
    for (int d = 2; d <= D; ++d) starts += L - d + 1;
    const std::int64_t more = work(D) - plain;
    INFO("D = ", D, ": ", more, " multiply-adds, needed ", starts * step);
    CHECK(more >= starts * step * 99 / 100);  // the last state needs no gradient
    CHECK(more <= starts * step * 11 / 10);
  }
}

TEST_CASE("P43 a step in time costs a fixed handful of records") {
  const ModelConfig c = model_preset("tiny", 16);
  const WorldModel model(c, 1);
  Tape tape(Precision::f32);
  const auto records = [&](std::ptrdiff_t L) {
    tape.reset();
    model.elbo({tape.zeros({L * 2, 16, 16, 3}), tape.zeros({L, 2, 1}), tape.zeros({L, 2}),
                tape.zeros({L, 2, c.stoch_size})});
    return tape.size();
  };
  const std::size_t at_10 = records(10);
  CHECK(records(11) - at_10 == records(51) - records(50));
  // Views: a_prev, e_t, noise_t, W_h. Computed: concat, inp, gru, matmul, add, relu, mean, std,
  // std + min, sample.
  CHECK(records(11) - at_10 <= 14);
  CHECK(at_10 - 10 * 14 <= 80);  // everything else, for all t at once
}

}  // namespace planet
