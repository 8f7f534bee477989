// CemPlanner on problems with known answers: the draws, the elites, the plan.
#include "planner/cem.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/tape.hpp"
#include "tests/planner/toys.hpp"

using namespace planet;
using planet::test::error_of;
using planet::test::FunctionDynamics;
using planet::test::quadratic;
using planet::test::stream;

namespace {

constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();

PlannerConfig config(int H, int I, int J, int K) { return {"cem", H, I, J, K}; }

Plan plan_once(Dynamics& dynamics, const PlannerConfig& c, std::uint64_t seed = 1) {
  Rng rng = stream(seed);
  return CemPlanner(c).plan(dynamics, rng);
}

}  // namespace

TEST_CASE("P22 one elite is finite and zero elites are rejected") {
  FunctionDynamics dynamics(2, quadratic);
  const Plan plan = plan_once(dynamics, config(3, 5, 40, 1));
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(std::isfinite(plan.mean[i]));
    CHECK(plan.std[i] == doctest::Approx(1e-3));  // sqrt(0 + 1e-6)
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

TEST_CASE("P23 with fewer finite returns than elites all finite ones are elites") {
  int finite = 0;
  FunctionDynamics few(1, [&](const std::vector<float>& a) {
    return a[0] > 0.9f && a[0] < 1.0f ? 1.0f : nan_value;
  });
  const Plan plan = plan_once(few, config(1, 1, 200, 100));
  for (const float a : few.last) finite += a > 0.9f && a < 1.0f;
  REQUIRE(finite > 0);
  REQUIRE(finite < 100);
  CHECK(plan.mean[0] > 0.9f);
  CHECK(plan.mean[0] < 1.0f);
}

TEST_CASE("without one finite return planning stops with a sentence") {
  FunctionDynamics dynamics(1, [](const std::vector<float>&) { return nan_value; });
  const std::string said = error_of([&] { plan_once(dynamics, config(2, 3, 10, 2)); });
  CHECK(said ==
        "[plan] not one of the 10 imagined returns is finite in iteration 1 of 3; the first is "
        "nan: the model or the belief it starts from is not finite");
  CHECK_THROWS_AS(plan_once(dynamics, config(2, 3, 10, 2)), NonFinite);
}

TEST_CASE("candidates and plans stay in the box and the first draw is a clipped normal") {
  FunctionDynamics outwards(2, [](const std::vector<float>& a) {
    float r = 0;
    for (const float x : a) r += x;
    return r;
  });
  const Plan plan = plan_once(outwards, config(6, 12, 300, 30));
  for (const float a : outwards.last) CHECK(std::abs(a) <= 1.0f);
  for (const float m : plan.mean) {
    CHECK(m <= 1.0f);
    CHECK(m > 0.9f);
  }
  // N(0,1) clipped to [-1,1]: 31.731 % on a bound, std 0.718. 60000 numbers: 4.5 standard errors
  // of the share are 0.0086, of the std about 0.006.
  FunctionDynamics any(2, [](const std::vector<float>&) { return 0.0f; });
  plan_once(any, config(30, 1, 1000, 100), 5);
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
  FunctionDynamics flat(1, [](const std::vector<float>&) { return 3.0f; });
  const Plan plan = plan_once(flat, config(2, 1, 50, 4));
  for (std::size_t t = 0; t < 2; ++t) {
    const float* a = flat.last.data() + t * 50;  // the candidates of step t
    const double mean = (static_cast<double>(a[0]) + a[1] + a[2] + a[3]) / 4;
    double variance = 0;
    for (int j = 0; j < 4; ++j) variance += (a[j] - mean) * (a[j] - mean) / 4;
    CHECK(plan.mean[t] == static_cast<float>(mean));
    CHECK(plan.std[t] == static_cast<float>(std::sqrt(variance + 1e-6)));
  }
  CHECK(plan.elite_return == 3);
  CHECK(plan.best_return == 3);
}

TEST_CASE("only the order of the returns matters") {
  FunctionDynamics plain(1, quadratic);
  FunctionDynamics scaled(1, [](const std::vector<float>& a) { return 1024 * quadratic(a); });
  const PlannerConfig c = config(6, 5, 100, 10);
  CHECK(plan_once(plain, c).mean == plan_once(scaled, c).mean);
}

TEST_CASE("a dynamics without actions is refused with a sentence") {
  FunctionDynamics none(0, quadratic);
  CHECK(error_of([&] { plan_once(none, config(2, 3, 10, 2)); }) ==
        "[plan] action_size of the dynamics is 0; it must be at least 1");
}
