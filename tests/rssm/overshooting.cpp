// Latent overshooting against tables, loops and closed forms: the state from which a prior starts,
// the weight of each distance, and where gradients flow.
#include "rssm/overshooting.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "autograd/base/error.hpp"
#include "autograd/kernels/random.hpp"
#include "tests/rssm/support.hpp"

using namespace planet;

namespace {

/// A model whose numbers can be checked by eye: the prior is the previous state plus the action,
/// the posterior is the embedding itself, all with a standard deviation of 1.
class AddingModel final : public LatentModel {
 public:
  AddingModel() : LatentModel(0, 1) {}
  using V = Var;
  PriorStep imagine(const State& prev, V a_prev, V noise) const override {
    const Gaussian p = unit_variance(prev.s + a_prev);
    return {{{}, sample(p, noise)}, p};
  }
  PosteriorStep observe(const State&, V, V e_t, V noise) const override {
    const Gaussian q = unit_variance(e_t);
    return {{{}, sample(q, noise)}, q};
  }
  FilteredWindow filter(V embedding, V action, V noise) const override {
    const std::ptrdiff_t L = action.shape()[0], B = action.shape()[1];
    const Gaussian q = unit_variance(embedding);
    const V s = sample(q, noise);
    const auto before = action.on().array<V>(static_cast<std::size_t>(L));
    for (std::ptrdiff_t t = 0; t < L; ++t)
      before[static_cast<std::size_t>(t)] = t == 0 ? initial(action.on(), B).s : at(s, t - 1);
    return {{{}, s}, q, unit_variance(stack(before) + action)};
  }
};

/// The KL_d of a world model by the simplest loop: each start rolled out alone, row by row.
/// Returns [d][t] for d = 1..D, with the two windows of the batch side by side.
std::vector<std::vector<std::vector<double>>> brute_force(const WorldModel& model,
                                                          const Sequence& x,
                                                          const ElboTerms& elbo) {
  const LatentModel& latent = model.latent();
  const std::ptrdiff_t L = x.action.shape()[0], B = x.action.shape()[1];
  const std::ptrdiff_t D = x.overshoot_noise.shape()[0];
  std::vector<std::vector<std::vector<double>>> kl(
      static_cast<std::size_t>(D), std::vector<std::vector<double>>(static_cast<std::size_t>(L)));
  for (std::ptrdiff_t start = -1; start < L; ++start) {
    State state = latent.initial(x.action.on(), B);
    if (start >= 0) state = map_state(elbo.seen.state, [&](Var v) { return at(v, start); });
    for (std::ptrdiff_t d = 1; d <= D && start + d < L; ++d) {
      const std::ptrdiff_t t = start + d;  // the predicted row, whose action leads there
      const PriorStep next =
          latent.imagine(state, at(x.action, t), at(at(x.overshoot_noise, d - 1), t));
      const Gaussian q{at(elbo.seen.q.mean, t), at(elbo.seen.q.std, t)};
      kl[static_cast<std::size_t>(d - 1)][static_cast<std::size_t>(t)] =
          gaussian_kl(q, next.p).values();
      state = next.state;
    }
  }
  return kl;
}

ModelConfig miniature_with(const std::string& latent_model, int D) {
  ModelConfig c = miniature_of(latent_model);
  c.overshooting_distance = D;
  return c;
}

double mean_of(const std::vector<double>& x) {
  double sum = 0;
  for (const double v : x) sum += v;
  return sum / static_cast<double>(x.size());
}

}  // namespace

// ---- the table

TEST_CASE("overshooting fills the table of a model that adds its actions") {
  // Frames 10 .. 60, actions 0 .. 0.5. A column is a start, a row a distance; ours are stored by
  // target, so that each row of the table begins one place further to the right.
  Tape tape(Precision::f64);
  const std::vector<double> frames = {10, 20, 30, 40, 50, 60},
                            actions = {0.0, 0.1, 0.2, 0.3, 0.4, 0.5};
  const std::vector<std::vector<double>> table = {{0.0, 10.1, 20.2, 30.3, 40.4, 50.5},
                                                  {0.1, 10.3, 20.5, 30.7, 40.9},
                                                  {0.3, 10.6, 20.9, 31.2},
                                                  {0.6, 11.0, 21.4}};
  const AddingModel model;
  const Var o = tape.constant(frames, {6, 1, 1}), a = tape.constant(actions, {6, 1, 1});
  const FilteredWindow seen = model.filter(o, a, tape.zeros({6, 1, 1}));
  const auto imagined = overshoot(model, seen, a, tape.zeros({4, 6, 1, 1}));
  REQUIRE(imagined.size() == 4);
  std::vector<Var> kl;
  for (std::size_t i = 0; i < 4; ++i) {
    INFO("distance ", i + 1);
    const Gaussian& p = imagined[i].p;
    REQUIRE(p.mean.shape() == Shape{6 - static_cast<std::ptrdiff_t>(i), 1, 1});
    CHECK(distance(p.mean.value<double>(), table[i]) <= 1e-12);
    // The loss: every target is the frame that many rows later, and variances of 1 make a KL of
    // half the squared distance.
    kl.push_back(gaussian_kl(rows_from(seen.q, static_cast<std::ptrdiff_t>(i)), p));
    for (std::size_t k = 0; k < table[i].size(); ++k) {
      const double d = frames[k + i] - table[i][k];
      CHECK(kl[i].value<double>()[k] == doctest::Approx(0.5 * d * d).epsilon(1e-12));
    }
  }
  // KL_2 .. KL_4 of the table, by hand: the sums of (20 - 0.1)^2/2, (30 - 10.3)^2/2, ... over 5, 4
  // and 3 starts, each divided by its own number of starts.
  const double KL_2 = (198.005 + 194.045 + 190.125 + 186.245 + 182.405) / 5,
               KL_3 = (441.045 + 432.18 + 423.405 + 414.72) / 4,
               KL_4 = (776.18 + 760.5 + 744.98) / 3;
  const Var loss = mean_over_distances(std::span(kl).subspan(1), [](Var x) { return mean(x); });
  CHECK(loss.item() == doctest::Approx((KL_2 + KL_3 + KL_4) / 3).epsilon(1e-12));
}

// ---- P8: no padding, no missing start

TEST_CASE("P8 overshooting is finite at every distance and equals the loop over starts") {
  for (const std::string& name : latent_model_names())
    for (int D = 2; D <= 5; ++D) {
      INFO(name, ", D = ", D);
      ModelConfig c = miniature_with(name, D);
      c.overshooting_scale = 0.7, c.kl_scale = 1.3;
      WorldModel model(c, 1, Precision::f64);
      Tape tape(Precision::f64);
      const Sequence x = random_sequence(tape, c, 5, 2);
      const ElboTerms elbo = model.elbo(x);
      const auto expected = brute_force(model, x, elbo);
      REQUIRE(elbo.overshooting.size() == static_cast<std::size_t>(D - 1));
      double sum = 0;
      for (std::size_t d = 2; d <= static_cast<std::size_t>(D); ++d) {
        const Var kl = elbo.overshooting[d - 2];
        REQUIRE(kl.shape() == Shape{6 - static_cast<std::ptrdiff_t>(d), 2});
        std::vector<double> above;
        for (std::size_t t = d - 1; t < 5; ++t) {
          REQUIRE(expected[d - 1][t].size() == 2);
          CHECK(distance(row(kl, static_cast<std::ptrdiff_t>(t - d + 1)), expected[d - 1][t]) <=
                1e-12);
          for (const double v : expected[d - 1][t]) above.push_back(std::max(v - c.free_nats, 0.0));
        }
        for (std::size_t t = 0; t < d - 1; ++t) CHECK(expected[d - 1][t].empty());
        sum += mean_of(above);
      }
      // KL_1 comes out of the same loop.
      for (std::size_t t = 0; t < 5; ++t)
        CHECK(distance(row(gaussian_kl(elbo.seen.q, elbo.seen.p), static_cast<std::ptrdiff_t>(t)),
                       expected[0][t]) <= 1e-12);
      ModelConfig one_step = c;
      one_step.overshooting_distance = 1, one_step.overshooting_scale = 1;
      const WorldModel plain(one_step, 1, Precision::f64);
      Sequence without = x;
      without.overshoot_noise = {};
      const double loss_1 = plain.elbo(without).loss.item();
      CHECK(elbo.loss.item() - loss_1 == doctest::Approx(1.3 * 0.7 * sum / (D - 1)).epsilon(1e-9));
      CHECK(std::isfinite(elbo.loss.item()));
      tape.backward(elbo.loss);
      for (std::ptrdiff_t i = 0; i < model.params().size(); ++i)
        REQUIRE(std::isfinite(model.params().grads<double>()[i]));
    }
}

TEST_CASE("P8 a distance of 1 is the plain ELBO bit for bit") {
  for (const std::string& name : latent_model_names()) {
    INFO(name);
    const ModelConfig c = miniature_of(name);
    WorldModel model(c, 1, Precision::f64);
    const auto run = [&](const std::function<Var(const Sequence&)>& loss) {
      Tape tape(Precision::f64);
      model.params().zero_grad();
      Sequence x = random_sequence(tape, c, 5, 2);
      x.overshoot_noise = tape.zeros({1, 5, 2, c.stoch_size});
      const Var total = loss(x);
      tape.backward(total);
      std::vector<double> bits(model.params().grads<double>(),
                               model.params().grads<double>() + model.params().size());
      bits.push_back(total.item());
      return bits;
    };
    const auto overshot = run([&](const Sequence& x) { return model.elbo(x).loss; });
    const auto absent = run([&](Sequence x) {
      x.overshoot_noise = {};
      return model.elbo(x).loss;
    });
    CHECK(overshot == absent);
    // Equation 3 written out from its terms.
    const auto written = run([&](Sequence x) {
      x.overshoot_noise = {};
      const ElboTerms e = model.elbo(x);
      return mean(e.image) + scale(mean(e.reward), c.reward_scale) +
             scale(free_nats_per_step(e.kl, c.free_nats), c.kl_scale);
    });
    CHECK(overshot == written);
  }
}

TEST_CASE("P8 a distance beyond the window is refused") {
  Tape tape(Precision::f64);
  const AddingModel model;
  const Var x = tape.zeros({3, 1, 1});
  const FilteredWindow seen = model.filter(x, x, x);
  CHECK_NOTHROW(overshoot(model, seen, x, tape.zeros({3, 3, 1, 1})));
  CHECK_THROWS_WITH_AS(overshoot(model, seen, x, tape.zeros({4, 3, 1, 1})),
                       "[overshoot] the distance is 4, but a window of 3 rows holds no target "
                       "further than 3 steps from its start",
                       Error);
}

// ---- P9: the weight of each distance

TEST_CASE("P9 every distance has the same weight however few starts it has") {
  Tape tape(Precision::f64);
  const std::vector<double> two = {1, 2, 3}, three = {10, 20};
  const std::vector<Var> kl = {tape.constant(two, {3, 1}), tape.constant(three, {2, 1})};
  const std::span<const Var> distances(kl);
  const auto loss = [&](auto&& number_of) {
    return mean_over_distances(distances, number_of).item();
  };
  // beta_2 = beta_3 = 1/2: (2 + 15) / 2, and not the mean of all five, 7.2.
  CHECK(loss([](Var x) { return mean(x); }) == 8.5);
  // 2.5 free nats for each: (0.5 / 3 + 12.5) / 2. After the mean: (0 + 12.5) / 2.
  CHECK(loss([](Var x) { return free_nats_per_step(x, 2.5); }) ==
        doctest::Approx((0.5 / 3 + 12.5) / 2).epsilon(1e-15));
  CHECK(loss([](Var x) { return free_nats_of_mean(x, 2.5); }) == 6.25);
}

TEST_CASE("P9 the distance of one step weighs 1 and all longer ones share one scale") {
  // All weights are zero but one: prior N(0, 1), posterior N(m, 1) at every row, whatever was
  // sampled. So KL_d = D_s m^2 / 2 at every distance.
  for (const int D : {2, 3, 5}) {
    ModelConfig c = miniature_with("rssm", D);
    c.free_nats = 0.4, c.kl_scale = 2, c.overshooting_scale = 0.3, c.reward_scale = 0;
    WorldModel model(c, 1, Precision::f64);
    std::fill_n(model.params().values<double>(), model.params().size(), 0.0);
    const double std = std::log(2.0) + c.min_std, m = std;  // KL = D_s / 2
    std::fill_n(model.params().find("rssm/posterior/mean/bias")->value<double>(), c.stoch_size, m);
    Tape tape(Precision::f64);
    const ElboTerms elbo = model.elbo(random_sequence(tape, c, 5, 2));
    const double image = mean_of(elbo.image.values()), KL = 1.5 - 0.4;
    CHECK(elbo.loss.item() == doctest::Approx(image + 2 * (KL + 0.3 * KL)).epsilon(1e-12));
  }
}

// ---- P10: where the gradient flows

TEST_CASE("P10 the KL of a distance trains the prior and its start but not its target") {
  // The gradient of one KL_d[t] with respect to the frames: o_t is its target's alone, frames in
  // between were not looked at, and o_{t-d} is the start's.
  for (const std::string& name : latent_model_names()) {
    INFO(name);
    const ModelConfig c = miniature_with(name, 4);
    const WorldModel model(c, 1, Precision::f64);
    for (std::ptrdiff_t d = 2; d <= 4; ++d)
      for (std::ptrdiff_t t = d - 1; t < 4; ++t) {
        Tape tape(Precision::f64);
        Sequence x = random_sequence(tape, c, 4, 1);
        x.image = tape.variable(x.image.values(), x.image.shape());
        const Var kl = model.elbo(x).overshooting[static_cast<std::size_t>(d - 2)];
        tape.backward(at(at(kl, t - d + 1), 0));
        const auto g = tape.grad<double>(x.image);
        const std::size_t frame = g.size() / 4;
        for (std::ptrdiff_t k = 0; k < 4; ++k) {
          double largest = 0;
          for (std::size_t i = 0; i < frame; ++i)
            largest = std::max(largest, std::abs(g[static_cast<std::size_t>(k) * frame + i]));
          INFO("distance ", d, ", target ", t, ", frame ", k);
          if (k > t - d) CHECK(largest == 0);
          else CHECK(largest > 1e-9);
        }
      }
  }
}

TEST_CASE("P10 from the zero state a distance trains no posterior") {
  for (const std::string& name : {std::string("rssm"), std::string("rnn")}) {
    INFO(name);
    const ModelConfig c = miniature_with(name, 3);
    WorldModel model(c, 1, Precision::f64);
    Tape tape(Precision::f64);
    const ElboTerms elbo = model.elbo(random_sequence(tape, c, 3, 2));
    tape.backward(mean(elbo.overshooting[1]));  // KL_3: the one start is before row 0
    for (const Param& p : model.params().params()) {
      double largest = 0;
      for (std::ptrdiff_t i = 0; i < p.shape.size(); ++i)
        largest = std::max(largest, std::abs(p.grad<double>()[i]));
      INFO(p.name);
      const bool taught = p.name.starts_with(name + "/prior/") ||
                          p.name.starts_with(name + "/inp/") || p.name.starts_with(name + "/gru/");
      CHECK((largest > 0) == taught);
    }
  }
}

// ---- further terms

TEST_CASE("overshooting of rewards uses the imagined states") {
  ModelConfig c = miniature_with("rssm", 3);
  const WorldModel plain(c, 1, Precision::f64);
  c.overshooting_reward_scale = 0.6;
  const WorldModel model(c, 1, Precision::f64);
  Tape tape(Precision::f64);
  const Sequence x = random_sequence(tape, c, 5, 2);
  const ElboTerms elbo = model.elbo(x);
  REQUIRE(elbo.overshooting_reward.size() == 2);
  for (std::ptrdiff_t start = -1; start < 3; ++start) {
    State state = model.latent().initial(tape, 2);
    if (start >= 0) state = map_state(elbo.seen.state, [&](Var v) { return at(v, start); });
    for (std::ptrdiff_t d = 1; d <= 3 && start + d < 5; ++d) {
      const std::ptrdiff_t t = start + d;
      state =
          model.latent().imagine(state, at(x.action, t), at(at(x.overshoot_noise, d - 1), t)).state;
      if (d == 1) continue;
      const Var error = half_squared_error(model.reward(features(state)), at(x.reward, t), 1);
      const Var ours = elbo.overshooting_reward[static_cast<std::size_t>(d - 2)];
      CHECK(distance(row(ours, t - d + 1), error.value<double>()) <= 1e-12);
    }
  }
  const ElboTerms silent = plain.elbo(x);
  CHECK(silent.overshooting_reward.empty());
  const double term = (mean_of(elbo.overshooting_reward[0].values()) +
                       mean_of(elbo.overshooting_reward[1].values())) /
                      2;
  CHECK(elbo.loss.item() - silent.loss.item() == doctest::Approx(0.6 * term).epsilon(1e-9));
}

TEST_CASE("the global prior costs the KL to a standard normal without free nats") {
  ModelConfig c = miniature_model();
  const WorldModel plain(c, 1, Precision::f64);
  c.global_kl_scale = 0.25;
  const WorldModel model(c, 1, Precision::f64);
  Tape tape(Precision::f64);
  const Sequence x = random_sequence(tape, c, 3, 2);
  const ElboTerms without = plain.elbo(x), elbo = model.elbo(x);
  CHECK(without.global_kl.empty());
  double sum = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    double kl = 0;  // sum over D_s of (s^2 + m^2 - 1) / 2 - ln s
    for (std::size_t k = 3 * i; k < 3 * i + 3; ++k) {
      const double m = elbo.seen.q.mean.value<double>()[k], s = elbo.seen.q.std.value<double>()[k];
      kl += 0.5 * (s * s + m * m - 1) - std::log(s);
    }
    CHECK(elbo.global_kl.value<double>()[i] == doctest::Approx(kl).epsilon(1e-12));
    sum += kl / 6;
  }
  CHECK(elbo.loss.item() - without.loss.item() == doctest::Approx(0.25 * sum).epsilon(1e-10));
}

TEST_CASE("free nats after the mean let a small KL offset a large one") {
  ModelConfig c = miniature_model();
  c.free_nats_after_mean = true;
  double m = 0, low = 0;  // the mean and the smallest KL
  for (const double share : {0.0, 0.5, 1.5}) {
    c.free_nats = share <= 1 ? (1 - share) * low + share * m : share * m;
    const WorldModel model(c, 1, Precision::f64);
    Tape tape(Precision::f64);
    const ElboTerms terms = model.elbo(random_sequence(tape, c, 4, 2));
    const std::vector<double> kl = terms.kl.values();
    m = mean_of(kl), low = *std::min_element(kl.begin(), kl.end());
    CHECK(terms.loss.item() == doctest::Approx(mean_of(terms.image.values()) +
                                               c.reward_scale * mean_of(terms.reward.values()) +
                                               std::max(m - c.free_nats, 0.0))
                                   .epsilon(1e-12));
    if (share == 0.5) CHECK((c.free_nats > low && c.free_nats < m));
  }
}
