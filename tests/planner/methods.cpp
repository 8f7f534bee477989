// Properties of every planning method.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/tape.hpp"
#include "tests/planner/toys.hpp"

using namespace planet;
using planet::test::error_of;
using planet::test::every_planner;
using planet::test::FunctionDynamics;
using planet::test::quadratic;
using planet::test::quadratic_around;
using planet::test::stream;
using planet::test::target;
using planet::test::warm;

namespace {

using Floats = std::vector<float>;

std::vector<PlannerConfig> cold_and_warm(int H, int I, int J, int K) {
  std::vector<PlannerConfig> all = every_planner(H, I, J, K);
  const std::size_t n = all.size();
  for (std::size_t i = 0; i < n; ++i) all.push_back(warm(all[i]));
  return all;
}

bool same(const Plan& a, const Plan& b) {
  return a.actions == b.actions && a.mean == b.mean && a.std == b.std &&
         a.best_return == b.best_return && a.elite_return == b.elite_return;
}

Plan plan_once(const PlannerConfig& config, Dynamics& dynamics, std::uint64_t seed = 1) {
  Rng rng = stream(seed);
  return make_planner(config)->plan(dynamics, rng);
}

}  // namespace

TEST_CASE("every planner finds the top of a bowl") {
  for (const PlannerConfig& config : every_planner(4, 20, 500, 50)) {
    if (config.method == "random") continue;  // below
    INFO(planner_text(config));
    FunctionDynamics bowl(2, quadratic);
    const Plan plan = plan_once(config, bowl);
    // CEM stops when its std is 1e-3; mppi's is kept at 0.05, and a weighted mean of fifty such
    // is off by about 0.05 / sqrt(50) = 0.007; icem executes one candidate of a small cloud.
    const float tolerance = config.method == "cem" ? 0.01f : 0.05f;
    for (std::size_t i = 0; i < 8; ++i) {
      CHECK(std::abs(plan.mean[i] - target(i)) < tolerance);
      CHECK(std::abs(plan.actions[i] - target(i)) < tolerance);
    }
    CHECK(plan.elite_return <= plan.best_return);
  }
  // Shooting at two numbers: 10,000 shots, and the chance that one lies within r = 0.07 of the
  // target is at least density x area = 0.08 x 0.0154; that none does, at most exp(-12).
  FunctionDynamics bowl(2, quadratic);
  const Plan plan = plan_once({"random", 1, 10, 1000, 1}, bowl);
  CHECK(std::hypot(plan.actions[0] - target(0), plan.actions[1] - target(1)) < 0.07f);
}

TEST_CASE("P22 every planner works with one elite") {
  for (const PlannerConfig& config : every_planner(3, 5, 40, 1)) {
    FunctionDynamics bowl(2, quadratic);
    const Plan plan = plan_once(config, bowl);
    for (std::size_t i = 0; i < 6; ++i) {
      INFO(planner_text(config));
      CHECK(std::isfinite(plan.actions[i]));
      CHECK(std::isfinite(plan.std[i]));
      CHECK(plan.std[i] > 0);
    }
  }
}

TEST_CASE("P23 no planner chooses a return that is not finite") {
  const float bad[] = {std::numeric_limits<float>::quiet_NaN(),
                       std::numeric_limits<float>::infinity(),
                       -std::numeric_limits<float>::infinity()};
  for (const PlannerConfig& config : every_planner(2, 3, 100, 30))
    for (const float worth : bad) {
      INFO(planner_text(config));
      // Only candidates that begin below zero have finite returns, the worst ones at that.
      FunctionDynamics half(1, [&](const Floats& a) { return a[0] < 0 ? -1e30f + a[0] : worth; });
      const Plan plan = plan_once(config, half);
      CHECK(plan.actions[0] < 0);
      CHECK(plan.best_return <= -1e29);
      for (const float x : plan.std) CHECK(std::isfinite(x));
      FunctionDynamics none(1, [&](const Floats&) { return worth; });
      CHECK_THROWS_AS(plan_once(config, none), NonFinite);
    }
}

TEST_CASE("P25 after forget a planner plans like a new one") {
  for (const PlannerConfig& config : every_planner(6, 3, 80, 10)) {
    INFO(planner_text(config));
    const auto experienced = make_planner(warm(config)), fresh = make_planner(warm(config));
    FunctionDynamics past(1, quadratic);
    FunctionDynamics now(1, [](const Floats& a) { return quadratic_around(6, a); });
    Rng rng = stream();
    for (int t = 0; t < 4; ++t) experienced->plan(past, rng);
    Rng same_place = rng, again = rng;
    const Plan expected = fresh->plan(now, same_place);
    CHECK(!same(experienced->plan(now, rng), expected));  // the episode continued
    experienced->forget();
    CHECK(same(experienced->plan(now, again), expected));
  }
}

TEST_CASE("P25 without a warm start nothing is carried from a plan to the next") {
  for (const PlannerConfig& config : every_planner(6, 3, 80, 10)) {
    INFO(planner_text(config));
    const auto planner = make_planner(config), other = make_planner(warm(config));
    FunctionDynamics bowl(1, quadratic);
    Rng rng = stream(), place = stream();
    const Plan first = planner->plan(bowl, rng);
    FunctionDynamics wider(3, quadratic);  // other sizes in between
    planner->plan(wider, rng);
    rng.seek(0);
    CHECK(same(planner->plan(bowl, rng), first));
    CHECK(!same(planner->plan(bowl, rng), first));  // but the stream has advanced
    CHECK(same(other->plan(bowl, place), first));   // the first plan is cold
    place.seek(0);
    CHECK(!same(other->plan(bowl, place), first));
  }
}

TEST_CASE("a warm start begins at the last mean shifted by one step and at the initial std") {
  for (const PlannerConfig& config : every_planner(4, 3, 80, 10)) {
    INFO(planner_text(config));
    const auto planner = make_planner(warm(config));
    FunctionDynamics bowl(2, quadratic);
    Rng rng = stream();
    PlanTrace trace;
    const Plan first = planner->plan(bowl, rng);
    planner->trace(&trace);
    planner->plan(bowl, rng);
    Floats shifted(first.mean.begin() + 2, first.mean.end());
    shifted.insert(shifted.end(), first.mean.end() - 2, first.mean.end());
    CHECK(trace.iterations[0].mean == shifted);
    CHECK(trace.iterations[0].std == Floats(8, 1.0f));
    FunctionDynamics wider(3, quadratic);
    CHECK(error_of([&] { planner->plan(wider, rng); }) ==
          "[plan] the last plan has 8 numbers and this one has 12; call forget() before another "
          "kind of dynamics");
  }
}

TEST_CASE("every planner stays in the box and has the same bits on any number of threads") {
  const int before = threads();
  for (const PlannerConfig& config : cold_and_warm(12, 4, 600, 60)) {
    INFO(planner_text(config));
    std::vector<Plan> all;
    for (const int n : {1, 2, 7}) {
      set_threads(n);
      FunctionDynamics bowl(2, quadratic);
      Rng rng = stream();
      const auto planner = make_planner(config);
      planner->plan(bowl, rng);
      all.push_back(planner->plan(bowl, rng));
      for (const float a : bowl.last) REQUIRE(std::abs(a) <= 1.0f);
      for (const float a : all.back().actions) CHECK(std::abs(a) <= 1.0f);
    }
    for (const Plan& plan : all) CHECK(same(plan, all[0]));
  }
  set_threads(before);
}

TEST_CASE("with no iterations nothing is imagined and actions are zero") {
  for (const PlannerConfig& config : every_planner(4, 0, 10, 2)) {
    FunctionDynamics bowl(2, quadratic);
    const Plan plan = plan_once(config, bowl);
    CHECK(plan.actions == Floats(8, 0.0f));
    CHECK(plan.mean == plan.actions);
    CHECK(plan.std == Floats(8, 1.0f));
    CHECK(bowl.calls == 0);
  }
}

TEST_CASE("a trace shows what was drawn and chosen and changes no bit") {
  for (const PlannerConfig& config : every_planner(3, 4, 30, 5)) {
    INFO(planner_text(config));
    FunctionDynamics bowl(2, quadratic);
    Rng rng = stream(), more = stream();
    const auto planner = make_planner(config);
    const Plan untraced = planner->plan(bowl, rng);
    PlanTrace trace;
    planner->trace(&trace);
    CHECK(same(planner->plan(bowl, more), untraced));
    REQUIRE(trace.iterations.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
      const PlanTrace::Iteration& now = trace.iterations[i];
      CHECK(now.candidates == bowl.populations[4 + i]);
      CHECK(now.mean.size() == 6);
      const auto J = static_cast<std::size_t>(now.candidates);
      REQUIRE(now.actions.size() == 3 * J * 2);
      double worst = 0;
      for (std::size_t j = 0; j < J; ++j) {
        Floats a;
        for (std::size_t t = 0; t < 3; ++t)
          for (std::size_t k = 0; k < 2; ++k) a.push_back(now.actions[(t * J + j) * 2 + k]);
        CHECK(now.returns[j] == quadratic(a));
      }
      REQUIRE(now.elites.size() == (config.method == "random" ? 1 : 5));
      for (const std::int32_t j : now.elites)
        worst = std::min(worst, now.returns[static_cast<std::size_t>(j)]);
      CHECK(std::ranges::count_if(now.returns, [&](double r) { return r >= worst; }) ==
            static_cast<std::ptrdiff_t>(now.elites.size()));
    }
  }
}

TEST_CASE("an option without effect is refused with a sentence") {
  PlannerConfig c{"gradient"};
  CHECK(error_of([&] { make_planner(c); }) ==
        "[planner] planner is 'gradient'; it is one of cem, icem, mppi, random");
  c = {"icme"};
  CHECK(error_of([&] { make_planner(c); }) ==
        "[planner] planner is 'icme'; it is one of cem, icem, mppi, random (did you mean "
        "'icem'?)");
  c = {};
  c.icem.beta = 1;
  CHECK(error_of([&] { make_planner(c); }) ==
        "[planner] an option icem_... was changed, but the planner is cem, which reads none of "
        "them");
  c.method = "icem";
  CHECK(error_of([&] { make_planner(c); }) == "");
  c.cem.covariance = "full";
  CHECK(error_of([&] { make_planner(c); }) != "");
  const auto refused = [](auto change) {
    PlannerConfig config;
    change(config);
    return error_of([&] { make_planner(config); }) != "";
  };
  CHECK(refused([](auto& x) { x.samples_per_candidate = 0; }));
  CHECK(refused([](auto& x) { x.start_state = "own"; }));
  CHECK(refused([](auto& x) { x.cem.covariance = "fill"; }));
  CHECK(refused([](auto& x) { x.method = "mppi", x.mppi.temperature = 0; }));
  CHECK(refused([](auto& x) { x.method = "mppi", x.mppi.min_std = 3; }));
  CHECK(refused([](auto& x) { x.method = "icem", x.icem.decay = 0.9; }));
  CHECK(refused([](auto& x) { x.method = "icem", x.icem.kept = 1.1; }));
  CHECK(refused([](auto& x) { x.method = "icem", x.icem.momentum = 1; }));
  CHECK(refused([](auto& x) { x.method = "icem", x.icem.execute = "worst"; }));
  CHECK(refused([](auto& x) { x.method = "icem", x.icem.beta = std::nan(""); }));
  CHECK(error_of([] { make_planner({"random", 2, 3, 20, 100}); }) == "");  // reads no K
  CHECK(error_of([] { make_planner({"mppi", 2, 3, 20, 100}); }) != "");
  CHECK(option_has_effect(c, "icem_beta"));
  CHECK(!option_has_effect(c, "mppi_temperature"));
  CHECK(!option_has_effect({"random"}, "elites"));
  CHECK(option_has_effect({"random"}, "candidates"));
}
