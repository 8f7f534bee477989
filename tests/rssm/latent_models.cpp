// RNN and SSM: what each distribution depends on, which terms train it, and that all three models
// have the same size. For the RSSM see model.cpp.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "autograd/base/error.hpp"
#include "rssm/make_latent_model.hpp"
#include "rssm/ssm.hpp"
#include "tests/rssm/support.hpp"

using namespace planet;

namespace {

const Ssm& ssm_of(const WorldModel& model) { return dynamic_cast<const Ssm&>(model.latent()); }
std::int64_t parameters_below(const ParamStore& store, const std::string& prefix) {
  std::int64_t n = 0;
  for (const Param& p : store.params())
    if (p.name.starts_with(prefix)) n += p.shape.size();
  return n;
}

/// Names of the parameters whose gradient is zero in every element.
std::vector<std::string> untouched(const ParamStore& params) {
  std::vector<std::string> names;
  for (const Param& p : params.params())
    if (std::all_of(p.grad<double>(), p.grad<double>() + p.shape.size(),
                    [](double g) { return g == 0; }))
      names.push_back(p.name);
  return names;
}

}  // namespace

// ---- sizes

TEST_CASE("latent models have as many parameters as each other within 5 percent") {
  std::vector<ModelConfig> sizes = {miniature_model()};
  for (const std::string& preset : model_preset_names())
    for (const int pixels : {16, 32, 64})
      for (const int actions : {1, 6}) {
        sizes.push_back(model_preset(preset, pixels));
        sizes.back().action_size = actions;
      }
  for (const ModelConfig& rssm : sizes) {
    const std::int64_t wanted = latent_parameters(rssm, rssm.hidden_size);
    for (const std::string& name : latent_model_names()) {
      ModelConfig c = rssm;
      choose_latent_model(c, name);
      INFO(name, ", image ", c.image_size, ", D_h ", c.deter_size, ", A ", c.action_size);
      ParamStore params(Precision::f32);
      Rng rng(1, Stream::init);
      make_latent_model(params, rng, c);
      const std::int64_t there = parameters_below(params, name + "/");
      CHECK(there == latent_parameters(c, latent_hidden_size(c)));
      CHECK(std::abs(static_cast<double>(there - wanted)) <= 0.05 * static_cast<double>(wanted));
      if (name == "rssm") CHECK(latent_hidden_size(c) == c.hidden_size);
    }
  }
  ModelConfig paper = model_preset("paper");
  choose_latent_model(paper, "ssm");
  CHECK(latent_hidden_size(paper) == 450);
  choose_latent_model(paper, "rnn");
  CHECK(latent_hidden_size(paper) == 208);
}

TEST_CASE("a latent model is chosen by its name") {
  for (const std::string& name : latent_model_names()) {
    const ModelConfig c = miniature_of(name);
    const WorldModel model(c, 1, Precision::f64);
    const ptrdiff_t D_h = name == "ssm" ? 0 : 7;
    CHECK(model.latent().deter_size() == D_h);
    CHECK(model.latent().feature_size() == D_h + 3);
    CHECK(c.feature_size() == D_h + 3);
    CHECK(model.params().find(name + "/prior/hidden/weight") != nullptr);
    CHECK(c.kl_balance == (name == "rnn" ? 1 : 0));
  }
  ModelConfig c;
  CHECK_THROWS_WITH_AS(choose_latent_model(c, "rsm"),
                       "there is no model 'rsm' (did you mean 'rssm'?); there are rssm, ssm, rnn",
                       Error);
  ModelConfig rnn = miniature_of("rnn");
  rnn.min_std = 0.2;
  CHECK_THROWS_WITH_AS(
      rnn.check(), "min_std is 0.2, but an rnn has no standard deviations; it would have no effect",
      Error);
  c.latent_model = "gru";
  CHECK_THROWS_WITH_AS(c.check(), "there is no model 'gru'; there are rssm, ssm, rnn", Error);
  CHECK_THROWS_AS(WorldModel(c, 1), Error);
  c.latent_model = "rssm", c.kl_balance = 1.1;
  CHECK_THROWS_WITH_AS(
      c.check(), "kl_balance is 1.1; it is the prior's share, at most 1, and 0 is off", Error);
}

// ---- the interface that every model implements

TEST_CASE("P6 a window is its steps one by one for every latent model") {
  for (const std::string& name : latent_model_names()) {
    INFO(name);
    const ModelConfig c = miniature_of(name);
    const WorldModel model(c, 1, Precision::f64);
    Tape tape(Precision::f64);
    const Sequence x = random_sequence(tape, c, 5, 2);
    const ElboTerms elbo = model.elbo(x);
    const Var e = reshape(model.encode(x.image), {5, 2, c.embed_size});
    State state = model.latent().initial(tape, 2);
    for (std::ptrdiff_t t = 0; t < 5; ++t) {
      // The prior of step t is what is imagined from the posterior state before it.
      const PriorStep seen_blind = model.latent().imagine(state, at(x.action, t), at(x.noise, t));
      CHECK(distance(seen_blind.p.mean.value<double>(), row(elbo.seen.p.mean, t)) == 0);
      CHECK(distance(seen_blind.p.std.value<double>(), row(elbo.seen.p.std, t)) == 0);
      state = model.latent().observe(state, at(x.action, t), at(e, t), at(x.noise, t)).state;
      CHECK(distance(state.s.value<double>(), row(elbo.seen.state.s, t)) == 0);
      if (name == "ssm") continue;
      CHECK(distance(state.h.value<double>(), row(elbo.seen.state.h, t)) == 0);
      CHECK(distance(seen_blind.state.h.value<double>(), row(elbo.seen.state.h, t)) == 0);
    }
  }
}

TEST_CASE("P7 an image reaches its reconstruction through s alone for every latent model") {
  for (const std::string& name : latent_model_names()) {
    INFO(name);
    const ModelConfig c = miniature_of(name);
    const WorldModel model(c, 1, Precision::f64);
    Tape tape(Precision::f64);
    const Sequence x = random_sequence(tape, c, 4, 1);
    Sequence other = x;
    other.image = changed(x.image, 2, 0.3);  // o_2 alone
    const ElboTerms a = model.elbo(x), b = model.elbo(other);
    CHECK(distance(row(a.seen.state.s, 2), row(b.seen.state.s, 2)) > 1e-3);  // s_2 has seen it
    CHECK(distance(row(a.seen.p.mean, 2), row(b.seen.p.mean, 2)) == 0);      // no prior saw it
    CHECK(distance(row(a.seen.p.mean, 3), row(b.seen.p.mean, 3)) > 1e-5);    // the next one does
    for (std::ptrdiff_t t = 0; t < 2; ++t)
      CHECK(distance(row(a.seen.state.s, t), row(b.seen.state.s, t)) == 0);
    if (name != "ssm") CHECK(distance(row(a.seen.state.h, 2), row(b.seen.state.h, 2)) == 0);
    // s_2 frozen: the same reconstruction and reward, bit for bit.
    const Var frozen = at(a.seen.state.s, 2);
    const auto read = [&](const ElboTerms& elbo) {
      State state = map_state(elbo.seen.state, [](Var v) { return at(v, 2); });
      state.s = frozen;
      return features(state);
    };
    CHECK(distance(model.decode(read(a)).value<double>(), model.decode(read(b)).value<double>()) ==
          0);
    CHECK(model.reward(read(a)).item() == model.reward(read(b)).item());
  }
}

TEST_CASE("no step of any latent model sees a later image action or reward") {
  for (const std::string& name : latent_model_names()) {
    INFO(name);
    const ModelConfig c = miniature_of(name);
    const WorldModel model(c, 1, Precision::f64);
    Tape tape(Precision::f64);
    const Sequence x = random_sequence(tape, c, 4, 1);
    Sequence other = x;
    other.image = changed(x.image, 3, 0.3);
    other.action = changed(x.action, 3, 0.3);
    other.reward = changed(x.reward, 3, 0.3);
    const ElboTerms a = model.elbo(x), b = model.elbo(other);
    for (std::ptrdiff_t t = 0; t < 4; ++t) {
      CHECK((distance(row(a.seen.state.s, t), row(b.seen.state.s, t)) == 0) == (t < 3));
      CHECK((distance(row(a.seen.p.mean, t), row(b.seen.p.mean, t)) == 0) == (t < 3));
    }
  }
}

// ---- the SSM

TEST_CASE("P5 the prior of an SSM reads the sample and the action and nothing else") {
  const ModelConfig c = miniature_of("ssm");
  const WorldModel model(c, 1, Precision::f64);
  Tape tape(Precision::f64);
  const Sequence x = random_sequence(tape, c, 2, 2);
  const State prev{{}, at(x.noise, 0)};
  const Var a = at(x.action, 0);
  const Gaussian p = ssm_of(model).prior(prev.s, a);
  const Gaussian by_s = ssm_of(model).prior(changed(prev.s, 1, 0.5), a),
                 by_a = ssm_of(model).prior(prev.s, changed(a, 1, 0.5));
  for (const Gaussian& other : {by_s, by_a}) {
    CHECK(distance(row(p.mean, 0), row(other.mean, 0)) == 0);
    CHECK(distance(row(p.mean, 1), row(other.mean, 1)) > 1e-3);
    CHECK(distance(row(p.std, 1), row(other.std, 1)) > 1e-3);
  }
  const PriorStep next = model.latent().imagine(prev, a, at(x.noise, 1));
  CHECK(next.state.h.empty());
  CHECK(distance(next.state.s.value<double>(), sample(p, at(x.noise, 1)).value<double>()) == 0);
}

TEST_CASE("the posterior of an SSM reads the prior's mean and std") {
  const ModelConfig c = miniature_of("ssm");
  const WorldModel model(c, 1, Precision::f64);
  Tape tape(Precision::f64);
  const Sequence x = random_sequence(tape, c, 2, 2);
  const Var e = slice_first(model.encode(x.image), 0, 2);
  const Gaussian p = ssm_of(model).prior(at(x.noise, 0), at(x.action, 0));
  const Gaussian q = ssm_of(model).posterior(p, e);
  const Gaussian by_mean = ssm_of(model).posterior({changed(p.mean, 1, 0.5), p.std}, e),
                 by_std = ssm_of(model).posterior({p.mean, changed(p.std, 1, 0.5)}, e),
                 by_e = ssm_of(model).posterior(p, changed(e, 1, 0.5));
  for (const Gaussian& other : {by_mean, by_std, by_e}) {
    CHECK(distance(row(q.mean, 0), row(other.mean, 0)) == 0);
    CHECK(distance(row(q.mean, 1), row(other.mean, 1)) > 1e-3);
  }
}

// ---- the RNN

TEST_CASE("an RNN draws nothing and imagines one future") {
  const ModelConfig c = miniature_of("rnn");
  const WorldModel model(c, 1, Precision::f64);
  Tape tape(Precision::f64);
  const Sequence x = random_sequence(tape, c, 3, 2);
  Sequence other = x;
  other.noise = changed(x.noise, 1, 1);
  CHECK(model.elbo(x).loss.item() == model.elbo(other).loss.item());
  const State zero = model.latent().initial(tape, 2);
  const PriorStep a = model.latent().imagine(zero, at(x.action, 0), at(x.noise, 0)),
                  b = model.latent().imagine(zero, at(x.action, 0), at(x.noise, 1));
  CHECK(distance(a.state.s.value<double>(), b.state.s.value<double>()) == 0);
  CHECK(distance(a.state.s.value<double>(), a.p.mean.value<double>()) == 0);
}

TEST_CASE("the divergence of an RNN is half the squared distance of code and prediction") {
  const ModelConfig c = miniature_of("rnn");
  CHECK(c.free_nats == 0);
  const WorldModel model(c, 1, Precision::f64);
  Tape tape(Precision::f64);
  const ElboTerms elbo = model.elbo(random_sequence(tape, c, 4, 2));
  const Var expected = half_squared_error(elbo.seen.p.mean, elbo.seen.q.mean, 2);
  for (std::size_t i = 0; i < 8; ++i)
    CHECK(elbo.kl.value<double>()[i] ==
          doctest::Approx(expected.value<double>()[i]).epsilon(1e-12));
  CHECK(elbo.seen.q.mean.values() == elbo.seen.state.s.values());
}

TEST_CASE("every weight of an RNN that open loop passes through is trained to predict") {
  const ModelConfig c = miniature_of("rnn");
  WorldModel model(c, 1, Precision::f64);
  Tape tape(Precision::f64);
  const ElboTerms elbo = model.elbo(random_sequence(tape, c, 4, 2));
  tape.backward(elbo.loss);
  CHECK(untouched(model.params()).empty());

  // The divergence by itself: it reaches the prediction and, through h, all that leads to it, and
  // leaves the code alone where it is the target.
  model.params().zero_grad();
  tape.reset();
  const ElboTerms one_row = model.elbo(random_sequence(tape, c, 1, 2));
  tape.backward(mean(one_row.kl));
  const std::vector<std::string> names = untouched(model.params());
  for (const std::string& name : names) {
    INFO(name);
    CHECK((name.find("/posterior/") != std::string::npos || !name.starts_with("rnn/")));
  }
  for (const char* code : {"rnn/posterior/hidden/weight", "rnn/posterior/mean/bias"})
    CHECK(std::find(names.begin(), names.end(), code) != names.end());

  // Open loop from zero reads the prior and what leads to it, no code, no encoder; so every weight
  // that it reads is one that some term of the loss has reached above.
  model.params().zero_grad();
  tape.reset();
  State state = model.latent().initial(tape, 2);
  const Sequence x = random_sequence(tape, c, 4, 2);
  for (std::ptrdiff_t t = 0; t < 4; ++t)
    state = model.latent().imagine(state, at(x.action, t), at(x.noise, t)).state;
  tape.backward(sum(model.decode(features(state))) + sum(model.reward(features(state))));
  for (const std::string& name : untouched(model.params()))
    CHECK((name.starts_with("encoder/") || name.starts_with("rnn/posterior/")));
  CHECK(untouched(model.params()).size() == 6);
}

// ---- KL balancing

TEST_CASE("a balanced KL has the value of the plain one and its gradients in two shares") {
  for (const std::string& name : latent_model_names()) {
    INFO(name);
    ModelConfig c = miniature_of(name);
    c.free_nats = 0;
    // Of the KL of one row, whose prior cannot depend on the posterior nor, in an RSSM, the
    // posterior's heads on the prior.
    const auto gradient = [&](double alpha, std::vector<double>& kl) {
      c.kl_balance = alpha;
      WorldModel model(c, 1, Precision::f64);
      Tape tape(Precision::f64);
      const ElboTerms elbo = model.elbo(random_sequence(tape, c, 1, 2));
      kl = elbo.kl.values();
      tape.backward(mean(elbo.kl));
      std::vector<double> heads;
      for (const char* head : {"/prior/mean/bias", "/posterior/mean/bias"}) {
        const Param& p = *model.params().find(name + head);
        heads.insert(heads.end(), p.grad<double>(), p.grad<double>() + p.shape.size());
      }
      return heads;
    };
    std::vector<double> kl, kl_0;
    const std::vector<double> plain = gradient(0, kl_0);
    for (const double alpha : {0.25, 0.8, 1.0}) {
      const std::vector<double> balanced = gradient(alpha, kl);
      CHECK(distance(kl, kl_0) <= 1e-14);
      for (std::size_t i = 0; i < 3; ++i) {
        if (name != "ssm")  // whose posterior reads the prior: a second way to it
          CHECK(balanced[i] == doctest::Approx(alpha * plain[i]).epsilon(1e-12));
        CHECK(balanced[3 + i] == doctest::Approx((1 - alpha) * plain[3 + i]).epsilon(1e-12));
      }
    }
  }
}
