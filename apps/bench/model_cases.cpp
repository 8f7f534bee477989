#include "apps/bench/model_cases.hpp"

#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"
#include "autograd/kernels/random.hpp"
#include "planner/make_planner.hpp"

namespace planet::bench {
namespace {

double dense(double in, double out) { return 2 * in * out; }

// Forward operations of the convolutions of one image, and those of the first layer alone.
struct ConvFlops {
  double all = 0, first = 0;
};
ConvFlops encoder_flops(const ModelConfig& c) {
  ConvFlops f;
  double size = c.image_size, channels = 3;
  for (const ConvLayer& l : c.encoder) {
    size = static_cast<double>((static_cast<int>(size) - l.kernel) / 2 + 1);
    const double flops = 2 * size * size * l.channels * l.kernel * l.kernel * channels;
    if (f.all == 0) f.first = flops;
    f.all += flops;
    channels = l.channels;
  }
  return f;
}
double decoder_flops(const ModelConfig& c) {
  double flops = dense(c.stoch_size + c.deter_size, c.embed_size), size = 1,
         channels = c.embed_size;
  for (const ConvLayer& l : c.decoder) {
    flops += 2 * size * size * channels * l.kernel * l.kernel * l.channels;
    size = (size - 1) * 2 + l.kernel;
    channels = l.channels;
  }
  return flops;
}
double reward_flops(const ModelConfig& c) {
  double flops = 0, in = c.stoch_size + c.deter_size;
  for (int i = 0; i < c.reward_layers; ++i, in = c.reward_units) flops += dense(in, c.reward_units);
  return flops + dense(in, 1);
}
double prior_flops(const ModelConfig& c) {  // transition and prior of one row
  const double h = c.deter_size;
  return dense(c.stoch_size + c.action_size, h) + dense(2 * h, 3 * h) + dense(h, c.hidden_size) +
         dense(c.hidden_size, 2 * c.stoch_size);
}
double posterior_flops(const ModelConfig& c) {
  return dense(c.deter_size + c.embed_size, c.hidden_size) + dense(c.hidden_size, 2 * c.stoch_size);
}

}  // namespace

ModelSize model_size(const std::string& name) {
  const std::vector<std::string> names = model_size_names();
  require(std::find(names.begin(), names.end(), name) != names.end(), "--size is '", name,
          "'; it is one of ", join(names), did_you_mean(name, names));
  if (name == "tiny32") return {name, model_preset("tiny"), 16, 25};
  if (name == "small32") return {name, model_preset("small"), 32, 32};
  ModelSize size{name, model_preset("paper"), 50, 50};
  if (name == "planet64") size.model.reward_layers = 2, size.model.reward_units = 200;
  return size;
}

std::vector<std::string> model_size_names() { return {"tiny32", "small32", "planet64", "paper"}; }

double step_flops(const ModelSize& size) {
  const ModelConfig& c = size.model;
  const ConvFlops encoder = encoder_flops(c);
  const double forward =
      encoder.all + decoder_flops(c) + reward_flops(c) + prior_flops(c) + posterior_flops(c);
  return static_cast<double>(size.B * size.L) * (3 * forward - encoder.first);
}

double plan_flops(const ModelSize& size, const PlannerConfig& planner) {
  const double steps = static_cast<double>(planner.rollouts()) * planner.horizon;
  return steps * (prior_flops(size.model) + reward_flops(size.model));
}

double parameter_count(const ModelSize& size) {
  return static_cast<double>(WorldModel(size.model, 0).params().size());
}

PlannerConfig bench_planner() {
  return {.horizon = 12, .iterations = 10, .candidates = 1000, .elites = 100};
}

ModelRun::ModelRun(const ModelSize& size, const PlannerConfig& cem, Precision precision)
    : size_(size),
      model_(size.model, 0, precision),
      trainer_(model_, {}),
      inference_(precision, Mode::inference),
      noise_stream_(0, Stream::test),
      dynamics_(model_),
      planner_(make_planner(cem)),
      plan_stream_(0, Stream::planner) {
  const ModelConfig& c = size.model;
  const std::ptrdiff_t rows = size.L * size.B;
  const auto fill = [&](auto& x, std::ptrdiff_t n, float low, float high) {
    x.resize(static_cast<std::size_t>(n));
    kernels::fill_uniform(noise_stream_, x.data(), n, low, high);
  };
  fill(image_, rows * c.image_size * c.image_size * 3, -0.5f, 0.5f);
  fill(action_, rows * c.action_size, -1, 1);
  fill(reward_, rows, 0, 1);
  fill(embedding_, size.B * c.embed_size, 0, 1);
  noise_.resize(static_cast<std::size_t>(rows * c.stoch_size));
  h_.assign(static_cast<std::size_t>(c.deter_size), 0);
  s_.assign(static_cast<std::size_t>(c.stoch_size), 0);
}

void ModelRun::step() {
  const ModelConfig& c = size_.model;
  const std::ptrdiff_t L = size_.L, B = size_.B, n = c.image_size;
  kernels::fill_normal(noise_stream_, noise_.data(), static_cast<std::ptrdiff_t>(noise_.size()));
  Tape& tape = trainer_.tape();
  tape.reset();
  const ElboTerms elbo = [&] {
    const FixedParams fixed(model_.params());
    return model_.elbo({tape.borrow(image_.data(), {L * B, n, n, 3}),
                        tape.borrow(action_.data(), {L, B, c.action_size}),
                        tape.borrow(reward_.data(), {L, B}),
                        tape.borrow(noise_.data(), {L, B, c.stoch_size})});
  }();
  trainer_.step(elbo.loss);
  loss_ = elbo.loss.item();
}

void ModelRun::plan() {
  dynamics_.start(h_, s_);
  planner_->plan(dynamics_, plan_stream_);
}

void ModelRun::rssm_step() {
  const ModelConfig& c = size_.model;
  inference_.reset();
  const LatentModel& latent = model_.latent();
  latent.observe(latent.initial(inference_, size_.B),
                 inference_.borrow(action_.data(), {size_.B, c.action_size}),
                 inference_.borrow(embedding_.data(), {size_.B, c.embed_size}),
                 inference_.borrow(noise_.data(), {size_.B, c.stoch_size}));
}

std::vector<Result> model_cases(const std::vector<std::string>& names, double seconds,
                                Precision precision) {
  std::vector<Result> out;
  for (const std::string& name : names) {
    const ModelSize size = model_size(name);
    ModelRun run(size, bench_planner(), precision);
    const double rssm =
        static_cast<double>(size.B) *
        (prior_flops(size.model) - dense(size.model.deter_size, size.model.hidden_size) -
         dense(size.model.hidden_size, 2 * size.model.stoch_size) + posterior_flops(size.model));
    out.push_back({"model", name + "  training step", measure([&] { run.step(); }, seconds),
                   step_flops(size)});
    out.push_back({"model", name + "  plan 12 x 10 x 1000", measure([&] { run.plan(); }, seconds),
                   plan_flops(size, bench_planner())});
    out.push_back({"model", name + "  RSSM step of " + std::to_string(size.B) + " rows",
                   measure([&] { run.rssm_step(); }, seconds), rssm});
  }
  return out;
}

}  // namespace planet::bench
