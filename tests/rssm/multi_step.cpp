// The bounds of one step and of several, where everything is known: a linear-Gaussian chain that is
// an Ssm with its weights set by hand, and two states that flip.
//
//   p_d(o) = p of a model in which s_t is drawn from s_{t-d}, by d transitions at once
//
// The ELBO of distance d bounds ln p_d(o). Whether ln p_d bounds ln p as well depends on the data:
// in expectation it does for data that the model itself made, and for others it need not.
#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <numbers>
#include <vector>

#include "rssm/overshooting.hpp"
#include "rssm/ssm.hpp"
#include "tests/rssm/support.hpp"

using namespace planet;

namespace {

// ---- s_t = a s_{t-1} + N(0, Q), o_t = s_t + N(0, R), s_0 = 0

struct Chain {
  double a = 0.9, Q = 0.5, R = 0.3;
  // The filter's best: q(s_t | s_{t-1}, o_t) = N(c s_{t-1} + g o_t, v).
  double v() const { return 1 / (1 / Q + 1 / R); }
  double c() const { return v() * a / Q; }
  double g() const { return v() / R; }
};

/// ln p_d(o), d = 1 being ln p(o): a Kalman filter for each of the d interleaved chains.
double ln_p(const std::vector<double>& o, const Chain& m, std::size_t d) {
  std::vector<double> Q_of(d + 1);  // the variance of n transitions
  for (std::size_t n = 1; n <= d; ++n) Q_of[n] = m.a * m.a * Q_of[n - 1] + m.Q;
  double sum = 0;
  for (std::size_t first = 0; first < d && first < o.size(); ++first) {
    double mean = 0, V = 0;
    for (std::size_t t = first; t < o.size(); t += d) {
      const std::size_t n = t == first ? first + 1 : d;  // transitions since the last of this chain
      const double A = std::pow(m.a, static_cast<double>(n));
      const double pm = A * mean, pV = A * A * V + Q_of[n], S = pV + m.R;
      sum -= 0.5 * (std::log(2 * std::numbers::pi * S) + (o[t] - pm) * (o[t] - pm) / S);
      mean = pm + pV / S * (o[t] - pm);
      V = pV * m.R / S;
    }
  }
  return sum;
}

/// An Ssm that is the chain and its best filter. What is linear passes a ReLU as x and as -x. The
/// embedding is the frame, a number.
struct ChainSsm {
  explicit ChainSsm(const Chain& m) {
    ModelConfig c;
    c.latent_model = "ssm", c.stoch_size = 1, c.action_size = 1, c.embed_size = 1;
    c.deter_size = 3, c.hidden_size = 5, c.min_std = 0.1;
    Rng rng(1, Stream::init);
    model = std::make_unique<Ssm>(store, rng, c);
    std::fill_n(store.values<double>(), store.size(), 0.0);
    const auto set = [&](const char* name, std::ptrdiff_t i, std::ptrdiff_t j, double value) {
      const Param& p = *store.find(name);
      p.value<double>()[p.shape.rank() == 1 ? j : i * p.shape[1] + j] = value;
    };
    const auto raw = [](double std) { return std::log(std::expm1(std - 0.1)); };  // softplus^-1
    set("ssm/prior/hidden/weight", 0, 0, 1), set("ssm/prior/hidden/weight", 0, 1, -1);
    set("ssm/prior/mean/weight", 0, 0, m.a), set("ssm/prior/mean/weight", 1, 0, -m.a);
    set("ssm/prior/std/bias", 0, 0, raw(std::sqrt(m.Q)));
    const char *hidden = "ssm/posterior/hidden/weight", *mean = "ssm/posterior/mean/weight";
    set(hidden, 0, 0, 1), set(hidden, 0, 1, -1);  // the prior's mean, a s_{t-1}
    set(hidden, 2, 2, 1), set(hidden, 2, 3, -1);  // the frame
    set(mean, 0, 0, m.c() / m.a), set(mean, 1, 0, -m.c() / m.a);
    set(mean, 2, 0, m.g()), set(mean, 3, 0, -m.g());
    set("ssm/posterior/std/bias", 0, 0, raw(std::sqrt(m.v())));
  }
  ParamStore store{Precision::f64};
  std::unique_ptr<Ssm> model;
};

/// The ELBOs of the distances 1..D, from our filter(), overshoot() and gaussian_kl(). Expectations
/// are over the T noises of the posterior and D - 1 of the priors, of functions that are quadratic
/// in each: three Gauss-Hermite nodes apiece make them exact, and a row of the batch is a point of
/// the grid. Rows t < d are as far from s_0 as they can be: t steps.
std::vector<double> elbos(const std::vector<double>& o, const Chain& m, std::size_t D) {
  const std::size_t T = o.size(), axes = T + D - 1;
  std::size_t N = 1;
  for (std::size_t i = 0; i < axes; ++i) N *= 3;
  const double nodes[] = {-std::sqrt(3.0), 0, std::sqrt(3.0)};
  const double weights[] = {1.0 / 6, 2.0 / 3, 1.0 / 6};
  std::vector<double> z(T * N), prior_z(D * T * N), weight(N, 1.0), frames(T * N);
  for (std::size_t n = 0; n < N; ++n)
    for (std::size_t i = 0, k = n; i < axes; ++i, k /= 3) {
      weight[n] *= weights[k % 3];
      if (i < T) z[i * N + n] = nodes[k % 3];
      else
        for (std::size_t t = 0; t < T; ++t) prior_z[((i - T) * T + t) * N + n] = nodes[k % 3];
    }
  for (std::size_t t = 0; t < T; ++t)
    std::fill_n(frames.begin() + static_cast<std::ptrdiff_t>(t * N), N, o[t]);

  const ChainSsm ssm(m);
  Tape tape(Precision::f64, Mode::inference);
  const auto Ti = static_cast<std::ptrdiff_t>(T), Ni = static_cast<std::ptrdiff_t>(N),
             Di = static_cast<std::ptrdiff_t>(D);
  const Var e = tape.constant(frames, {Ti, Ni, 1}), a = tape.zeros({Ti, Ni, 1});
  const FilteredWindow seen = ssm.model->filter(e, a, tape.constant(z, {Ti, Ni, 1}));
  const auto imagined = overshoot(*ssm.model, seen, a, tape.constant(prior_z, {Di, Ti, Ni, 1}));
  const auto expectation = [&](std::span<const double> values) {
    double sum = 0;
    for (std::size_t n = 0; n < N; ++n) sum += weight[n] * values[n];
    return sum;
  };
  const std::vector<double> sqrt_R(T * N, std::sqrt(m.R));
  const Var ln_o = gaussian_log_likelihood(e, seen.state.s, tape.constant(sqrt_R, {Ti, Ni, 1}));
  std::vector<double> out(D);
  for (std::size_t d = 1; d <= D; ++d)
    for (std::size_t t = 0; t < T; ++t) {
      const std::size_t steps = std::min(d, t + 1);
      const auto first = static_cast<std::ptrdiff_t>(steps - 1);
      const Var kl = gaussian_kl(rows_from(seen.q, first), imagined[steps - 1].p);
      out[d - 1] += expectation(row(ln_o, static_cast<std::ptrdiff_t>(t))) -
                    expectation(row(kl, static_cast<std::ptrdiff_t>(t) - first));
    }
  return out;
}

std::vector<double> observations(std::size_t T, const Chain& m, std::uint32_t which) {
  Rng rng(1, Stream::test, which);
  std::vector<double> o(T);
  double s = 0;
  for (double& x : o) {
    s = m.a * s + std::sqrt(m.Q) * rng.normal();
    x = s + std::sqrt(m.R) * rng.normal();
  }
  return o;
}

}  // namespace

TEST_CASE(
    "the ELBO of an Ssm that is a linear-Gaussian chain is tight at one step and below else") {
  const Chain m;
  for (std::uint32_t i = 0; i < 5; ++i) {
    const std::vector<double> one = observations(1, m, i), five = observations(5, m, i);
    CHECK(std::abs(elbos(one, m, 1)[0] - ln_p(one, m, 1)) <= 1e-12);
    const double gap = ln_p(five, m, 1) - elbos(five, m, 1)[0];
    CHECK(gap > 0.04);
    CHECK(gap < 3);
  }
}

TEST_CASE("the ELBO of each distance is below the likelihood of its own model") {
  for (const double a : {0.9, -0.7, 0.3}) {
    const Chain m{a, 0.5, 0.3};
    for (std::uint32_t i = 0; i < 2; ++i) {
      const std::vector<double> o = observations(5, m, i);
      const std::vector<double> bounds = elbos(o, m, 3);
      for (std::size_t d = 1; d <= 3; ++d) {
        INFO("a = ", a, ", d = ", d);
        CHECK(bounds[d - 1] < ln_p(o, m, d));
      }
    }
  }
}

TEST_CASE("in expectation over its own data a chain is likelier than its d steps at once") {
  constexpr int sequences = 400;
  const Chain m;
  for (std::size_t d = 2; d <= 4; ++d) {
    double sum = 0, squares = 0;
    for (std::uint32_t i = 0; i < sequences; ++i) {
      const std::vector<double> o = observations(8, m, i);
      const double difference = ln_p(o, m, 1) - ln_p(o, m, d);
      sum += difference, squares += difference * difference;
    }
    const double mean = sum / sequences,
                 error = std::sqrt((squares / sequences - mean * mean) / sequences);
    MESSAGE("d = " << d << ": " << mean << " +- " << error << " nats");
    CHECK(mean > 5 * error);
  }
}

TEST_CASE("on other data d steps at once can be likelier than the chain itself") {
  // A chain that changes its sign at every step, and data that never do.
  const Chain m{-0.95, 0.1, 0.1};
  const std::vector<double> constant(8, 1.0);
  CHECK(ln_p(constant, m, 2) - ln_p(constant, m, 1) > 10);
}

// ---- two states, observed; each step flips with probability 1 - epsilon, the first is uniform

namespace {

double stays(double epsilon, int d) { return (1 + std::pow(2 * epsilon - 1, d)) / 2; }

/// ln p_d of a sequence of 0 and 1 of length T, given by its bits. The first d are uniform.
double ln_p(std::uint64_t bits, int T, double epsilon, int d) {
  double sum = 0;
  for (int t = 0; t < T; ++t) {
    const bool same = t >= d && (bits >> t & 1) == (bits >> (t - d) & 1);
    const double stay = stays(epsilon, d);
    sum += std::log(t < d ? 0.5 : same ? stay : 1 - stay);
  }
  return sum;
}

/// I(s_t; s_{t-d}) in nats, under the model.
double information(double epsilon, int d) {
  const double p = stays(epsilon, d);
  const auto x_ln_x = [](double x) { return x == 0 ? 0 : x * std::log(x); };
  return std::log(2.0) + x_ln_x(p) + x_ln_x(1 - p);
}

}  // namespace

TEST_CASE("the two-state counterexample makes two steps likelier than one") {
  // States are seen, so q is certain and each bound is the likelihood itself. Data: all 0, all 1.
  const double one = ln_p(0, 50, 0.001, 1), two = ln_p(0, 50, 0.001, 2);
  CHECK(one == doctest::Approx(-339.2).epsilon(1e-4));
  CHECK(two == doctest::Approx(-1.5).epsilon(2e-2));
  CHECK(ln_p((std::uint64_t{1} << 50) - 1, 50, 0.001, 2) == two);
  CHECK(two > one);  // so the expectation of ln p_2 does not bound that of ln p
}

TEST_CASE("under the model's own distribution two states lose information with every step") {
  constexpr int T = 10;
  for (const double epsilon : {0.001, 0.1, 0.5, 0.8}) {
    double one = 0;
    std::vector<double> several(6);
    for (std::uint64_t bits = 0; bits < 1u << T; ++bits) {
      const double p = std::exp(ln_p(bits, T, epsilon, 1));
      one += p * ln_p(bits, T, epsilon, 1);
      for (int d = 2; d <= 5; ++d)
        several[static_cast<std::size_t>(d)] += p * ln_p(bits, T, epsilon, d);
    }
    for (int d = 2; d <= 5; ++d) {
      INFO("epsilon = ", epsilon, ", d = ", d);
      // Data processing: what is known of s_t from d steps before is no more than from one.
      const double I_1 = information(epsilon, 1), I_d = information(epsilon, d);
      CHECK(I_d <= I_1 + 1e-15);
      const double loss = one - several[static_cast<std::size_t>(d)];
      CHECK(loss >= -1e-12);
      CHECK(loss == doctest::Approx((T - 1) * I_1 - (T - d) * I_d).epsilon(1e-9));
    }
  }
}
