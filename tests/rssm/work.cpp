// What a training step costs, as counts: memory asked for, and records on the tape.
#include <doctest/doctest.h>

#include <vector>

#include "autograd/base/parallel.hpp"
#include "nn/adam.hpp"
#include "rssm/replay.hpp"
#include "rssm/world_model.hpp"
#include "tests/support/counting_new.hpp"

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

TEST_CASE("P43 a whole update asks for no memory after warm-up") {
  Replay replay(std::size_t{1} << 24);
  for (std::uint64_t i = 0; i < 3; ++i) replay.add(noise_episode(12, i));
  for (const int n : {1, 2}) {
    set_threads(n);
    WorldModel<float> model(model_preset("tiny", 16), 1);
    Adam<float> adam(model.params());
    Rng windows(1, Stream::replay), dequantise(1, Stream::dequantise), noise(1, Stream::posterior);
    Tape<float> tape;
    Batch batch;
    const auto update = [&] {
      replay.sample(4, 6, windows, batch);
      tape.reset();
      const auto x = make_sequence(tape, batch, model.config(), dequantise, noise);
      const ElboTerms<float> elbo = model.elbo(x);
      model.params().zero_grad();
      tape.backward(elbo.loss);
      adam.step(clip_by_global_norm(model.params(), 1000));
    };
    CHECK(test::allocations_in(update) > 0);  // the first one does: the count is alive
    update();
    update();
    INFO(n, " threads");
    CHECK(test::allocations_in([&] {
            for (int i = 0; i < 5; ++i) update();
          }) == 0);
  }
  set_threads(0);
}

TEST_CASE("P43 a step in time costs a fixed handful of records") {
  const ModelConfig c = model_preset("tiny", 16);
  const WorldModel<float> model(c, 1);
  Tape<float> tape;
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
