// One future per candidate, or several shared by all: the effect of randomness on a planner.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tests/planner/toys.hpp"

using namespace planet;
using planet::test::ChanceDynamics;
using planet::test::every_planner;
using planet::test::stream;

namespace {

constexpr int plans = 400;

// Two arms: actions below zero pay 1 with certainty, others 3 with probability 0.2, 0.6 on average.
float two_arms(const float* action, double luck) {
  if (*action < 0) return 1;
  return luck < 0.2 ? 3 : 0;
}

// How many of the plans take the arm that is worse on average.
int risky_plans(PlannerConfig config, int samples) {
  config.samples_per_candidate = samples;
  ChanceDynamics arms(two_arms);
  const auto planner = make_planner(config);
  int risky = 0;
  for (std::uint32_t k = 0; k < plans; ++k) {
    Rng rng = stream(3, k);
    risky += planner->plan(arms, rng).actions[0] > 0;
  }
  return risky;
}

// P(at least k of n) with probability p each.
double at_least(int k, int n, double p) {
  double sum = 0;
  for (int i = k; i <= n; ++i)
    sum += std::exp(std::lgamma(n + 1.0) - std::lgamma(i + 1.0) - std::lgamma(n - i + 1.0) +
                    i * std::log(p) + (n - i) * std::log(1 - p));
  return sum;
}

}  // namespace

TEST_CASE("one sample per candidate seeks risk and sixteen shared ones choose the safe arm") {
  // One sample: about 20 of 200 candidates are lucky, more than the ten elites, so every elite is
  // a lucky one. (Fewer than ten have probability 0.4 % in the first round, and practically none
  // once the mean is positive.) Sixteen samples: the risky arm looks better when six or more of
  // the sixteen futures are lucky, 3 k / 16 > 1, which all candidates share: 8.17 % of plans.
  // 400 plans; 4 standard deviations of the binomial.
  const double kind = at_least(6, 16, 0.2), kinder = at_least(22, 64, 0.2);
  CHECK(std::abs(kind - 0.0817) < 0.0001);
  const auto four_sigma = [](double p) { return 4 * std::sqrt(p * (1 - p) * plans); };
  for (const PlannerConfig& config : every_planner(1, 4, 200, 10)) {
    if (config.method == "mppi") continue;  // weights, not ranks: below
    const int one = risky_plans(config, 1), sixteen = risky_plans(config, 16),
              many = risky_plans(config, 64);
    MESSAGE(planner_text(config) << ": of 400 plans " << one << " take the risk with one sample, "
                                 << sixteen << " with 16, " << many << " with 64");
    CHECK(one > 0.95 * plans);
    CHECK(std::abs(sixteen - kind * plans) < four_sigma(kind));
    CHECK(std::abs(many - kinder * plans) < four_sigma(kinder));
  }
  PlannerConfig mppi{"mppi", 1, 4, 200, 10};
  mppi.mppi.temperature = 0.05;
  CHECK(risky_plans(mppi, 1) > 0.95 * plans);
  CHECK(std::abs(risky_plans(mppi, 16) - kind * plans) < four_sigma(kind));
}

TEST_CASE("elites chosen by luck promise 0.95 where the truth is 0.5") {
  // The winner's curse. The return is a uniform number, independent of the actions; the best 100
  // of 1000 have the mean 1 - 50.5 / 1001 = 0.94955, with a standard deviation of 0.0055 over
  // plans. With sixteen shared futures every candidate has their mean: a half, with a standard
  // deviation of 1 / sqrt(12 16) = 0.0722.
  for (const int samples : {1, 16}) {
    PlannerConfig config{"cem", 1, 1, 1000, 100};
    config.samples_per_candidate = samples;
    ChanceDynamics luck([](const float*, double u) { return u; });
    const auto planner = make_planner(config);
    double promised = 0;
    for (std::uint32_t k = 0; k < plans; ++k) {
      Rng rng = stream(4, k);
      promised += planner->plan(luck, rng).elite_return / plans;
    }
    const double truth = samples == 1 ? 0.94955 : 0.5, std = samples == 1 ? 0.0055 : 0.0722;
    CHECK(std::abs(promised - truth) < 4 * std / std::sqrt(static_cast<double>(plans)));
  }
}

TEST_CASE("shared futures are drawn once per plan and differ from plan to plan") {
  // The return of a candidate depends on its future alone, so candidates that share one agree.
  for (PlannerConfig config : every_planner(2, 3, 20, 5)) {
    config.samples_per_candidate = 3;
    ChanceDynamics luck([](const float*, double u) { return u; });
    const auto planner = make_planner(config);
    PlanTrace first, second;
    Rng rng = stream();
    planner->trace(&first);
    planner->plan(luck, rng);
    const std::uint64_t used = rng.position();
    planner->trace(&second);
    planner->plan(luck, rng);
    const double r = first.iterations[0].returns[0];
    for (const auto& now : first.iterations)
      for (const double x : now.returns) CHECK(x == r);
    CHECK(second.iterations[0].returns[0] != r);
    CHECK(rng.position() == 2 * used);
    // Another episode has futures of its own.
    Rng other = stream(1, 1);
    planner->plan(luck, other);
    CHECK(second.iterations[0].returns[0] != r);
  }
}

TEST_CASE("one sample per candidate is fresh for each candidate and round") {
  for (const PlannerConfig& config : every_planner(2, 3, 20, 5)) {
    ChanceDynamics luck([](const float*, double u) { return u; });
    const auto planner = make_planner(config);
    PlanTrace trace;
    planner->trace(&trace);
    Rng rng = stream();
    planner->plan(luck, rng);
    std::vector<float> all;
    for (const auto& now : trace.iterations)
      all.insert(all.end(), now.returns.begin(), now.returns.end());
    std::sort(all.begin(), all.end());
    CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
  }
}
