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
using planet::testing::every_planner;
using planet::testing::streams;

namespace {

std::vector<float> random_numbers(std::ptrdiff_t n, std::uint64_t seed) {
  std::vector<float> x(static_cast<std::size_t>(n));
  Rng rng(seed, Stream::test);
  for (float& v : x) v = static_cast<float>(rng.uniform(-1, 1));
  return x;
}

template <class N>
std::vector<N> part(const std::vector<N>& x, std::ptrdiff_t begin, std::ptrdiff_t n) {
  return {x.begin() + begin, x.begin() + begin + n};
}

// What one belief is planned from: a sample, or with a std the posterior to sample from.
struct Start {
  std::vector<float> h, s, std;
};

// The same returns by the plainest code: no chunks, no rewinding, on a tape that records. Row
// j N + n is candidate j in future n; with one future each row has noise of its own, with several
// the rows of a future share theirs.
std::vector<double> manual_loop(const WorldModel<float>& model, const Start& start,
                                std::ptrdiff_t H, std::ptrdiff_t J, const float* actions, Rng rng,
                                std::ptrdiff_t N = 1) {
  const ModelConfig& c = model.config();
  const std::ptrdiff_t D_s = c.stoch_size, A = c.action_size, rows = J * N;
  const auto draw = [&] {
    std::vector<float> z(static_cast<std::size_t>((N == 1 ? J : N) * D_s));
    kernels::fill_normal(rng, z.data(), static_cast<std::ptrdiff_t>(z.size()));
    std::vector<float> all;
    while (all.size() < static_cast<std::size_t>(rows * D_s))
      all.insert(all.end(), z.begin(), z.end());
    return all;
  };
  Tape<float> tape;
  std::vector<float> h, s;
  for (std::ptrdiff_t r = 0; r < rows; ++r) {
    h.insert(h.end(), start.h.begin(), start.h.end());
    s.insert(s.end(), start.s.begin(), start.s.end());
  }
  if (!start.std.empty()) {
    const std::vector<float> z = draw();
    for (std::size_t i = 0; i < s.size(); ++i) s[i] += start.std[i % start.std.size()] * z[i];
  }
  State<float> state{tape.constant(h, {rows, c.deter_size}), tape.constant(s, {rows, D_s})};
  std::vector<float> sums(static_cast<std::size_t>(rows));
  std::vector<double> returns;
  for (std::ptrdiff_t t = 0; t < H; ++t) {
    std::vector<float> a;
    for (std::ptrdiff_t r = 0; r < rows; ++r)
      for (std::ptrdiff_t i = 0; i < A; ++i) a.push_back(actions[(t * J + r / N) * A + i]);
    const Var<float> h_t = rssm_of(model).transition(state, tape.constant(a, {rows, A}));
    const Var<float> noise = tape.constant(draw(), {rows, D_s});
    state = {h_t, sample(rssm_of(model).prior(h_t), noise)};
    const Var<float> r = model.reward(concat(state.s, state.h));
    for (std::size_t j = 0; j < sums.size(); ++j) sums[j] += r.value()[j];
  }
  for (std::ptrdiff_t j = 0; j < J; ++j) {
    double sum = 0;
    for (std::ptrdiff_t n = 0; n < N; ++n)
      sum += static_cast<double>(sums[static_cast<std::size_t>(j * N + n)]);
    returns.push_back(sum / static_cast<double>(N));
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
      std::vector<double> returns(static_cast<std::size_t>(B * J), -7.0f);
      dynamics.imagine({B, H, J, c.action_size, actions.data()}, rngs, returns.data());
      for (std::ptrdiff_t b = 0; b < B; ++b) {
        Rng rng = streams(B)[static_cast<std::size_t>(b)];
        const auto expected = manual_loop(
            model,
            {part(h, b * c.deter_size, c.deter_size), part(s, b * c.stoch_size, c.stoch_size), {}},
            H, J, actions.data() + b * H * J * c.action_size, rng);
        CHECK(part(returns, b * J, J) == expected);
        // As many counters as the loop's fills took.
        CHECK(rngs[static_cast<std::size_t>(b)].position() ==
              static_cast<std::uint64_t>(H * ((J * c.stoch_size + 3) / 4)));
      }
    }
  }

  TEST_CASE("P24 shared futures and sampled starts equal the manual loop bit for bit") {
    const WorldModel<float> model(miniature_model(), 3);
    const ModelConfig& c = model.config();
    constexpr std::ptrdiff_t B = 2, H = 5;
    const std::ptrdiff_t D_h = c.deter_size, D_s = c.stoch_size;
    const auto h = random_numbers(B * D_h, 1), s = random_numbers(B * D_s, 2);
    auto std = random_numbers(B * D_s, 4);
    for (float& x : std) x = 0.1f + std::abs(x);
    for (const bool sampled : {false, true})
      for (const std::ptrdiff_t N : {1, 2, 7, 97})
        for (const std::ptrdiff_t J : {1, 30, 101}) {
          INFO("starts sampled ", sampled, ", N ", N, ", J ", J);
          const auto actions = random_numbers(B * H * J * c.action_size, 3);
          LatentDynamics dynamics(model);
          if (sampled) dynamics.start(h, s, std);
          else dynamics.start(h, s);
          std::vector<Rng> rngs = streams(B), futures = streams(B, 8);
          Candidates candidates{B,      H, J, c.action_size, actions.data(), static_cast<int>(N),
                                futures};
          std::vector<double> returns(static_cast<std::size_t>(B * J)), again = returns;
          dynamics.imagine(candidates, rngs, returns.data());
          for (std::ptrdiff_t b = 0; b < B; ++b) {
            const auto i = static_cast<std::size_t>(b);
            const Start start{part(h, b * D_h, D_h), part(s, b * D_s, D_s),
                              sampled ? part(std, b * D_s, D_s) : std::vector<float>{}};
            CHECK(part(returns, b * J, J) == manual_loop(model, start, H, J,
                                                         actions.data() + b * H * J * c.action_size,
                                                         N > 1 ? futures[i] : streams(B)[i], N));
            CHECK(rngs[i].position() ==
                  (N > 1 ? 0u : static_cast<std::uint64_t>((H + sampled) * ((J * D_s + 3) / 4))));
          }
          // Another iteration of the plan: the same futures, but a fresh one for each candidate.
          dynamics.imagine(candidates, rngs, again.data());
          CHECK((again == returns) == (N > 1));
        }
  }

  TEST_CASE("candidates that share their futures differ by their actions alone") {
    const WorldModel<float> model(miniature_model(), 3);
    const ModelConfig& c = model.config();
    constexpr std::ptrdiff_t H = 4, J = 50;
    std::vector<float> actions(static_cast<std::size_t>(H * J * c.action_size), 0.5f);
    std::vector<Rng> rngs = streams(1), futures = streams(1, 8);
    LatentDynamics dynamics(model);
    dynamics.start(random_numbers(c.deter_size, 1), random_numbers(c.stoch_size, 2),
                   std::vector<float>(static_cast<std::size_t>(c.stoch_size), 0.3f));
    std::vector<double> returns(J);
    dynamics.imagine({1, H, J, c.action_size, actions.data(), 5, futures}, rngs, returns.data());
    for (const double r : returns) CHECK(r == returns[0]);
    dynamics.imagine({1, H, J, c.action_size, actions.data()}, rngs, returns.data());
    CHECK(returns[1] != returns[0]);
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
      std::vector<double> returns(J);
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
    constexpr std::ptrdiff_t B = 3;
    const auto h = random_numbers(B * c.deter_size, 1), s = random_numbers(B * c.stoch_size, 2);
    for (PlannerConfig config : every_planner(5, 3, 150, 15))
      for (const int samples : {1, 3}) {
        config.samples_per_candidate = samples;
        INFO(planner_text(config));
        LatentDynamics together(model), alone(model);
        const auto planner = make_planner(config), single = make_planner(config);
        together.start(h, s);
        std::vector<Rng> rngs = streams(B);
        const auto plans = planner->plan(together, rngs);
        for (std::ptrdiff_t b = 0; b < B; ++b) {
          const auto i = static_cast<std::size_t>(b);
          alone.start(part(h, b * c.deter_size, c.deter_size),
                      part(s, b * c.stoch_size, c.stoch_size));
          std::vector<Rng> own{streams(B)[i]};
          const Plan& plan = single->plan(alone, own)[0];
          CHECK(plan.actions == plans[i].actions);
          CHECK(plan.mean == plans[i].mean);
          CHECK(plan.std == plans[i].std);
          CHECK(plan.elite_return == plans[i].elite_return);
          CHECK(own[0].position() == rngs[i].position());
        }
        CHECK(plans[0].actions != plans[1].actions);
      }
  }

  TEST_CASE("a plan in the latent model has the same bits on any number of threads") {
    const WorldModel<float> model(miniature_model(), 5);
    const ModelConfig& c = model.config();
    const auto h = random_numbers(2 * c.deter_size, 1), s = random_numbers(2 * c.stoch_size, 2);
    const int before = threads();
    std::vector<PlannerConfig> configs = every_planner(12, 3, 300, 30);
    configs.push_back({});  // H 12, I 10, J 1000, K 100
    configs.push_back({"cem", 12, 2, 200, 20});
    configs.back().samples_per_candidate = 5;
    for (const PlannerConfig& config : configs) {
      INFO(planner_text(config));
      std::vector<std::vector<Plan>> all;
      for (const int n : {1, 2, 3, 7}) {
        set_threads(n);
        LatentDynamics dynamics(model);
        dynamics.start(h, s);
        const auto planner = make_planner(config);
        std::vector<Rng> rngs = streams(2);
        const auto plans = planner->plan(dynamics, rngs);
        all.emplace_back(plans.begin(), plans.end());
      }
      for (std::size_t i = 1; i < all.size(); ++i)
        for (std::size_t b = 0; b < 2; ++b) {
          CHECK(all[i][b].actions == all[0][b].actions);
          CHECK(all[i][b].std == all[0][b].std);
          CHECK(all[i][b].best_return == all[0][b].best_return);
        }
    }
    set_threads(before);
  }

  TEST_CASE("latent dynamics errors are sentences") {
    const WorldModel<float> model(miniature_model(), 5);
    LatentDynamics dynamics(model);
    CHECK(error_of([&] { dynamics.start(std::vector<float>(7), std::vector<float>(4)); }) ==
          "[LatentDynamics] h has 7 numbers and s has 4; B beliefs of this model have 7 B and 3 B, "
          "B at least 1");
    CHECK(error_of([&] { dynamics.start({}, {}); }) != "");
    CHECK(error_of([&] {
            dynamics.start(std::vector<float>(7), std::vector<float>(3), std::vector<float>(4));
          }) ==
          "[LatentDynamics] the posteriors' mean has 3 numbers and their std 4; they must be as "
          "many");
    dynamics.start(std::vector<float>(14), std::vector<float>(6));
    std::vector<Rng> rngs = streams(1);
    const std::vector<float> a(2);
    double r = 0;
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
