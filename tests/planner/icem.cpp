// iCEM, part by part: the spectrum of the noise, the elites kept, the population, the action.
#include "planner/icem.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "planner/coloured_noise.hpp"
#include "tests/planner/toys.hpp"

using namespace planet;
using planet::test::FunctionDynamics;
using planet::test::quadratic;
using planet::test::stream;

namespace {

using Floats = std::vector<float>;

PlannerConfig icem(int H, int I, int J, int K) { return {"icem", H, I, J, K}; }

// Candidate j of a traced iteration, [H,A].
Floats candidate(const PlanTrace::Iteration& now, std::size_t j, std::size_t A) {
  const auto J = static_cast<std::size_t>(now.candidates);
  Floats a;
  for (std::size_t t = 0; t < now.actions.size() / (J * A); ++t)
    for (std::size_t k = 0; k < A; ++k) a.push_back(now.actions[(t * J + j) * A + k]);
  return a;
}

// The n best of an iteration, by index.
std::vector<std::size_t> best_of(const PlanTrace::Iteration& now, std::size_t n) {
  std::vector<std::size_t> order(now.returns.size());
  for (std::size_t j = 0; j < order.size(); ++j) order[j] = j;
  std::ranges::sort(order, {}, [&](std::size_t j) { return std::pair(-now.returns[j], j); });
  order.resize(n);
  std::ranges::sort(order);
  return order;
}

// Column i: the noise for z = e_i. The noise is linear in z, so the columns describe it completely.
std::vector<std::vector<double>> responses(const ColouredNoise& noise, std::size_t H) {
  std::vector<std::vector<double>> columns;
  for (std::size_t i = 0; i < H; ++i) {
    Floats z(H), scratch(H);
    z[i] = 1;
    noise.apply(z.data(), 1, scratch.data());
    columns.emplace_back(z.begin(), z.end());
  }
  return columns;
}

}  // namespace

TEST_CASE("coloured noise has exactly the spectrum that was asked for") {
  for (const std::size_t H : {1u, 2u, 3u, 5u, 12u, 13u, 30u})
    for (const double beta : {0.0, 0.25, 1.0, 2.5}) {
      INFO("H ", H, " beta ", beta);
      const ColouredNoise noise(beta, static_cast<std::ptrdiff_t>(H));
      const auto columns = responses(noise, H);
      const auto n = static_cast<double>(H);
      std::vector<double> power;
      for (std::size_t k = 0; k < H; ++k) {  // E|X_k|^2 = sum_i |X_k of z_i alone|^2
        double sum = 0;
        for (const auto& x : columns) {
          std::complex<double> X = 0;
          for (std::size_t t = 0; t < H; ++t)
            X += x[t] * std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(k * t) / n);
          sum += std::norm(X);
        }
        power.push_back(sum / (n * n));
      }
      double total = 0;
      for (std::size_t k = 0; k < H; ++k) {
        total += power[k];
        const auto f = static_cast<double>(std::max<std::size_t>(std::min(k, H - k), 1));
        CHECK(std::abs(power[k] / power[0] - std::pow(f, -beta)) < 1e-5);
        CHECK(std::abs(power[k] - noise.power()[k]) < 1e-6);
      }
      CHECK(std::abs(total - 1) < 1e-6);
      for (std::size_t s = 0; s < H; ++s)
        for (std::size_t t = 0; t < H; ++t) {
          double covariance = 0, expected = 0;
          for (const auto& x : columns) covariance += x[s] * x[t];
          for (std::size_t k = 0; k < H; ++k)
            expected += power[k] * std::cos(2 * std::numbers::pi * static_cast<double>(k) *
                                            (static_cast<double>(s) - static_cast<double>(t)) / n);
          CHECK(std::abs(covariance - expected) < 1e-5);
          if (s == t) CHECK(std::abs(covariance - 1) < 1e-5);  // each step alone is N(0, 1)
          if (beta == 0 && s != t) CHECK(std::abs(covariance) < 1e-5);  // white
        }
    }
}

TEST_CASE("the colour runs along time and not across actions or candidates") {
  constexpr std::ptrdiff_t H = 6, n = 10;
  const ColouredNoise noise(2, H);
  Floats z(H * n), column(H);
  for (std::size_t i = 0; i < z.size(); ++i) z[i] = static_cast<float>(i * i % 17) - 8;
  Floats all = z;
  noise.apply(all.data(), n, column.data());
  for (std::size_t c = 0; c < n; ++c) {
    Floats one;
    for (std::size_t t = 0; t < H; ++t) one.push_back(z[t * n + c]);
    noise.apply(one.data(), 1, column.data());
    for (std::size_t t = 0; t < H; ++t) CHECK(all[t * n + c] == one[t]);
  }
}

TEST_CASE("P25 the population decays by its factor and not below two elite sets") {
  FunctionDynamics bowl(1, quadratic);
  Rng rng = stream();
  PlannerConfig config = icem(3, 9, 100, 10);
  make_planner(config)->plan(bowl, rng);
  CHECK(bowl.populations == std::vector<std::ptrdiff_t>{100, 80, 64, 51, 40, 32, 26, 20, 20});
  CHECK(config.rollouts() == 433);
  config.icem.decay = 1;
  FunctionDynamics steady(1, quadratic);
  make_planner(config)->plan(steady, rng);
  CHECK(steady.populations == std::vector<std::ptrdiff_t>(9, 100));
  config.icem.decay = 2;
  config.elites = 80;  // 2 K exceeds the population
  FunctionDynamics crowded(1, quadratic);
  make_planner(config)->plan(crowded, rng);
  CHECK(crowded.populations == std::vector<std::ptrdiff_t>(9, 100));
}

TEST_CASE("the best of a round are re-evaluated and the mean joins the last round") {
  FunctionDynamics bowl(2, quadratic);
  Rng rng = stream();
  PlannerConfig config = icem(4, 4, 60, 10);
  config.icem.kept = 0.35;  // 3.5 of ten
  const auto planner = make_planner(config);
  PlanTrace trace;
  planner->trace(&trace);
  planner->plan(bowl, rng);
  for (std::size_t i = 1; i < 4; ++i) {
    const auto best = best_of(trace.iterations[i - 1], 3);
    for (std::size_t k = 0; k < 3; ++k)
      CHECK(candidate(trace.iterations[i], k, 2) == candidate(trace.iterations[i - 1], best[k], 2));
    // The fourth is new.
    for (std::size_t j = 0; j < trace.iterations[i - 1].returns.size(); ++j)
      REQUIRE(candidate(trace.iterations[i], 3, 2) != candidate(trace.iterations[i - 1], j, 2));
  }
  for (std::size_t i = 0; i < 4; ++i) {
    const PlanTrace::Iteration& now = trace.iterations[i];
    const Floats last = candidate(now, static_cast<std::size_t>(now.candidates) - 1, 2);
    CHECK((last == now.mean) == (i == 3));
  }
}

TEST_CASE("with a warm start the last decision's elites are shifted by one step and re-evaluated") {
  FunctionDynamics bowl(2, quadratic);
  Rng rng = stream();
  PlannerConfig config = planet::test::warm(icem(4, 3, 60, 10));  // 0.3: three of ten
  const auto planner = make_planner(config);
  PlanTrace before, after;
  planner->trace(&before);
  planner->plan(bowl, rng);
  planner->trace(&after);
  planner->plan(bowl, rng);
  const PlanTrace::Iteration& last = before.iterations.back();
  const auto best = best_of(last, 3);
  for (std::size_t k = 0; k < 3; ++k) {
    const Floats was = candidate(last, best[k], 2), is = candidate(after.iterations[0], k, 2);
    CHECK(Floats(is.begin(), is.end() - 2) == Floats(was.begin() + 2, was.end()));
    CHECK(Floats(is.end() - 2, is.end()) != Floats(was.end() - 2, was.end()));  // drawn anew
  }
  // Between the rounds of the second decision nothing is shifted.
  CHECK(candidate(after.iterations[1], 0, 2) ==
        candidate(after.iterations[0], best_of(after.iterations[0], 3)[0], 2));
}

TEST_CASE("momentum keeps a share of the old mean and std") {
  for (const double momentum : {0.0, 0.1, 0.6}) {
    FunctionDynamics bowl(1, quadratic);
    Rng rng = stream();
    PlannerConfig config = icem(3, 2, 50, 8);
    config.icem.momentum = momentum;
    const auto planner = make_planner(config);
    PlanTrace trace;
    planner->trace(&trace);
    const Plan plan = planner->plan(bowl, rng);
    for (std::size_t t = 0; t < 3; ++t) {
      const PlanTrace::Iteration& now = trace.iterations[1];
      double mean = 0, variance = 0;
      for (const std::int32_t j : now.elites)
        mean += static_cast<double>(candidate(now, static_cast<std::size_t>(j), 1)[t]) / 8;
      for (const std::int32_t j : now.elites) {
        const double a = static_cast<double>(candidate(now, static_cast<std::size_t>(j), 1)[t]);
        variance += (a - mean) * (a - mean) / 8;
      }
      const double old_mean = static_cast<double>(now.mean[t]),
                   old_std = static_cast<double>(now.std[t]);
      CHECK(plan.mean[t] ==
            doctest::Approx((1 - momentum) * mean + momentum * old_mean).epsilon(1e-5));
      CHECK(plan.std[t] ==
            doctest::Approx((1 - momentum) * std::sqrt(variance + 1e-6) + momentum * old_std)
                .epsilon(1e-5));
    }
  }
}

TEST_CASE("the executed action is that of the last round's best candidate or of the mean") {
  FunctionDynamics bowl(2, quadratic);
  PlannerConfig config = icem(3, 3, 50, 8);
  for (const char* execute : {"best", "mean"}) {
    config.icem.execute = execute;
    const auto planner = make_planner(config);
    PlanTrace trace;
    planner->trace(&trace);
    Rng rng = stream();
    const Plan plan = planner->plan(bowl, rng);
    const PlanTrace::Iteration& last = trace.iterations.back();
    const Floats best = candidate(last, best_of(last, 1)[0], 2);
    CHECK((plan.actions == best) == (config.icem.execute == "best"));
    CHECK((plan.actions == plan.mean) == (config.icem.execute == "mean"));
    CHECK(plan.best_return == static_cast<double>(last.returns[best_of(last, 1)[0]]));
  }
}
