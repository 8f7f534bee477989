// The model and its loss: what each distribution depends on, how terms are reduced, and all shapes.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"
#include "tests/rssm/support.hpp"

using namespace planet;

TEST_CASE("P1 features are summed and time and batch averaged") {
  // With all weights zero the model draws 0, predicts 0 and has equal prior and posterior: then an
  // error of e in each of N pixels costs N e^2 / 2, whatever B and L are. All numbers are exact.
  const ModelConfig c = miniature_model();
  WorldModel model(c, 1, Precision::f64);
  std::fill_n(model.params().values<double>(), model.params().size(), 0.0);
  const double N = 3.0 * c.image_size * c.image_size, e = 0.25, r = 0.5;
  for (const std::ptrdiff_t L : {1, 4})
    for (const std::ptrdiff_t B : {1, 2, 8}) {
      Tape tape(Precision::f64);
      Sequence x = random_sequence(tape, c, L, B);
      const std::vector<double> image(static_cast<std::size_t>(x.image.shape().size()), e);
      const std::vector<double> reward(static_cast<std::size_t>(L * B), r);
      x.image = tape.constant(image, x.image.shape());
      x.reward = tape.constant(reward, {L, B});
      const ElboTerms elbo = model.elbo(x);
      CHECK(elbo.image.shape() == Shape{L, B});
      for (const double term : elbo.image.value<double>()) CHECK(term == 0.5 * N * e * e);
      for (const double term : elbo.reward.value<double>()) CHECK(term == 0.5 * r * r);
      for (const double term : elbo.kl.value<double>()) CHECK(term == 0);
      CHECK(elbo.loss.item() == 0.5 * N * e * e + c.reward_scale * 0.5 * r * r);
    }
}

TEST_CASE("P2 free nats are taken from each step after the sum over dimensions") {
  Tape tape(Precision::f64);
  // Two steps with KLs of 1 and 7: max(1-3, 0) and max(7-3, 0), mean 2; and not max(4-3, 0).
  const std::vector<double> kl = {1, 7};
  CHECK(free_nats_per_step(tape.constant(kl, {2, 1}), 3).item() == 2);

  // In the loss: 3 dimensions of KL 1 each are 3 nats, of which 2 are free.
  ModelConfig c = miniature_model();
  c.free_nats = 2;
  c.kl_scale = 1.5;
  WorldModel model(c, 1, Precision::f64);
  std::fill_n(model.params().values<double>(), model.params().size(), 0.0);
  const double std = std::log(2.0) + c.min_std;  // of both, since softplus(0) = ln 2
  const Param& mean = *model.params().find("rssm/posterior/mean/bias");
  std::fill_n(mean.value<double>(), 3, std::sqrt(2.0) * std);  // KL = d^2 / (2 std^2) = 1 each
  const Sequence x = random_sequence(tape, c, 3, 2);
  const ElboTerms elbo = model.elbo(x);
  double image = 0, reward = 0;
  for (const double v : elbo.kl.value<double>()) CHECK(v == doctest::Approx(3).epsilon(1e-12));
  for (const double v : elbo.image.value<double>()) image += v / 6;
  for (const double v : elbo.reward.value<double>()) reward += v / 6;
  CHECK(elbo.loss.item() == doctest::Approx(image + 10 * reward + 1.5 * (3 - 2)).epsilon(1e-12));
}

TEST_CASE("P3 P4 the KL is of the posterior to the prior and summed over dimensions") {
  Tape tape(Precision::f64);
  const auto gaussian = [&](double mean, double std, std::ptrdiff_t D) {
    const std::vector<double> m(static_cast<std::size_t>(D), mean), s(m.size(), std);
    return Gaussian{tape.constant(m, {1, D}), tape.constant(s, {1, D})};
  };
  CHECK(gaussian_kl(gaussian(1, 0.5, 1), gaussian(0, 1, 1)).item() ==
        doctest::Approx(0.81815).epsilon(1e-5));
  CHECK(gaussian_kl(gaussian(0, 1, 1), gaussian(1, 0.5, 1)).item() ==
        doctest::Approx(2.80685).epsilon(1e-5));
  CHECK(gaussian_kl(gaussian(1, 0.5, 30), gaussian(0, 1, 30)).item() ==
        doctest::Approx(30 * 0.81814718).epsilon(1e-8));

  // The model's term is KL[q || p] of its own q and p, and not the reverse.
  const WorldModel model(miniature_model(), 3, Precision::f64);
  const ElboTerms elbo = model.elbo(random_sequence(tape, miniature_model(), 4, 2));
  CHECK(gaussian_kl(elbo.seen.q, elbo.seen.p).values() == elbo.kl.values());
  CHECK(distance(gaussian_kl(elbo.seen.p, elbo.seen.q).value<double>(), elbo.kl.value<double>()) >
        1e-3);
}

TEST_CASE("P5 the prior reads h") {
  const ModelConfig c = miniature_model();
  const WorldModel model(c, 1, Precision::f64);
  Tape tape(Precision::f64);
  const State prev = model.latent().initial(tape, 2);
  const Var a = tape.zeros({2, c.action_size});
  const Gaussian p = rssm_of(model).prior(rssm_of(model).transition(prev, a));
  const State other{changed(prev.h, 1, 0.5), prev.s};  // only h_{t-1}, only in row 1
  const Gaussian p2 = rssm_of(model).prior(rssm_of(model).transition(other, a));
  CHECK(distance(row(p.mean, 0), row(p2.mean, 0)) == 0);
  CHECK(distance(row(p.mean, 1), row(p2.mean, 1)) > 1e-3);
  CHECK(distance(row(p.std, 1), row(p2.std, 1)) > 1e-3);
}

TEST_CASE("P6 prior and posterior are made from the same h") {
  const ModelConfig c = miniature_model();
  const WorldModel model(c, 1, Precision::f64);
  Tape tape(Precision::f64);
  const Sequence x = random_sequence(tape, c, 5, 2);
  const ElboTerms elbo = model.elbo(x);
  // Step by step with the same noise: bit for bit the h, q and s of the whole window.
  const Var e = reshape(model.encode(x.image), {5, 2, c.embed_size});
  State state = model.latent().initial(tape, 2);
  for (std::ptrdiff_t t = 0; t < 5; ++t) {
    const Var h = rssm_of(model).transition(state, at(x.action, t));
    const Gaussian p = rssm_of(model).prior(h), q = rssm_of(model).posterior(h, at(e, t));
    CHECK(distance(h.value<double>(), row(elbo.seen.state.h, t)) == 0);
    CHECK(distance(p.mean.value<double>(), row(elbo.seen.p.mean, t)) == 0);
    CHECK(distance(p.std.value<double>(), row(elbo.seen.p.std, t)) == 0);
    CHECK(distance(q.mean.value<double>(), row(elbo.seen.q.mean, t)) == 0);
    CHECK(distance(q.std.value<double>(), row(elbo.seen.q.std, t)) == 0);
    state = rssm_of(model).observe(state, at(x.action, t), at(e, t), at(x.noise, t)).state;
    CHECK(distance(state.h.value<double>(), row(elbo.seen.state.h, t)) == 0);
    CHECK(distance(state.s.value<double>(), row(elbo.seen.state.s, t)) == 0);
  }
}

TEST_CASE("P7 an image reaches its reconstruction through the sample alone") {
  const ModelConfig c = miniature_model();
  const WorldModel model(c, 1, Precision::f64);
  Tape tape(Precision::f64);
  const Sequence x = random_sequence(tape, c, 4, 1);
  Sequence other = x;
  other.image = changed(x.image, 2, 0.3);  // o_2 alone
  const ElboTerms a = model.elbo(x), b = model.elbo(other);
  CHECK(distance(row(a.seen.state.s, 2), row(b.seen.state.s, 2)) > 1e-3);  // q(s_2) has seen it
  CHECK(distance(row(a.seen.state.h, 2), row(b.seen.state.h, 2)) == 0);    // h_2 has not
  CHECK(distance(row(a.seen.p.mean, 2), row(b.seen.p.mean, 2)) == 0);
  CHECK(distance(row(a.seen.state.h, 3), row(b.seen.state.h, 3)) > 1e-4);  // h_3 has, through s_2
  // The sample frozen: the same reconstruction and reward, bit for bit.
  const Var frozen = at(a.seen.state.s, 2);
  const auto read = [&](const ElboTerms& elbo) {
    return features(State{at(elbo.seen.state.h, 2), frozen});
  };
  CHECK(distance(model.decode(read(a)).value<double>(), model.decode(read(b)).value<double>()) ==
        0);
  CHECK(model.reward(read(a)).item() == model.reward(read(b)).item());
}

TEST_CASE("no step sees a later image action or reward") {
  const ModelConfig c = miniature_model();
  const WorldModel model(c, 1, Precision::f64);
  Tape tape(Precision::f64);
  const Sequence x = random_sequence(tape, c, 4, 1);
  Sequence other = x;
  other.image = changed(x.image, 3, 0.3);
  other.action = changed(x.action, 3, 0.3);
  other.reward = changed(x.reward, 3, 0.3);
  const ElboTerms a = model.elbo(x), b = model.elbo(other);
  for (std::ptrdiff_t t = 0; t < 4; ++t) {
    const bool same = t < 3;
    CHECK((a.kl.value<double>()[static_cast<std::size_t>(t)] ==
           b.kl.value<double>()[static_cast<std::size_t>(t)]) == same);
    CHECK((distance(row(a.seen.state.h, t), row(b.seen.state.h, t)) == 0) == same);
    CHECK((distance(row(a.seen.p.mean, t), row(b.seen.p.mean, t)) == 0) == same);
  }
}

TEST_CASE("P29 distinct sizes everywhere give the documented shapes") {
  const ModelConfig c = miniature_model();
  WorldModel model(c, 1);
  Tape tape(Precision::f32);
  const std::ptrdiff_t L = 4, B = 2, n = c.image_size, F = c.feature_size();
  const ElboTerms elbo = model.elbo(random_sequence(tape, c, L, B));
  CHECK(elbo.image.shape() == Shape{L, B});
  CHECK(elbo.reward.shape() == Shape{L, B});
  CHECK(elbo.kl.shape() == Shape{L, B});
  CHECK(elbo.loss.shape() == Shape{1});
  CHECK(elbo.seen.state.h.shape() == Shape{L, B, c.deter_size});
  CHECK(elbo.seen.state.s.shape() == Shape{L, B, c.stoch_size});
  CHECK(elbo.seen.q.mean.shape() == Shape{L, B, c.stoch_size});
  CHECK(elbo.seen.p.std.shape() == Shape{L, B, c.stoch_size});
  CHECK(features(elbo.seen.state).shape() == Shape{L, B, F});
  CHECK(elbo.predicted.image.shape() == Shape{L * B, n, n, 3});
  CHECK(elbo.predicted.reward.shape() == Shape{L, B});
  CHECK_NOTHROW(tape.backward(elbo.loss));
  CHECK(model.reward(features(elbo.seen.state)).shape() == Shape{L, B});
  CHECK(model.encode(elbo.predicted.image).shape() == Shape{L * B, c.embed_size});
  const State s = model.latent()
                      .imagine(model.latent().initial(tape, 9), tape.zeros({9, 2}),
                               tape.zeros({9, c.stoch_size}))
                      .state;
  CHECK(s.h.shape() == Shape{9, c.deter_size});
  CHECK(features(s).shape() == Shape{9, F});
}

TEST_CASE("P29 the paper preset maps 64 pixels to 1024 numbers and back") {
  const WorldModel model(model_preset("paper"), 1);
  Tape tape(Precision::f32, Mode::inference);
  const Var e = model.encode(tape.zeros({2, 64, 64, 3}));
  CHECK(e.shape() == Shape{2, 1024});
  CHECK(model.decode(tape.zeros({2, 230})).shape() == Shape{2, 64, 64, 3});
  for (const std::string& name : model_preset_names())
    for (const int n : {16, 32, 64}) {
      const ModelConfig c = model_preset(name, n);
      const WorldModel m(c, 1);
      const RewindScope rewind(tape);
      CHECK(m.encode(tape.zeros({1, n, n, 3})).shape() == Shape{1, c.embed_size});
      CHECK(m.decode(tape.zeros({1, c.feature_size()})).shape() == Shape{1, n, n, 3});
    }
}

TEST_CASE("P30 the std never falls below its bound and keeps a finite gradient") {
  const ModelConfig c = miniature_model();
  WorldModel model(c, 1);
  for (const float raw : {-1e4F, 0.0F, 1e4F}) {
    Tape tape(Precision::f32);
    std::fill_n(model.params().find("rssm/prior/std/bias")->value<float>(), c.stoch_size, raw);
    model.params().zero_grad();
    const Gaussian p = rssm_of(model).prior(tape.zeros({2, c.deter_size}));
    for (const float std : p.std.value<float>()) {
      CHECK(std >= 0.1F);
      CHECK(std::isfinite(std));
      if (raw < -1) CHECK(std == 0.1F);
    }
    tape.backward(sum(log(p.std)));
    for (std::ptrdiff_t i = 0; i < model.params().size(); ++i)
      REQUIRE(std::isfinite(model.params().grads<float>()[i]));
  }
}

TEST_CASE("P32 a loss fifty steps later still reaches the first h") {
  // The gates start open (their biases are 1), so the gradient of a reward at t = 50 with respect
  // to h_1 shrinks by about u = sigmoid(1) = 0.73 a step and not faster.
  const ModelConfig c = model_preset("tiny", 16);
  const WorldModel model(c, 1, Precision::f64);
  Tape tape(Precision::f64);
  const Sequence x = random_sequence(tape, c, 51, 1);
  const std::vector<double> zero(static_cast<std::size_t>(c.deter_size), 0.0);
  const Var h1 = tape.variable(zero, {1, c.deter_size});
  State state{h1, tape.zeros({1, c.stoch_size})};
  for (std::ptrdiff_t t = 1; t <= 50; ++t)
    state = model.latent().imagine(state, at(x.action, t), at(x.noise, t)).state;
  tape.backward(model.reward(features(state)));
  double norm = 0;
  for (const double g : tape.grad<double>(h1)) norm += g * g;
  norm = std::sqrt(norm);
  MESSAGE("gradient norm " << norm);
  CHECK(norm > 1e-8);
  CHECK(norm < 1e2);
}

TEST_CASE("a float and a double model of one seed agree") {
  const ModelConfig c = model_preset("tiny", 16);
  WorldModel f(c, 5);
  WorldModel d(c, 5, Precision::f64);
  Tape ft(Precision::f32);
  Tape dt(Precision::f64);
  const ElboTerms a = f.elbo(random_sequence(ft, c, 6, 3));
  const ElboTerms b = d.elbo(random_sequence(dt, c, 6, 3));
  CHECK(a.loss.item() == doctest::Approx(b.loss.item()).epsilon(1e-5));
  ft.backward(a.loss);
  dt.backward(b.loss);
  double largest = 0, worst = 0;
  for (std::ptrdiff_t i = 0; i < d.params().size(); ++i) {
    largest = std::max(largest, std::abs(d.params().grads<double>()[i]));
    worst = std::max(worst, std::abs(d.params().grads<double>()[i] -
                                     static_cast<double>(f.params().grads<float>()[i])));
  }
  CHECK(worst <= 1e-4 * largest);
}

TEST_CASE("a whole training step has the same bits at any thread count") {
  for (const std::string& name : latent_model_names()) {
    ModelConfig c = model_preset("tiny", 16);
    choose_latent_model(c, name);
    c.overshooting_distance = 3, c.continue_head = true;
    std::vector<float> first;
    for (const int threads : {1, 2, 3, 7}) {
      set_threads(threads);
      WorldModel model(c, 5);
      Tape tape(Precision::f32);
      const ElboTerms elbo = model.elbo(random_sequence(tape, c, 7, 5));
      tape.backward(elbo.loss);
      std::vector<float> bits(model.params().grads<float>(),
                              model.params().grads<float>() + model.params().size());
      bits.push_back(elbo.loss.value<float>()[0]);
      if (first.empty()) first = bits;
      CHECK(bits == first);
    }
  }
  set_threads(0);
}

TEST_CASE("a sequence that does not fit is refused with both shapes") {
  const ModelConfig c = miniature_model();
  const WorldModel model(c, 1, Precision::f64);
  Tape tape(Precision::f64);
  Sequence x = random_sequence(tape, c, 3, 2);
  Sequence wrong = x;
  wrong.noise = tape.zeros({3, 2, 4});
  CHECK_THROWS_WITH_AS(model.elbo(wrong),
                       "[elbo] noise is [3,2,4]; with this action it must be [3,2,3]", Error);
  wrong = x;
  wrong.image = tape.zeros({5, 8, 8, 3});
  CHECK_THROWS_WITH_AS(model.elbo(wrong),
                       "[elbo] image is [5,8,8,3]; with this action it must be [6,8,8,3]", Error);
  wrong.action = tape.zeros({3, 2, 1});
  CHECK_THROWS_WITH_AS(model.elbo(wrong), "[elbo] action is [3,2,1]; it must be [L,B,2]", Error);
}
