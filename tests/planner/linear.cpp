// The one problem on which an iteration of CEM is known in closed form: a linear objective. The top
// tenth of N(mean, std^2) has mean + 1.7550 std and 0.4113 std along the gradient, and is unchanged
// across it. No candidate may meet the bounds, so the initial std is 0.05: a bound is 20 std away.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tests/planner/toys.hpp"

using namespace planet;
using planet::test::FunctionDynamics;
using planet::test::stream;

namespace {

constexpr std::ptrdiff_t H = 4, A = 2;
constexpr std::uint32_t searches = 400;
constexpr std::size_t N = H * A;
constexpr double sigma = 0.05;
constexpr double shift = 1.7550 - 0.0023, shrink = 0.4113 - 0.0036;  // J 1000, K 100, see below

// The direction of the gradient: a unit vector with no zero and no two equal entries.
std::vector<double> gradient() {
  std::vector<double> g;
  double square = 0;
  for (std::size_t i = 0; i < N; ++i) {
    g.push_back((i % 2 ? -1.0 : 1.0) * (1.0 + static_cast<double>(i)));
    square += g[i] * g[i];
  }
  for (double& x : g) x /= std::sqrt(square);
  return g;
}

struct Estimate {
  double mean = 0, error = 0;  // of the mean: one standard error
};
Estimate estimate(const std::vector<double>& x) {
  Estimate e;
  for (const double v : x) e.mean += v / static_cast<double>(x.size());
  double squares = 0;
  for (const double v : x) squares += (v - e.mean) * (v - e.mean);
  const auto n = static_cast<double>(x.size());
  e.error = std::sqrt(squares / (n - 1) / n);
  return e;
}

std::vector<Plan> plan(PlannerConfig c, std::vector<double> g) {
  c.horizon = H;
  c.init_std = sigma;
  FunctionDynamics dynamics(A, [g](const std::vector<float>& a) {
    double r = 0;
    for (std::size_t i = 0; i < N; ++i) r += g[i] * static_cast<double>(a[i]);
    return static_cast<float>(r);
  });
  const std::unique_ptr<Planner> planner = make_planner(c);
  std::vector<Plan> all;
  for (std::uint32_t k = 0; k < searches; ++k) {
    Rng rng = stream(17, k);
    all.push_back(planner->plan(dynamics, rng));
    REQUIRE(std::ranges::all_of(dynamics.last, [](float a) { return std::abs(a) < 1; }));
  }
  return all;
}
std::vector<Plan> plan(int iterations, const std::vector<double>& g) {
  return plan({"cem", H, iterations}, g);  // J 1000, K 100
}

// Objective: one coordinate, so that its own mean and std are those along the gradient, and the
// other seven are across it.
std::vector<double> first_coordinate() {
  std::vector<double> g(N);
  g[0] = 1;
  return g;
}

}  // namespace

TEST_CASE("a linear objective moves the mean by 1.755 std and leaves 0.411 of the std") {
  // 400 plans, 4 standard errors: a right planner fails once in 16,000. The best 100 of 1000 are
  // not quite the best tenth of an endless sample: over 200,000 samples their mean is 0.0023
  // lower and their std 0.0036 smaller, which the expectation allows for.
  std::vector<double> along, along_std, across, across_std;
  for (const Plan& p : plan(1, first_coordinate())) {
    along.push_back(static_cast<double>(p.mean[0]) / sigma);
    along_std.push_back(std::sqrt(static_cast<double>(p.std[0] * p.std[0]) - 1e-6) / sigma);
    for (std::size_t i = 1; i < N; ++i) {
      across.push_back(static_cast<double>(p.mean[i]) / sigma);
      // squared, because that is without bias: E[population variance of K] = 1 - 1/K
      across_std.push_back((static_cast<double>(p.std[i] * p.std[i]) - 1e-6) / sigma / sigma);
    }
  }
  const Estimate m = estimate(along), s = estimate(along_std);
  const Estimate m0 = estimate(across), s0 = estimate(across_std);
  MESSAGE("along: +" << m.mean << " +- " << m.error << ", std " << s.mean << " +- " << s.error
                     << "; across: " << m0.mean << " +- " << m0.error << ", variance " << s0.mean
                     << " +- " << s0.error);
  CHECK(std::abs(m.mean - shift) < 4 * m.error);
  CHECK(m.error < 0.004);  // sharp enough to tell 1.755 from its neighbours
  CHECK(std::abs(s.mean - shrink) < 4 * s.error);
  CHECK(s.error < 0.003);
  CHECK(std::abs(m0.mean) < 4 * m0.error);
  CHECK(std::abs(s0.mean - 0.99) < 4 * s0.error);
}

TEST_CASE("a linear objective in any direction moves the mean along the gradient alone") {
  const std::vector<double> g = gradient();
  std::vector<double> along, across;
  for (const Plan& p : plan(1, g)) {
    double projection = 0;
    for (std::size_t i = 0; i < N; ++i) projection += g[i] * static_cast<double>(p.mean[i]);
    along.push_back(projection / sigma);
    for (std::size_t i = 0; i < N; ++i)
      across.push_back((static_cast<double>(p.mean[i]) - projection * g[i]) / sigma);
  }
  const Estimate m = estimate(along), m0 = estimate(across);
  CHECK(std::abs(m.mean - shift) < 4 * m.error);
  CHECK(std::abs(m0.mean) < 4 * m0.error);
}

TEST_CASE("three iterations add up as the geometric series of the closed form") {
  // One coordinate: mean after I rounds = 1.755 sigma (1 + 0.411 + 0.411^2), with the 1e-6 that
  // every refit adds to the variance. The std of a round varies by 6 %, so allow 1 %.
  std::vector<double> end;
  for (const Plan& p : plan(3, first_coordinate())) end.push_back(static_cast<double>(p.mean[0]));
  double mean = 0, std = sigma;
  for (int i = 0; i < 3; ++i) {
    mean += shift * std;
    std = std::sqrt(shrink * shrink * std * std + 1e-6);
  }
  const Estimate m = estimate(end);
  MESSAGE(m.mean << " +- " << m.error << " against " << mean);
  CHECK(std::abs(m.mean - mean) < 0.01 * mean);
}

TEST_CASE("on a long slope full covariance stops and the diagonal continues") {
  // The first refit is the same, number by number. After it full covariance has lost 59 % of its
  // std along the gradient, so that all its rounds together come 2.98 sigma far, the geometric
  // series. A diagonal cannot lose the spread of one oblique direction: with variances v_i a
  // round moves by 1.755 sigma_g, sigma_g^2 = sum_i g_i^2 v_i, and leaves v_i - (1 - 0.411^2)
  // (g_i v_i)^2 / sigma_g^2. In three rounds it comes 1.74 times as far.
  PlannerConfig full{"cem", H, 1};
  full.cem.covariance = "full";
  const std::vector<double> g = gradient();
  const auto one = plan(full, g), diagonal = plan(1, g);
  for (std::size_t b = 0; b < one.size(); ++b) {
    CHECK(one[b].mean == diagonal[b].mean);
    CHECK(one[b].std == diagonal[b].std);
  }
  full.iterations = 3;
  const auto moved = [&](const PlannerConfig& c) {
    std::vector<double> along;
    for (const Plan& p : plan(c, g)) {
      along.push_back(0);
      for (std::size_t i = 0; i < N; ++i) along.back() += g[i] * static_cast<double>(p.mean[i]);
    }
    return estimate(along);
  };
  double full_way = 0, std = sigma, diagonal_way = 0;
  std::vector<double> v(N, sigma * sigma);
  for (int round = 0; round < 3; ++round) {
    full_way += shift * std;
    std = std::sqrt(shrink * shrink * std * std + 1e-6);
    double variance = 0;
    for (std::size_t i = 0; i < N; ++i) variance += g[i] * g[i] * v[i];
    diagonal_way += shift * std::sqrt(variance);
    for (std::size_t i = 0; i < N; ++i)
      v[i] -= (1 - shrink * shrink) * g[i] * g[i] * v[i] * v[i] / variance - 1e-6;
  }
  const Estimate f = moved(full), d = moved({"cem", H, 3});
  MESSAGE("full " << f.mean << " +- " << f.error << " against " << full_way << ", diagonal "
                  << d.mean << " +- " << d.error << " against " << diagonal_way);
  CHECK(std::abs(f.mean - full_way) < 0.01 * full_way);
  CHECK(std::abs(d.mean - diagonal_way) < 0.01 * diagonal_way);
  CHECK(d.mean > 1.6 * f.mean);
}

TEST_CASE("icem moves the mean by CEM's step less its momentum") {
  // beta 0 and one round: 1000 draws, of which the last is replaced by the mean, which is never
  // an elite. beta 2.5: a single step's number is N(0, 1) all the same, and the other steps' are
  // correlated with it now, which is what the colour is for.
  for (const double beta : {0.0, 2.5}) {
    PlannerConfig c{"icem", H, 1};
    c.icem.beta = beta;
    std::vector<double> along, along_std, next;
    for (const Plan& p : plan(c, first_coordinate())) {
      along.push_back(static_cast<double>(p.mean[0]) / sigma);
      along_std.push_back(static_cast<double>(p.std[0]) / sigma);
      next.push_back(static_cast<double>(p.mean[2]) / sigma);  // the next step's first number
    }
    const Estimate m = estimate(along), s = estimate(along_std), n = estimate(next);
    MESSAGE("beta " << beta << ": +" << m.mean << " +- " << m.error << ", std " << s.mean << " +- "
                    << s.error << ", next step +" << n.mean << " +- " << n.error);
    const double std = std::sqrt(shrink * shrink + 1e-6 / sigma / sigma);
    CHECK(std::abs(m.mean - 0.9 * shift) < 4 * m.error);
    CHECK(std::abs(s.mean - (0.9 * std + 0.1)) < 4 * s.error);
    // E[x_1 | x_0] = c x_0 with c = sum_k P_k cos(2 pi k / 4), by hand for H = 4.
    const double p2 = std::pow(2.0, -beta), c1 = (1 + 0 - p2 + 0) / (3 + p2);
    CHECK(std::abs(n.mean - 0.9 * shift * c1) < 4 * n.error);
  }
}

TEST_CASE("MPPI with all candidates tilts a Gaussian by exactly the gradient") {
  // Weights exp(R / lambda) on N(0, sigma^2) with R = a give N(sigma^2 / lambda, sigma^2): an
  // exponential tilt moves a Gaussian and leaves its spread. lambda = 2 sigma: half a sigma. The
  // estimate from 1000 candidates is low by about exp(1/4) / 2000 = 0.0006 sigma in the mean.
  PlannerConfig c{"mppi", H, 1};
  c.elites = c.candidates;
  c.mppi.temperature = 2 * sigma;
  c.mppi.min_std = 1e-3;
  std::vector<double> along, along_variance, across;
  for (const Plan& p : plan(c, first_coordinate())) {
    along.push_back(static_cast<double>(p.mean[0]) / sigma);
    along_variance.push_back(static_cast<double>(p.std[0] * p.std[0]) / sigma / sigma);
    for (std::size_t i = 1; i < N; ++i) across.push_back(static_cast<double>(p.mean[i]) / sigma);
  }
  const Estimate m = estimate(along), v = estimate(along_variance), m0 = estimate(across);
  MESSAGE("along: +" << m.mean << " +- " << m.error << ", variance " << v.mean << " +- "
                     << v.error);
  CHECK(std::abs(m.mean - (0.5 - 0.0006)) < 4 * m.error);
  CHECK(m.error < 0.003);
  CHECK(std::abs(v.mean - 1) < 4 * v.error + 0.003);
  CHECK(std::abs(m0.mean) < 4 * m0.error);
}

TEST_CASE("random shooting returns the best of all its candidates") {
  // The greatest of n uniforms to the power of n is uniform, so that -n ln Phi(max / sigma) is
  // exponential with mean 1 and variance 1. 4 x 50 candidates: what only the last round saw would
  // have mean 4. What the objective does not see stays N(0, sigma^2).
  PlannerConfig c{"random", H, 4, 50, 1};
  std::vector<double> exponential, across;
  for (const Plan& p : plan(c, first_coordinate())) {
    const double x = static_cast<double>(p.actions[0]) / sigma;
    exponential.push_back(-200 * std::log(0.5 * std::erfc(-x / std::sqrt(2.0))));
    for (std::size_t i = 1; i < N; ++i) across.push_back(static_cast<double>(p.actions[i]) / sigma);
    CHECK(p.best_return == static_cast<double>(p.actions[0]));
    CHECK(p.actions == p.mean);
    CHECK(p.std[0] == static_cast<float>(sigma));
  }
  const Estimate e = estimate(exponential), m0 = estimate(across);
  MESSAGE("mean " << e.mean << " +- " << e.error);
  CHECK(std::abs(e.mean - 1) < 4 / std::sqrt(static_cast<double>(searches)));
  CHECK(std::abs(m0.mean) < 4 * m0.error);
  CHECK(std::abs(m0.error * std::sqrt(static_cast<double>(across.size())) - 1) < 0.06);
}
