// LatentDynamics against the loop it stands for: one batch of J rows, step by step, on one tape.
#include <doctest/doctest.h>

#include <cmath>

#include "autograd/base/parallel.hpp"
#include "autograd/kernels/random.hpp"
#include "planner/cem.hpp"
#include "planner/latent_dynamics.hpp"
#include "tests/planner/toys.hpp"
#include "tests/rssm/support.hpp"

using namespace planet;
using planet::testing::error_of;
using planet::testing::streams;

namespace {

std::vector<float> random_numbers(std::ptrdiff_t n, std::uint64_t seed) {
  std::vector<float> x(static_cast<std::size_t>(n));
  Rng rng(seed, Stream::test);
  for (float& v : x) v = static_cast<float>(rng.uniform(-1, 1));
  return x;
}

std::vector<float> part(const std::vector<float>& x, std::ptrdiff_t begin, std::ptrdiff_t n) {
  return {x.begin() + begin, x.begin() + begin + n};
}

// The same returns by the plainest code: no chunks, no rewinding, on a tape that records.
std::vector<float> manual_loop(const WorldModel<float>& model, const std::vector<float>& h0,
                               const std::vector<float>& s0, std::ptrdiff_t H, std::ptrdiff_t J,
                               const float* actions, Rng rng) {
  const ModelConfig& c = model.config();
  Tape<float> tape;
  std::vector<float> h, s;
  for (std::ptrdiff_t j = 0; j < J; ++j) {
    h.insert(h.end(), h0.begin(), h0.end());
    s.insert(s.end(), s0.begin(), s0.end());
  }
  State<float> state{tape.constant(h, {J, c.deter_size}), tape.constant(s, {J, c.stoch_size})};
  std::vector<float> returns(static_cast<std::size_t>(J));
  for (std::ptrdiff_t t = 0; t < H; ++t) {
    const Var<float> a = tape.borrow(actions + t * J * c.action_size, {J, c.action_size});
    const Var<float> h_t = rssm_of(model).transition(state, a);
    float* z = nullptr;
    const Var<float> noise = tape.uninitialised({J, c.stoch_size}, &z);
    kernels::fill_normal(rng, z, J * c.stoch_size);
    state = {h_t, sample(rssm_of(model).prior(h_t), noise)};
    const Var<float> r = model.reward(concat(state.s, state.h));
    for (std::size_t j = 0; j < returns.size(); ++j) returns[j] += r.value()[j];
  }
  return returns;
}

}  // namespace

TEST_SUITE("planner") {
  TEST_CASE("P24 an imagined rollout equals the manual loop bit for bit") {
    const WorldModel<float> model(miniature_model(), 3);
    const ModelConfig& c = model.config();
    // One chunk, several, with a short last one, and a J D_s that is no multiple of four.
    for (const std::ptrdiff_t J : {1, 5, 48, 49, 301, 1000}) {
      constexpr std::ptrdiff_t B = 2, H = 7;
      const auto h = random_numbers(B * c.deter_size, 1), s = random_numbers(B * c.stoch_size, 2);
      const auto actions = random_numbers(B * H * J * c.action_size, 3);
      LatentDynamics dynamics(model);
      dynamics.start(h, s);
      CHECK(dynamics.beliefs() == B);
      CHECK(dynamics.action_size() == c.action_size);
      std::vector<Rng> rngs = streams(B);
      std::vector<float> returns(static_cast<std::size_t>(B * J), -7.0f);
      dynamics.imagine({B, H, J, c.action_size, actions.data()}, rngs, returns.data());
      for (std::ptrdiff_t b = 0; b < B; ++b) {
        Rng rng = streams(B)[static_cast<std::size_t>(b)];
        const auto expected = manual_loop(model, part(h, b * c.deter_size, c.deter_size),
                                          part(s, b * c.stoch_size, c.stoch_size), H, J,
                                          actions.data() + b * H * J * c.action_size, rng);
        CHECK(part(returns, b * J, J) == expected);
        // As many counters as the loop's fills took.
        CHECK(rngs[static_cast<std::size_t>(b)].position() ==
              static_cast<std::uint64_t>(H * ((J * c.stoch_size + 3) / 4)));
      }
    }
  }

  TEST_CASE("the action of every step matters to its own candidate and the noise to all") {
    const WorldModel<float> model(miniature_model(), 3);
    const ModelConfig& c = model.config();
    constexpr std::ptrdiff_t H = 4, J = 9;
    const auto h = random_numbers(c.deter_size, 1), s = random_numbers(c.stoch_size, 2);
    auto actions = random_numbers(H * J * c.action_size, 3);
    const auto imagine = [&](std::ptrdiff_t steps, std::uint64_t seed) {
      LatentDynamics dynamics(model);
      dynamics.start(h, s);
      std::vector<Rng> rngs = streams(1, seed);
      std::vector<float> returns(J);
      dynamics.imagine({1, steps, J, c.action_size, actions.data()}, rngs, returns.data());
      return returns;
    };
    const auto before = imagine(H, 1);
    CHECK(before == imagine(H, 1));
    CHECK(before != imagine(H, 2));
    for (std::ptrdiff_t t = 0; t < H; ++t) {
      float& a = actions[static_cast<std::size_t>(t * J * c.action_size)];  // candidate 0 at step t
      const float kept = a;
      a = -a;
      const auto after = imagine(H, 1);
      CHECK(after[0] != before[0]);
      CHECK(std::vector<float>(after.begin() + 1, after.end()) ==
            std::vector<float>(before.begin() + 1, before.end()));  // candidates do not mix
      a = kept;
    }
  }

  TEST_CASE("chunks are nearly equal and begin at a counter") {
    for (std::ptrdiff_t J = 1; J < 3000; ++J) {
      const std::ptrdiff_t rows = LatentDynamics::chunk_rows(J);
      CHECK(rows % 4 == 0);
      CHECK(rows >= 4);
      CHECK(rows <= 96);
      const std::ptrdiff_t chunks = (J + rows - 1) / rows;
      if (J % 100 == 0 && J <= 2000)
        CHECK(chunks % 2 == 0);  // two threads get as much as each other
      if (J > 192) CHECK(rows > 48);
      CHECK(chunks * rows - J < 4 * chunks + 4);
    }
  }

  TEST_CASE("P21 a plan in the latent model is the same in a batch and alone") {
    const WorldModel<float> model(miniature_model(), 5);
    const ModelConfig& c = model.config();
    PlannerConfig cem;
    cem.horizon = 5, cem.iterations = 3, cem.candidates = 150, cem.elites = 15;
    constexpr std::ptrdiff_t B = 3;
    const auto h = random_numbers(B * c.deter_size, 1), s = random_numbers(B * c.stoch_size, 2);
    LatentDynamics together(model), alone(model);
    CemPlanner planner(cem), single(cem);
    together.start(h, s);
    std::vector<Rng> rngs = streams(B);
    const auto plans = planner.plan(together, rngs);
    for (std::ptrdiff_t b = 0; b < B; ++b) {
      const auto i = static_cast<std::size_t>(b);
      alone.start(part(h, b * c.deter_size, c.deter_size), part(s, b * c.stoch_size, c.stoch_size));
      std::vector<Rng> own{streams(B)[i]};
      const Plan& plan = single.plan(alone, own)[0];
      CHECK(plan.mean == plans[i].mean);
      CHECK(plan.std == plans[i].std);
      CHECK(plan.elite_return == plans[i].elite_return);
      CHECK(own[0].position() == rngs[i].position());
    }
    CHECK(plans[0].mean != plans[1].mean);
  }

  TEST_CASE("a plan in the latent model has the same bits on any number of threads") {
    const WorldModel<float> model(miniature_model(), 5);
    const ModelConfig& c = model.config();
    const auto h = random_numbers(2 * c.deter_size, 1), s = random_numbers(2 * c.stoch_size, 2);
    const int before = threads();
    std::vector<std::vector<Plan>> all;
    for (const int n : {1, 2, 3, 7}) {
      set_threads(n);
      LatentDynamics dynamics(model);
      dynamics.start(h, s);
      CemPlanner planner(PlannerConfig{});  // H 12, I 10, J 1000, K 100
      std::vector<Rng> rngs = streams(2);
      const auto plans = planner.plan(dynamics, rngs);
      all.emplace_back(plans.begin(), plans.end());
    }
    set_threads(before);
    for (std::size_t i = 1; i < all.size(); ++i)
      for (std::size_t b = 0; b < 2; ++b) {
        CHECK(all[i][b].mean == all[0][b].mean);
        CHECK(all[i][b].std == all[0][b].std);
        CHECK(all[i][b].best_return == all[0][b].best_return);
      }
  }

  TEST_CASE("latent dynamics errors are sentences") {
    const WorldModel<float> model(miniature_model(), 5);
    LatentDynamics dynamics(model);
    CHECK(error_of([&] { dynamics.start(std::vector<float>(7), std::vector<float>(4)); }) ==
          "[LatentDynamics] h has 7 numbers and s has 4; B beliefs of this model have 7 B and 3 B, "
          "B at least 1");
    CHECK(error_of([&] { dynamics.start({}, {}); }) != "");
    dynamics.start(std::vector<float>(14), std::vector<float>(6));
    std::vector<Rng> rngs = streams(1);
    const std::vector<float> a(2);
    float r = 0;
    CHECK(error_of([&] { dynamics.imagine({1, 1, 1, 2, a.data()}, rngs, &r); }) != "");
  }

  TEST_CASE("a belief that is not finite stops the plan with a sentence") {
    const WorldModel<float> model(miniature_model(), 5);
    LatentDynamics dynamics(model);
    std::vector<float> h(7, std::nanf("")), s(3);
    dynamics.start(h, s);
    CemPlanner planner(PlannerConfig{});
    std::vector<Rng> rngs = streams(1);
    CHECK_THROWS_AS(planner.plan(dynamics, rngs), NonFinite);
  }
}
