// The gradient of the whole loss, for every parameter of a miniature, against finite differences.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "autograd/gradcheck.hpp"
#include "tests/rssm/support.hpp"

using namespace planet;

namespace {

/// The smallest and the largest KL of the window: where the free nats lie between them.
struct Range {
  double low, high;
};

Range kl_range(const ModelConfig& c) {
  Tape<double> tape(Mode::inference);
  const WorldModel<double> model(c, 1);
  const auto kl = model.elbo(random_sequence(tape, c, 3, 2)).kl.value();
  return {*std::min_element(kl.begin(), kl.end()), *std::max_element(kl.begin(), kl.end())};
}

void check(const ModelConfig& c, const std::vector<std::string>& only = {}) {
  const OneThread one;
  WorldModel<double> model(c, 1);
  const LossFunction loss = [&](Tape<double>& tape) {
    return model.elbo(random_sequence(tape, c, 3, 2)).loss;  // the same noise at every call
  };
  GradcheckOptions options;
  options.only = only;
  const std::vector<GradReport> reports = gradcheck(loss, model.params(), options);
  CHECK(reports.size() == (only.empty() ? model.params().params().size() : only.size()));
  for (const GradReport& r : reports) CHECK_MESSAGE(r.ok, r.name, ": ", r.failure);
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

TEST_CASE("with more free nats than KL nothing reaches the prior and the rest passes") {
  ModelConfig c = miniature_model();
  c.free_nats = 100;
  WorldModel<double> model(c, 1);
  Tape<double> tape;
  tape.backward(model.elbo(random_sequence(tape, c, 3, 2)).loss);
  std::vector<std::string> others;
  for (const Param<double>& p : model.params().params()) {
    if (!is_prior(p.name)) others.push_back(p.name);
    else
      for (std::ptrdiff_t i = 0; i < p.shape.size(); ++i) CHECK(p.grad()[i] == 0);
  }
  check(c, others);
}

TEST_CASE("a deeper miniature with two convolutions passes on a sample of elements") {
  ModelConfig c = model_preset("tiny", 16);
  c.reward_layers = 0;
  const OneThread one;
  WorldModel<double> model(c, 2);
  const LossFunction loss = [&](Tape<double>& tape) {
    return model.elbo(random_sequence(tape, c, 3, 2)).loss;
  };
  GradcheckOptions options;
  options.elements = 6;
  for (const GradReport& r : gradcheck(loss, model.params(), options))
    CHECK_MESSAGE(r.ok, r.name, ": ", r.failure);
}
