// The gradient of the whole loss, for every parameter of a miniature, against finite differences.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "autograd/gradcheck.hpp"
#include "tests/rssm/support.hpp"

namespace gradient_tests {

using namespace planet;

namespace {

constexpr std::ptrdiff_t L = 3, B = 2;

/// A loss whose two sides see the same function. What is behind a stop-gradient must be a constant
/// for finite differences, which see through it: q and p of the parameters as they were built. The
/// recorded side, whose gradient is checked, is the loss as it is trained.
class CheckedModel {
 public:
  explicit CheckedModel(const ModelConfig& c) : config_(c), model_(c, 1, Precision::f64) {
    // With biases of 0 a row in which every ReLU of a layer is dead would sit on the next one's
    // kink.
    Rng rng(1, Stream::test, 1);
    for (const Param& p : params().params())
      if (p.name.ends_with("/bias"))
        for (std::ptrdiff_t i = 0; i < p.shape.size(); ++i)
          p.value<double>()[i] += rng.uniform(-0.1, 0.1);
    Tape tape(Precision::f64, Mode::inference);
    const ElboTerms terms = model_.elbo(random_sequence(tape, c, L, B));
    q_mean_ = terms.seen.q.mean.values(), q_std_ = terms.seen.q.std.values();
    p_mean_ = terms.seen.p.mean.values(), p_std_ = terms.seen.p.std.values();
  }

  ParamStore& params() { return model_.params(); }
  ElboTerms elbo(Tape& tape) const {
    Sequence x = random_sequence(tape, config_, L, B);  // the same noise at every call
    const Shape latent{L, B, config_.stoch_size};
    if (tape.mode() == Mode::inference) {
      x.fixed_q = {tape.constant(q_mean_, latent), tape.constant(q_std_, latent)};
      x.fixed_p = {tape.constant(p_mean_, latent), tape.constant(p_std_, latent)};
    }
    return model_.elbo(x);
  }
  /// Every parameter, or those that are named.
  void check(GradcheckOptions options = {}) {
    const OneThread one;
    const auto reports =
        gradcheck([this](Tape& tape) { return elbo(tape).loss; }, params(), options);
    CHECK(reports.size() ==
          (options.only.empty() ? params().params().size() : options.only.size()));
    for (const GradReport& r : reports) CHECK_MESSAGE(r.ok, r.name, ": ", r.failure);
  }

 private:
  ModelConfig config_;
  WorldModel model_;
  std::vector<double> q_mean_, q_std_, p_mean_, p_std_;
};

/// The smallest and the largest KL of the window: where the free nats lie between them.
struct Range {
  double low, high;
};
Range kl_range(const ModelConfig& c) {
  Tape tape(Precision::f64, Mode::inference);
  const auto kl = CheckedModel(c).elbo(tape).kl.values();
  return {*std::min_element(kl.begin(), kl.end()), *std::max_element(kl.begin(), kl.end())};
}

void check(const ModelConfig& c, const std::vector<std::string>& only = {}) {
  GradcheckOptions options;
  options.only = only;
  CheckedModel(c).check(options);
}

bool is_prior(const std::string& name) { return name.starts_with("rssm/prior/"); }

}  // namespace

TEST_CASE("every parameter of a miniature passes with all free nats spent") {
  ModelConfig c = miniature_model();
  c.free_nats = 0;
  CHECK(kl_range(c).low > 1e-3);
  check(c);
}

TEST_CASE(
    "every parameter of a miniature passes with free nats between the smallest and largest KL") {
  ModelConfig c = miniature_model();
  const Range r = kl_range(c);
  c.free_nats = (r.low + r.high) / 2;
  c.kl_scale = 0.7;
  check(c);
}

TEST_CASE("with more free nats than KL the prior gets no gradient and the rest passes") {
  ModelConfig c = miniature_model();
  c.free_nats = 100;
  CheckedModel model(c);
  Tape tape(Precision::f64);
  tape.backward(model.elbo(tape).loss);
  std::vector<std::string> others;
  for (const Param& p : model.params().params()) {
    if (!is_prior(p.name)) others.push_back(p.name);
    else
      for (std::ptrdiff_t i = 0; i < p.shape.size(); ++i) CHECK(p.grad<double>()[i] == 0);
  }
  check(c, others);
}

TEST_CASE("a deeper miniature with two convolutions passes on a sample of elements") {
  ModelConfig c = model_preset("tiny", 16);
  c.reward_layers = 0;
  GradcheckOptions options;
  options.elements = 6;
  CheckedModel(c).check(options);
}

TEST_CASE("every parameter of an SSM and of an RNN passes") {
  for (const char* name : {"ssm", "rnn"}) {
    INFO(name);
    ModelConfig c = miniature_of(name);
    check(c);
    c.free_nats = 0;
    c.kl_balance = name == std::string("rnn") ? 0 : 0.8;  // also without the RNN's stop-gradient
    check(c);
  }
}

TEST_CASE("every parameter of a miniature passes with a balanced KL") {
  ModelConfig c = miniature_model();
  for (const double alpha : {0.3, 0.8}) {
    c.kl_balance = alpha;
    check(c);
  }
}

TEST_CASE("every parameter of every latent model passes with overshooting") {
  for (const std::string& name : latent_model_names()) {
    INFO(name);
    ModelConfig c = miniature_of(name);
    c.overshooting_distance = 3, c.overshooting_scale = 0.7, c.overshooting_reward_scale = 0.5;
    check(c);
  }
}

TEST_CASE("every parameter of a miniature passes with all further terms at once") {
  ModelConfig c = miniature_model();
  c.overshooting_distance = 2, c.kl_balance = 0.8, c.global_kl_scale = 0.3;
  c.free_nats_after_mean = true, c.continue_head = true, c.continue_scale = 0.7;
  check(c);
}

}  // namespace gradient_tests
