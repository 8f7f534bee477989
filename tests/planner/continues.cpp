// Returns when episodes can end: each reward is weighted by the probability that the episode has
// not ended before it.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "autograd/kernels/random.hpp"
#include "planner/latent_dynamics.hpp"
#include "tests/planner/toys.hpp"
#include "tests/rssm/support.hpp"

using namespace planet;
using planet::test::stream;

namespace {

ModelConfig with_head(const std::string& latent_model) {
  ModelConfig c = miniature_of(latent_model);
  c.continue_head = true;
  return c;
}

void set_constant(WorldModel& model, const std::string& layer, float value) {
  const Param &w = *model.params().find(layer + "/weight"),
              &b = *model.params().find(layer + "/bias");
  std::fill_n(w.value<float>(), w.shape.size(), 0.0f);
  std::fill_n(b.value<float>(), b.shape.size(), value);
}

std::vector<float> numbers(std::ptrdiff_t n, std::uint64_t seed) {
  std::vector<float> x(static_cast<std::size_t>(n));
  Rng rng(seed, Stream::test);
  for (float& v : x) v = static_cast<float>(rng.uniform(-1, 1));
  return x;
}

std::vector<double> returns_of(const WorldModel& model, std::ptrdiff_t H, std::ptrdiff_t J,
                               const std::vector<float>& actions) {
  LatentDynamics dynamics(model);
  const std::vector<float> h(static_cast<std::size_t>(model.latent().deter_size())),
      s(static_cast<std::size_t>(model.latent().stoch_size()));
  dynamics.start(h, s);
  Rng rng = stream();
  std::vector<double> returns(static_cast<std::size_t>(J));
  dynamics.imagine({H, J, 2, actions.data()}, rng, returns.data());
  return returns;
}

}  // namespace

TEST_CASE("P35 a return is the sum of rewards up to the end that is predicted") {
  constexpr std::ptrdiff_t H = 4, J = 3;
  const auto actions = numbers(H * J * 2, 1);
  WorldModel model(with_head("rssm"), 1);
  set_constant(model, "reward/2", 1);
  const auto expect = [&](float logit, float sum) {
    set_constant(model, "continue/2", logit);
    for (const double r : returns_of(model, H, J, actions)) CHECK(r == static_cast<double>(sum));
  };
  expect(200, 4);                        // never ends: every reward counts
  expect(-200, 1);                       // ends with the first step, whose reward counts
  expect(0, 1 + 0.5f + 0.25f + 0.125f);  // goes on with probability 1/2
}

TEST_CASE("P35 weighted returns equal the manual loop for every latent model") {
  for (const std::string& name : latent_model_names()) {
    INFO(name);
    constexpr std::ptrdiff_t H = 5, J = 7;
    const WorldModel model(with_head(name), 3);
    const ModelConfig& c = model.config();
    const auto actions = numbers(H * J * 2, 2);
    Tape tape(Precision::f32);
    State state = model.latent().initial(tape, J);
    std::vector<float> expected(J), alive(J, 1.0f), plain(J);
    Rng rng = stream();
    for (std::ptrdiff_t t = 0; t < H; ++t) {
      float* z = nullptr;
      const Var noise = tape.uninitialised({J, c.stoch_size}, &z);
      kernels::fill_normal(rng, z, J * c.stoch_size);
      state = model.latent()
                  .imagine(state, tape.borrow(actions.data() + t * J * 2, {J, 2}), noise)
                  .state;
      const Var r = model.reward(features(state)),
                goes_on = sigmoid(model.continue_logit(features(state)));
      for (std::size_t j = 0; j < J; ++j) {
        expected[j] += alive[j] * r.value<float>()[j];
        plain[j] += r.value<float>()[j];
        alive[j] *= goes_on.value<float>()[j];
      }
    }
    CHECK(returns_of(model, H, J, actions) ==
          std::vector<double>(expected.begin(), expected.end()));
    CHECK(expected != plain);
  }
}
