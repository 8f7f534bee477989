// CemPlanner on problems whose answer is known: what is drawn, what is kept, what comes out.
#include "planner/cem.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/tape.hpp"
#include "tests/planner/toys.hpp"

using namespace planet;
using planet::testing::error_of;
using planet::testing::FunctionDynamics;
using planet::testing::quadratic;
using planet::testing::streams;
using planet::testing::target;

namespace {

constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();
constexpr float inf_value = std::numeric_limits<float>::infinity();

PlannerConfig config(int H, int I, int J, int K) {
  PlannerConfig c;
  c.horizon = H;
  c.iterations = I;
  c.candidates = J;
  c.elites = K;
  return c;
}

std::vector<Plan> plan_once(Dynamics& dynamics, const PlannerConfig& c, std::vector<Rng> rngs) {
  CemPlanner planner(c);
  const auto plans = planner.plan(dynamics, rngs);
  return {plans.begin(), plans.end()};
}

}  // namespace

TEST_SUITE("planner") {
  TEST_CASE("CEM finds the maximum of a quadratic") {
    FunctionDynamics dynamics(1, 2, quadratic);
    const auto plans = plan_once(dynamics, config(4, 20, 500, 50), streams(1));
    REQUIRE(plans[0].mean.size() == 8);
    for (std::size_t i = 0; i < 8; ++i) CHECK(std::abs(plans[0].mean[i] - target(0, i)) < 0.01f);
    CHECK(plans[0].best_return > -1e-3);
    CHECK(plans[0].best_return <= 0);
    CHECK(plans[0].elite_return <= plans[0].best_return);
    CHECK(dynamics.calls == 20);
  }

  TEST_CASE("P21 a belief planned in a batch is planned as it would be alone") {
    for (const std::ptrdiff_t A : {1, 3}) {
      const PlannerConfig c = config(5, 4, 60, 7);
      constexpr std::ptrdiff_t B = 4;
      FunctionDynamics together(B, A, quadratic);
      CemPlanner planner(c);
      std::vector<Rng> rngs = streams(B);
      const auto batch = planner.plan(together, rngs);
      REQUIRE(batch.size() == B);
      for (std::ptrdiff_t b = 0; b < B; ++b) {
        const auto i = static_cast<std::size_t>(b);
        FunctionDynamics alone(
            1, A, [&](std::ptrdiff_t, const std::vector<float>& a) { return quadratic(b, a); });
        std::vector<Rng> own{streams(B)[i]};
        CemPlanner one(c);
        const Plan plan = one.plan(alone, own)[0];
        CHECK(plan.mean == batch[i].mean);
        CHECK(plan.std == batch[i].std);
        CHECK(plan.best_return == batch[i].best_return);
        CHECK(plan.elite_return == batch[i].elite_return);
        CHECK(own[0].position() == rngs[i].position());
      }
      CHECK(batch[0].mean != batch[1].mean);
    }
  }

  TEST_CASE("P22 one elite is finite and zero elites are rejected") {
    FunctionDynamics dynamics(1, 2, quadratic);
    const auto plans = plan_once(dynamics, config(3, 5, 40, 1), streams(1));
    for (std::size_t i = 0; i < 6; ++i) {
      CHECK(std::isfinite(plans[0].mean[i]));
      CHECK(plans[0].std[i] == doctest::Approx(1e-3));  // sqrt(0 + 1e-6)
    }
    CHECK(error_of([] { CemPlanner(config(3, 5, 40, 0)); }) ==
          "[planner] elites (K) is 0; it must lie between 1 and the number of candidates, 40");
    CHECK(error_of([] { CemPlanner(config(3, 5, 40, 41)); }) != "");
    CHECK(error_of([] { CemPlanner(config(0, 5, 40, 4)); }) != "");
    CHECK(error_of([] { CemPlanner(config(3, -1, 40, 4)); }) != "");
    CHECK(error_of([] { CemPlanner(config(3, 5, 0, 0)); }) != "");
    PlannerConfig c = config(3, 5, 40, 4);
    c.init_std = 0;
    CHECK(error_of([&] { CemPlanner p(c); }) != "");
    c.init_std = std::nan("");
    CHECK(error_of([&] { CemPlanner p(c); }) != "");
    CHECK(error_of([] { CemPlanner(config(1, 0, 1, 1)); }) == "");
  }

  TEST_CASE("P23 a return that is not finite is never an elite when a finite one exists") {
    // Only candidates with a first action below zero have finite returns, the worst ones at that.
    for (const float bad : {nan_value, inf_value, -inf_value}) {
      FunctionDynamics dynamics(1, 1, [&](std::ptrdiff_t, const std::vector<float>& a) {
        return a[0] < 0 ? -1e30f + a[0] : bad;
      });
      const auto plans = plan_once(dynamics, config(2, 3, 100, 30), streams(1));
      CHECK(plans[0].mean[0] < 0);
      CHECK(std::isfinite(plans[0].elite_return));
      CHECK(plans[0].best_return <= -1e29);
    }
    // Fewer finite returns than elites: those that exist are the elites.
    int finite = 0;
    FunctionDynamics few(1, 1, [&](std::ptrdiff_t, const std::vector<float>& a) {
      return a[0] > 0.9f && a[0] < 1.0f ? 1.0f : nan_value;
    });
    const auto plans = plan_once(few, config(1, 1, 200, 100), streams(1));
    for (const float a : few.last) finite += a > 0.9f && a < 1.0f;
    REQUIRE(finite > 0);
    REQUIRE(finite < 100);
    CHECK(plans[0].mean[0] > 0.9f);
    CHECK(plans[0].mean[0] < 1.0f);
  }

  TEST_CASE("without one finite return planning stops with a sentence") {
    FunctionDynamics dynamics(2, 1, [](std::ptrdiff_t b, const std::vector<float>& a) {
      return b == 1 ? nan_value : a[0];
    });
    const std::string said =
        error_of([&] { plan_once(dynamics, config(2, 3, 10, 2), streams(2)); });
    CHECK(
        said ==
        "[plan] not one of the 10 imagined returns of belief 1 is finite in iteration 1 of 3; the "
        "first is nan: the model or the belief it starts from is not finite");
    CHECK_THROWS_AS(plan_once(dynamics, config(2, 3, 10, 2), streams(2)), NonFinite);
  }

  TEST_CASE("candidates and plans stay in the box and the first draw is a clipped normal") {
    FunctionDynamics outwards(1, 2, [](std::ptrdiff_t, const std::vector<float>& a) {
      float r = 0;
      for (const float x : a) r += x;
      return r;
    });
    const auto plans = plan_once(outwards, config(6, 12, 300, 30), streams(1));
    for (const float a : outwards.last) CHECK(std::abs(a) <= 1.0f);
    for (const float m : plans[0].mean) {
      CHECK(m <= 1.0f);
      CHECK(m > 0.9f);
    }
    // N(0,1) clipped to [-1,1]: 31.731 % on a bound, std 0.718. 60000 numbers: 4.5 standard errors
    // of the share are 0.0086, of the std about 0.006.
    FunctionDynamics any(1, 2, [](std::ptrdiff_t, const std::vector<float>&) { return 0.0f; });
    plan_once(any, config(30, 1, 1000, 100), streams(1, 5));
    double on_bound = 0, squares = 0;
    for (const float a : any.last) {
      on_bound += std::abs(a) == 1.0f;
      squares += static_cast<double>(a) * static_cast<double>(a);
    }
    const auto n = static_cast<double>(any.last.size());
    CHECK(std::abs(on_bound / n - 0.31731) < 0.0086);
    CHECK(std::abs(std::sqrt(squares / n) - 0.7184) < 0.006);
  }

  TEST_CASE("ties go to the lowest index and the refit is the elites' population mean and std") {
    FunctionDynamics flat(1, 1, [](std::ptrdiff_t, const std::vector<float>&) { return 3.0f; });
    const auto plans = plan_once(flat, config(2, 1, 50, 4), streams(1));
    for (std::size_t t = 0; t < 2; ++t) {
      const float* a = flat.last.data() + t * 50;  // the candidates of step t
      const double mean = (static_cast<double>(a[0]) + a[1] + a[2] + a[3]) / 4;
      double variance = 0;
      for (int j = 0; j < 4; ++j) variance += (a[j] - mean) * (a[j] - mean) / 4;
      CHECK(plans[0].mean[t] == static_cast<float>(mean));
      CHECK(plans[0].std[t] == static_cast<float>(std::sqrt(variance + 1e-6)));
    }
    CHECK(plans[0].elite_return == 3);
    CHECK(plans[0].best_return == 3);
  }

  TEST_CASE("only the order of the returns matters") {
    FunctionDynamics plain(1, 1, quadratic);
    FunctionDynamics scaled(
        1, 1, [](std::ptrdiff_t b, const std::vector<float>& a) { return 1024 * quadratic(b, a); });
    const PlannerConfig c = config(6, 5, 100, 10);
    CHECK(plan_once(plain, c, streams(1))[0].mean == plan_once(scaled, c, streams(1))[0].mean);
  }

  TEST_CASE("no iterations give zero actions and imagine nothing") {
    FunctionDynamics dynamics(3, 2, quadratic);
    const auto plans = plan_once(dynamics, config(4, 0, 10, 2), streams(3));
    REQUIRE(plans.size() == 3);
    for (const Plan& plan : plans) {
      CHECK(plan.mean == std::vector<float>(8, 0.0f));
      CHECK(plan.std == std::vector<float>(8, 1.0f));
    }
    CHECK(dynamics.calls == 0);
  }

  TEST_CASE("nothing is carried from one plan to the next") {
    FunctionDynamics dynamics(1, 1, quadratic);
    CemPlanner planner(config(6, 4, 80, 8));
    std::vector<Rng> rngs = streams(1);
    const Plan first = planner.plan(dynamics, rngs)[0];
    FunctionDynamics other(2, 3, quadratic);  // other sizes in between
    std::vector<Rng> more = streams(2, 9);
    planner.plan(other, more);
    rngs[0].seek(0);
    const Plan again = planner.plan(dynamics, rngs)[0];
    CHECK(first.mean == again.mean);
    CHECK(first.std == again.std);
    CHECK(planner.plan(dynamics, rngs)[0].mean != first.mean);  // but the stream goes on
  }

  TEST_CASE("a plan has the same bits on any number of threads") {
    const int before = threads();
    std::vector<std::vector<Plan>> all;
    for (const int n : {1, 2, 3, 7}) {
      set_threads(n);
      FunctionDynamics dynamics(3, 2, quadratic);
      all.push_back(plan_once(dynamics, config(12, 6, 3000, 90), streams(3)));
    }
    set_threads(before);
    for (std::size_t i = 1; i < all.size(); ++i)
      for (std::size_t b = 0; b < 3; ++b) {
        CHECK(all[i][b].mean == all[0][b].mean);
        CHECK(all[i][b].std == all[0][b].std);
      }
  }

  TEST_CASE("each belief needs its own stream") {
    FunctionDynamics dynamics(2, 1, quadratic);
    CHECK(error_of([&] { plan_once(dynamics, config(2, 3, 10, 2), streams(1)); }) ==
          "[plan] the dynamics has 2 beliefs, but 1 random streams were given; each belief needs "
          "its own");
    FunctionDynamics none(1, 0, quadratic);
    CHECK(error_of([&] { plan_once(none, config(2, 3, 10, 2), streams(1)); }) != "");
  }
}
