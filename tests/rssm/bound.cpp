// Is the ELBO a lower bound, and by how much? Two places where ln p(o) is known exactly: a
// linear-Gaussian chain, where the Kalman filter computes it, and the model itself at one step with
// a one-dimensional state, where a sum over a fine grid does.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "tests/rssm/support.hpp"

using namespace planet;

namespace {

// s_t = a s_{t-1} + N(0, Q), o_t = s_t + N(0, R), s_0 = 0.
constexpr double a = 0.9, Q = 0.5, R = 0.3;

// The optimal filter q(s_t | s_{t-1}, o_t) = p(s_t | s_{t-1}, o_t), which is
// N(c s_{t-1} + g o_t, v). It has not seen the future.
constexpr double v = 1 / (1 / Q + 1 / R), c = v * a / Q, g = v / R;

double kalman_log_likelihood(const std::vector<double>& o) {
  double m = 0, V = 0, sum = 0;
  for (const double x : o) {
    const double pm = a * m, pV = a * a * V + Q, S = pV + R;  // predicted state, then frame
    sum -= 0.5 * (std::log(2 * std::numbers::pi * S) + (x - pm) * (x - pm) / S);
    m = pm + pV / S * (x - pm);
    V = pV * R / S;
  }
  return sum;
}

/// The ELBO with constants, from our ops. Every expectation is over one Gaussian variable and of a
/// quadratic, so three Gauss-Hermite nodes make it exact: no sampling error.
double elbo(const std::vector<double>& o) {
  Tape tape(Precision::f64, Mode::inference);
  const std::array<double, 3> nodes = {-std::sqrt(3.0), 0, std::sqrt(3.0)};
  const std::array<double, 3> weights = {1.0 / 6, 2.0 / 3, 1.0 / 6};
  const Var noise = tape.constant(nodes, {3, 1}), weight = tape.constant(weights, {3});
  const auto constant = [&](double x) {
    return tape.constant(std::array<double, 3>{x, x, x}, {3, 1});
  };
  const auto expectation = [&](Var f) { return sum(f * weight).item(); };

  double m = 0, V = 0, total = 0;  // of the marginal q(s_t)
  for (const double o_t : o) {
    const Var s_prev = sample({constant(m), constant(std::sqrt(V))}, noise);
    const Gaussian p{scale(s_prev, a), constant(std::sqrt(Q))};
    const Gaussian q{add_constant(scale(s_prev, c), g * o_t), constant(std::sqrt(v))};
    m = c * m + g * o_t;
    V = c * c * V + v;
    const Var s = sample({constant(m), constant(std::sqrt(V))}, noise);
    total += expectation(gaussian_log_likelihood(constant(o_t), s, constant(std::sqrt(R)))) -
             expectation(gaussian_kl(q, p));
  }
  return total;
}

/// Solves A x = b for a small positive definite A by elimination; returns ln det A.
double solve(std::vector<std::vector<double>> A, std::vector<double>& b) {
  const std::size_t n = b.size();
  double log_det = 0;
  for (std::size_t i = 0; i < n; ++i) {
    log_det += std::log(A[i][i]);
    for (std::size_t k = i + 1; k < n; ++k) {
      const double f = A[k][i] / A[i][i];
      for (std::size_t j = i; j < n; ++j) A[k][j] -= f * A[i][j];
      b[k] -= f * b[i];
    }
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t j = i + 1; j < n; ++j) b[i] -= A[i][j] * b[j];
    b[i] /= A[i][i];
  }
  return log_det;
}

/// KL[q(s_1..s_T) || p(s_1..s_T | o_1..o_T)], from the two joint Gaussians' precision matrices.
double kl_to_smoother(const std::vector<double>& o) {
  const std::size_t T = o.size();
  std::vector<std::vector<double>> P(T, std::vector<double>(T)), q = P;
  std::vector<double> smoothed(T), mean(T);
  for (std::size_t t = 0; t < T; ++t) {
    const bool more = t + 1 < T;
    P[t][t] = 1 / Q + 1 / R + (more ? a * a / Q : 0);
    q[t][t] = 1 / v + (more ? c * c / v : 0);
    if (more) P[t][t + 1] = P[t + 1][t] = -a / Q, q[t][t + 1] = q[t + 1][t] = -c / v;
    smoothed[t] = o[t] / R;
    mean[t] = (t > 0 ? c * mean[t - 1] : 0) + g * o[t];
  }
  const double log_det_p = solve(P, smoothed), log_det_q = -static_cast<double>(T) * std::log(v);
  double trace = 0, square = 0;
  for (std::size_t j = 0; j < T; ++j) {
    std::vector<double> column(T);  // of q's covariance
    column[j] = 1;
    solve(q, column);
    for (std::size_t i = 0; i < T; ++i) {
      trace += P[j][i] * column[i];
      square += (mean[i] - smoothed[i]) * P[i][j] * (mean[j] - smoothed[j]);
    }
  }
  return 0.5 * (trace - static_cast<double>(T) + square + log_det_q - log_det_p);
}

/// Frames that the chain itself made.
std::vector<double> observations(std::size_t T, std::uint32_t which) {
  Rng rng(1, Stream::test, which);
  std::vector<double> o(T);
  double s = 0;
  for (double& x : o) {
    s = a * s + std::sqrt(Q) * rng.normal();
    x = s + std::sqrt(R) * rng.normal();
  }
  return o;
}

}  // namespace

TEST_CASE("the ELBO of a linear-Gaussian chain is tight at one step") {
  for (std::uint32_t i = 0; i < 20; ++i) {
    const std::vector<double> o = observations(1, i);
    CHECK(std::abs(kalman_log_likelihood(o) - elbo(o)) <= 1e-12);
  }
}

TEST_CASE("the ELBO of a linear-Gaussian chain is below the likelihood by the KL to the smoother") {
  double total = 0;
  constexpr int sequences = 400;
  for (std::uint32_t i = 0; i < sequences; ++i) {
    const std::vector<double> o = observations(5, i);
    const double gap = kalman_log_likelihood(o) - elbo(o);
    CHECK(gap > 0.04);  // a filter has not seen the future: never tight
    CHECK(gap == doctest::Approx(kl_to_smoother(o)).epsilon(1e-10));
    total += gap;
  }
  // 0.458 nats on average over the chain's own data (standard deviation 0.32 from one sequence to
  // the next); five standard errors.
  CHECK(std::abs(total / sequences - 0.458) < 5 * 0.32 / std::sqrt(double(sequences)));
}

TEST_CASE("log_likelihood is a lower bound of the model itself") {
  // One step and one state dimension: the rows of the batch are the points z of a grid, and a sum
  // over them is an integral over s = mean + std z.
  ModelConfig config = miniature_model();
  config.stoch_size = 1;
  const WorldModel model(config, 4, Precision::f64);
  constexpr std::ptrdiff_t n = 2001;
  constexpr double width = 16, dz = 2 * width / (n - 1);
  Tape tape(Precision::f64, Mode::inference);
  Sequence x = random_sequence(tape, config, 1, 1);
  const auto repeated = [&](Var v0, Shape shape) {
    double* memory = nullptr;
    const Var out = tape.uninitialised(shape, &memory);
    const auto values = v0.value<double>();
    for (std::ptrdiff_t i = 0; i < shape.size(); ++i)
      memory[i] = values[static_cast<std::size_t>(i) % values.size()];
    return out;
  };
  x.image = repeated(x.image, {n, 8, 8, 3});
  x.action = repeated(x.action, {1, n, 2});
  x.reward = repeated(x.reward, {1, n});
  std::vector<double> z(n);
  for (std::size_t i = 0; i < z.size(); ++i) z[i] = -width + dz * static_cast<double>(i);
  x.noise = tape.constant(z, {1, n, 1});
  const ElboTerms terms = model.elbo(x);

  // Each of the densities by its own op, with its constants.
  const auto ones = [&](Shape shape, double value) {
    return tape.constant(std::vector<double>(static_cast<std::size_t>(shape.size()), value), shape);
  };
  const std::ptrdiff_t pixels = 8 * 8 * 3;
  const Var ln_o =
      gaussian_log_likelihood(reshape(x.image, {n, pixels}),
                              reshape(terms.predicted.image, {n, pixels}), ones({n, pixels}, 1));
  const Var ln_r =
      gaussian_log_likelihood(reshape(x.reward, {n, 1}), reshape(terms.predicted.reward, {n, 1}),
                              ones({n, 1}, 1 / std::sqrt(config.reward_scale)));
  const Var s = terms.seen.state.s;
  const auto ln_q = gaussian_log_likelihood(s, terms.seen.q.mean, terms.seen.q.std).value<double>();
  const auto ln_p_s =
      gaussian_log_likelihood(s, terms.seen.p.mean, terms.seen.p.std).value<double>();
  const auto bound = log_likelihood(terms, config).value<double>();

  double elbo = 0, likelihood = 0;
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double weight = dz * std::exp(-0.5 * z[i] * z[i]) / std::sqrt(2 * std::numbers::pi);
    elbo += weight * bound[i];
    likelihood += weight * std::exp(ln_p_s[i] - ln_q[i] + ln_o.value<double>()[i] +
                                    ln_r.value<double>()[i] + 200);
  }
  likelihood = std::log(likelihood) - 200;
  double gap = 0;  // KL[q(s) || p(s | o, r)]
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double weight = dz * std::exp(-0.5 * z[i] * z[i]) / std::sqrt(2 * std::numbers::pi);
    const double ln_posterior =
        ln_p_s[i] + ln_o.value<double>()[i] + ln_r.value<double>()[i] - likelihood;
    gap += weight * (ln_q[i] - ln_posterior);
  }
  MESSAGE("ELBO " << elbo << ", ln p " << likelihood << ", gap " << gap);
  CHECK(elbo < likelihood);
  CHECK(likelihood - elbo == doctest::Approx(gap).epsilon(1e-9));
  CHECK(gap > 1e-3);
}
