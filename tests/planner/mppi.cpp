// MPPI's refit against its formula, and at the two ends of its temperature.
#include "planner/mppi.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "planner/cem.hpp"
#include "tests/planner/toys.hpp"

using namespace planet;
using planet::test::FunctionDynamics;
using planet::test::quadratic;
using planet::test::stream;

namespace {

PlannerConfig mppi(double temperature) {
  PlannerConfig c{"mppi", 3, 1, 50, 12};
  c.mppi.temperature = temperature;
  c.mppi.min_std = 1e-6;
  return c;
}

Plan plan(const PlannerConfig& config, float scale = 1, PlanTrace* trace = nullptr) {
  FunctionDynamics bowl(2, [scale](const std::vector<float>& a) { return scale * quadratic(a); });
  Rng rng = stream();
  const auto planner = make_planner(config);
  planner->trace(trace);
  return planner->plan(bowl, rng);
}

}  // namespace

TEST_CASE("MPPI weighs its elites by the exponential of their return") {
  for (const double temperature : {0.1, 0.5, 3.0}) {
    PlanTrace trace;
    const Plan p = plan(mppi(temperature), 1, &trace);
    const PlanTrace::Iteration& now = trace.iterations[0];
    REQUIRE(now.elites.size() == 12);
    double sum = 0;
    for (const std::int32_t j : now.elites)
      sum += std::exp(static_cast<double>(now.returns[static_cast<std::size_t>(j)]) / temperature);
    for (std::size_t i = 0; i < 6; ++i) {
      double mean = 0, square = 0;
      for (const std::int32_t j : now.elites) {
        const auto k = static_cast<std::size_t>(j);
        const double w = std::exp(static_cast<double>(now.returns[k]) / temperature) / sum;
        const auto a = static_cast<double>(now.actions[(i / 2 * 50 + k) * 2 + i % 2]);
        mean += w * a;
        square += w * a * a;
      }
      CHECK(static_cast<double>(p.mean[i]) == doctest::Approx(mean).epsilon(1e-5));
      CHECK(static_cast<double>(p.std[i]) ==
            doctest::Approx(std::sqrt(square - mean * mean)).epsilon(1e-4));
    }
    CHECK(p.actions == p.mean);
  }
}

TEST_CASE("MPPI is CEM at high temperature and takes the best candidate at low") {
  const Plan hot = plan(mppi(1e9)), cem = plan({"cem", 3, 1, 50, 12});
  PlanTrace trace;
  const Plan cold = plan(mppi(1e-6), 1, &trace);
  const auto& returns = trace.iterations[0].returns;
  const auto best =
      static_cast<std::size_t>(std::max_element(returns.begin(), returns.end()) - returns.begin());
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(hot.mean[i] == doctest::Approx(cem.mean[i]).epsilon(1e-5));
    CHECK(hot.std[i] == doctest::Approx(cem.std[i]).epsilon(1e-4));
    CHECK(cold.mean[i] == trace.iterations[0].actions[(i / 2 * 50 + best) * 2 + i % 2]);
  }
}

TEST_CASE("doubling the rewards halves MPPI's temperature and does not change CEM") {
  const Plan plain = plan(mppi(0.5)), doubled = plan(mppi(1.0), 2);
  CHECK(plain.mean == doubled.mean);
  CHECK(plain.std == doubled.std);
  CHECK(plan(mppi(0.5), 2).mean != plain.mean);
}

TEST_CASE("the std of MPPI stays within its bounds") {
  PlannerConfig c = mppi(0.1);
  c.iterations = 8;
  c.mppi.min_std = 0.2, c.mppi.max_std = 0.3;
  for (const float s : plan(c).std) {
    CHECK(s >= 0.2f);
    CHECK(s <= 0.3f);
  }
  c.iterations = 1;
  bool at_most = false;
  for (const float s : plan(c).std) at_most = at_most || s == 0.3f;
  CHECK(at_most);
}
