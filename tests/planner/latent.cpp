// LatentDynamics against the loop it replaces: one batch of J rows, step by step, on one tape.
#include <doctest/doctest.h>

#include <cmath>

#include "autograd/base/parallel.hpp"
#include "autograd/kernels/random.hpp"
#include "planner/cem.hpp"
#include "planner/latent_dynamics.hpp"
#include "tests/planner/toys.hpp"
#include "tests/rssm/support.hpp"

using namespace planet;
using planet::test::error_of;
using planet::test::every_planner;
using planet::test::stream;

namespace {

std::vector<float> random_numbers(std::ptrdiff_t n, std::uint64_t seed) {
  std::vector<float> x(static_cast<std::size_t>(n));
  Rng rng(seed, Stream::test);
  for (float& v : x) v = static_cast<float>(rng.uniform(-1, 1));
  return x;
}

// The initial state: a sample, or with a std the posterior to sample from.
struct Start {
  std::vector<float> h, s, std;
};

// The same returns by the simplest code: no chunks, no rewinding, on a tape that records. Row
// j N + n is candidate j in future n. With one future each row has noise of its own; with several
// the rows of one future share theirs.
std::vector<double> manual_loop(const WorldModel& model, const Start& start, std::ptrdiff_t H,
                                std::ptrdiff_t J, const float* actions, Rng rng,
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
  Tape tape(Precision::f32);
  std::vector<float> h, s;
  for (std::ptrdiff_t r = 0; r < rows; ++r) {
    h.insert(h.end(), start.h.begin(), start.h.end());
    s.insert(s.end(), start.s.begin(), start.s.end());
  }
  if (!start.std.empty()) {
    const std::vector<float> z = draw();
    for (std::size_t i = 0; i < s.size(); ++i) s[i] += start.std[i % start.std.size()] * z[i];
  }
  State state{tape.constant(h, {rows, c.deter_size}), tape.constant(s, {rows, D_s})};
  std::vector<float> sums(static_cast<std::size_t>(rows));
  std::vector<double> returns;
  for (std::ptrdiff_t t = 0; t < H; ++t) {
    std::vector<float> a;
    for (std::ptrdiff_t r = 0; r < rows; ++r)
      for (std::ptrdiff_t i = 0; i < A; ++i) a.push_back(actions[(t * J + r / N) * A + i]);
    const Var h_t = rssm_of(model).transition(state, tape.constant(a, {rows, A}));
    const Var noise = tape.constant(draw(), {rows, D_s});
    state = {h_t, sample(rssm_of(model).prior(h_t), noise)};
    const Var r = model.reward(concat(state.s, state.h));
    for (std::size_t j = 0; j < sums.size(); ++j) sums[j] += r.value<float>()[j];
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

TEST_CASE("P24 an imagined rollout equals the manual loop bit for bit") {
  const WorldModel model(miniature_model(), 3);
  const ModelConfig& c = model.config();
  // One chunk, several, with a short last one, and a J D_s that is no multiple of four.
  for (const std::ptrdiff_t J : {1, 5, 48, 49, 301, 1000}) {
    constexpr std::ptrdiff_t H = 7;
    const auto h = random_numbers(c.deter_size, 1), s = random_numbers(c.stoch_size, 2);
    const auto actions = random_numbers(H * J * c.action_size, 3);
    LatentDynamics dynamics(model);
    dynamics.start(h, s);
    CHECK(dynamics.action_size() == c.action_size);
    Rng rng = stream();
    std::vector<double> returns(static_cast<std::size_t>(J), -7.0f);
    dynamics.imagine({H, J, c.action_size, actions.data()}, rng, returns.data());
    CHECK(returns == manual_loop(model, {h, s, {}}, H, J, actions.data(), stream()));
    // As many counters as the loop's fills used.
    CHECK(rng.position() == static_cast<std::uint64_t>(H * ((J * c.stoch_size + 3) / 4)));
  }
}

TEST_CASE("P24 shared futures and sampled starts equal the manual loop bit for bit") {
  const WorldModel model(miniature_model(), 3);
  const ModelConfig& c = model.config();
  constexpr std::ptrdiff_t H = 5;
  const auto h = random_numbers(c.deter_size, 1), s = random_numbers(c.stoch_size, 2);
  auto std = random_numbers(c.stoch_size, 4);
  for (float& x : std) x = 0.1f + std::abs(x);
  for (const bool sampled : {false, true})
    for (const std::ptrdiff_t N : {1, 2, 7, 97})
      for (const std::ptrdiff_t J : {1, 30, 101}) {
        INFO("starts sampled ", sampled, ", N ", N, ", J ", J);
        const auto actions = random_numbers(H * J * c.action_size, 3);
        LatentDynamics dynamics(model);
        if (sampled) dynamics.start(h, s, std);
        else dynamics.start(h, s);
        Rng rng = stream();
        const Candidates candidates{H, J, c.action_size, actions.data(), static_cast<int>(N)};
        std::vector<double> returns(static_cast<std::size_t>(J)), again = returns;
        dynamics.imagine(candidates, rng, returns.data());
        const Start start{h, s, sampled ? std : std::vector<float>{}};
        CHECK(returns == manual_loop(model, start, H, J, actions.data(), stream(), N));
        CHECK(rng.position() == static_cast<std::uint64_t>(
                                    (H + sampled) * (((N > 1 ? N : J) * c.stoch_size + 3) / 4)));
        // From another position of the stream there are other futures; from the same, the same.
        dynamics.imagine(candidates, rng, again.data());
        CHECK(again != returns);
        rng.seek(0);
        dynamics.imagine(candidates, rng, again.data());
        CHECK(again == returns);
      }
}

TEST_CASE("candidates with shared futures differ only by their actions") {
  const WorldModel model(miniature_model(), 3);
  const ModelConfig& c = model.config();
  constexpr std::ptrdiff_t H = 4, J = 50;
  std::vector<float> actions(static_cast<std::size_t>(H * J * c.action_size), 0.5f);
  Rng rng = stream();
  LatentDynamics dynamics(model);
  dynamics.start(random_numbers(c.deter_size, 1), random_numbers(c.stoch_size, 2),
                 std::vector<float>(static_cast<std::size_t>(c.stoch_size), 0.3f));
  std::vector<double> returns(J);
  dynamics.imagine({H, J, c.action_size, actions.data(), 5}, rng, returns.data());
  for (const double r : returns) CHECK(r == returns[0]);
  dynamics.imagine({H, J, c.action_size, actions.data()}, rng, returns.data());
  CHECK(returns[1] != returns[0]);
}

TEST_CASE("every action affects only its own candidate and shared noise affects all") {
  const WorldModel model(miniature_model(), 3);
  const ModelConfig& c = model.config();
  constexpr std::ptrdiff_t H = 4, J = 9;
  const auto h = random_numbers(c.deter_size, 1), s = random_numbers(c.stoch_size, 2);
  auto actions = random_numbers(H * J * c.action_size, 3);
  const auto imagine = [&](std::ptrdiff_t steps, std::uint64_t seed) {
    LatentDynamics dynamics(model);
    dynamics.start(h, s);
    Rng rng = stream(seed);
    std::vector<double> returns(J);
    dynamics.imagine({steps, J, c.action_size, actions.data()}, rng, returns.data());
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
    if (J % 100 == 0 && J <= 2000) CHECK(chunks % 2 == 0);  // two threads get equal shares
    if (J > 192) CHECK(rows > 48);
    CHECK(chunks * rows - J < 4 * chunks + 4);
  }
}

TEST_CASE("a plan in the latent model has the same bits on any number of threads") {
  const WorldModel model(miniature_model(), 5);
  const ModelConfig& c = model.config();
  const auto h = random_numbers(c.deter_size, 1), s = random_numbers(c.stoch_size, 2);
  const int before = threads();
  std::vector<PlannerConfig> configs = every_planner(12, 3, 300, 30);
  configs.push_back({});  // H 12, I 10, J 1000, K 100
  configs.push_back({"cem", 12, 2, 200, 20});
  configs.back().samples_per_candidate = 5;
  for (const PlannerConfig& config : configs) {
    INFO(planner_text(config));
    std::vector<Plan> all;
    for (const int n : {1, 2, 3, 7}) {
      set_threads(n);
      LatentDynamics dynamics(model);
      dynamics.start(h, s);
      const auto planner = make_planner(config);
      Rng rng = stream();
      all.push_back(planner->plan(dynamics, rng));
    }
    for (const Plan& plan : all) {
      CHECK(plan.actions == all[0].actions);
      CHECK(plan.std == all[0].std);
      CHECK(plan.best_return == all[0].best_return);
    }
  }
  set_threads(before);
}

TEST_CASE("latent dynamics errors are sentences") {
  const WorldModel model(miniature_model(), 5);
  LatentDynamics dynamics(model);
  CHECK(error_of([&] { dynamics.start(std::vector<float>(7), std::vector<float>(4)); }) ==
        "[LatentDynamics] h has 7 numbers and s has 4; a belief of this model has 7 and 3");
  CHECK(error_of([&] { dynamics.start({}, {}); }) != "");
  CHECK(error_of([&] {
          dynamics.start(std::vector<float>(7), std::vector<float>(3), std::vector<float>(4));
        }) ==
        "[LatentDynamics] the posterior's mean has 3 numbers and its std 4; they must be as "
        "many");
  LatentDynamics not_started(model);
  Rng rng = stream();
  const std::vector<float> a(2);
  double r = 0;
  CHECK(error_of([&] {
          not_started.imagine({1, 1, 2, a.data()}, rng, &r);
        }) == "[LatentDynamics] there is no belief to imagine from; call start() first");
}

TEST_CASE("a belief that is not finite stops the plan with a sentence") {
  const WorldModel model(miniature_model(), 5);
  LatentDynamics dynamics(model);
  std::vector<float> h(7, std::nanf("")), s(3);
  dynamics.start(h, s);
  CemPlanner planner(PlannerConfig{});
  Rng rng = stream();
  CHECK_THROWS_AS(planner.plan(dynamics, rng), NonFinite);
}
