#include "apps/common/report/model_case.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/base/error.hpp"
#include "nn/files/safetensors.hpp"

namespace planet {

// ---- flags

namespace {

// The model's fields that are flags of a case; --model itself chooses the latent model.
bool is_flag(std::string_view field) { return field != "latent_model"; }

}  // namespace

void CaseFlags::add(CommandLine& cli) {
  const std::string group = "With --model";
  const auto option = [&](const std::string& key, const std::string& help) {
    cli.option(flag_name(key), values_[key], help, group);
  };
  option("preset", "sizes of the model: tiny, small or paper (default: a miniature)");
  option("seed", "seed of the weights, images, actions, rewards and noise");
  option("batch_size", "B, windows per batch (default 2)");
  option("batch_length", "L, rows per window (default 3)");
  const ModelConfig any;
  for_each_model_field(any, [&](auto, std::string_view field, auto help, const auto&) {
    if (is_flag(field)) option(std::string(field), help);
  });
  option("elements", "elements compared per parameter, drawn at random; 0: all");
}

std::string CaseFlags::given() const {
  for (const auto& [key, value] : values_)
    if (!value.empty()) return flag_name(key);
  return "";
}

CaseOptions CaseFlags::options(const std::string& latent_model) const {
  const auto set = [&](std::string_view key, auto& value) {
    const auto found = values_.find(std::string(key));
    if (found != values_.end() && !found->second.empty())
      read_option(flag_name(found->first), found->second, value);
  };
  CaseOptions out;
  std::string preset;
  int image_size = 0;
  set("preset", preset);
  set("image_size", image_size);
  if (preset.empty()) {
    if (image_size != 0 && values_.at("encoder").empty()) out.model = miniature_model(image_size);
  } else {
    out.model = model_preset(preset, image_size);  // and not its batch: 3 x 2 is enough
    out.elements = 8;
  }
  choose_latent_model(out.model, latent_model);
  for_each_model_field(out.model, [&](auto, std::string_view field, auto, auto& value) {
    if (is_flag(field)) set(field, value);
  });
  set("seed", out.seed);
  set("batch_size", out.B);
  set("batch_length", out.L);
  set("elements", out.elements);
  require(out.elements >= 0, "--elements is ", out.elements, "; it must be at least 0");
  require(out.B >= 1 && out.L >= 1, "--batch-size is ", out.B, " and --batch-length is ", out.L,
          "; both must be at least 1");
  require(out.model.overshooting_distance <= out.L, "--overshooting-distance is ",
          out.model.overshooting_distance, " and --batch-length is ", out.L,
          "; a window holds no target further than its length from a start");
  out.model.check();
  return out;
}

// ---- the case

namespace {

// One episode of L rows per window; every other one is ended by the task. Numbers are drawn
// time-major: first all pixels, then all actions, then all rewards.
std::vector<Episode> random_episodes(const CaseOptions& o, Rng& rng) {
  std::vector<Episode> episodes(static_cast<std::size_t>(o.B));
  const auto fill = [&](auto Episode::*array, std::ptrdiff_t row_size, auto draw) {
    for (std::ptrdiff_t t = 0; t < o.L; ++t)
      for (Episode& e : episodes)
        for (std::ptrdiff_t i = 0; i < row_size; ++i) (e.*array).push_back(draw());
  };
  const std::ptrdiff_t n = o.model.image_size, A = o.model.action_size;
  fill(&Episode::image, n * n * 3, [&] { return static_cast<std::uint8_t>(rng.below(256)); });
  fill(&Episode::action, A, [&] { return static_cast<float>(rng.uniform(-1, 1)); });
  fill(&Episode::reward, 1, [&] { return static_cast<float>(rng.uniform(0, 1)); });
  for (std::ptrdiff_t b = 0; b < o.B; ++b) {
    Episode& e = episodes[static_cast<std::size_t>(b)];
    e.image_size = n, e.action_size = A;
    e.terminated = ((o.L - 1) * o.B + b) % 2 == 0;
  }
  return episodes;
}

}  // namespace

ModelCase::ModelCase(const CaseOptions& options)
    : options_(options), model_(options.model, options.seed, Precision::f64) {
  const ModelConfig& c = options.model;
  Rng rng(options.seed, Stream::check);
  const std::vector<Episode> episodes = random_episodes(options, rng);
  // With zero biases, a row in which every ReLU of a layer is dead would be at the next one's kink.
  for (const Param& p : model_.params().params())
    if (p.name.ends_with("/bias"))
      for (std::ptrdiff_t i = 0; i < p.shape.size(); ++i)
        p.value<double>()[i] += rng.uniform(-0.1, 0.1);

  Tape tape(Precision::f64, Mode::inference);
  Rng dequantise(options.seed, Stream::dequantise), posterior(options.seed, Stream::posterior),
      overshoot(options.seed, Stream::overshoot);
  std::vector<Window> windows;
  for (const Episode& e : episodes) windows.push_back({&e, 0, options.L});
  for (std::ptrdiff_t t = 0; t < options.L; ++t)
    for (const Episode& e : episodes) {
      const auto frame = e.image.begin() + t * static_cast<std::ptrdiff_t>(e.frame_bytes());
      pixels_.insert(pixels_.end(), frame, frame + static_cast<std::ptrdiff_t>(e.frame_bytes()));
    }
  const Sequence x = make_sequence(tape, windows, c, dequantise, posterior, &overshoot);
  const auto keep = [](Var v, std::vector<double>& out) {
    out.assign(v.value<double>().begin(), v.value<double>().end());
  };
  keep(x.image, image_), keep(x.action, action_), keep(x.reward, reward_), keep(x.noise, noise_);
  if (!x.continues.empty()) keep(x.continues, continues_);
  if (!x.overshoot_noise.empty()) keep(x.overshoot_noise, overshoot_noise_);
  const ElboTerms terms = model_.elbo(x);
  keep(terms.seen.q.mean, q_mean_), keep(terms.seen.q.std, q_std_);
  keep(terms.seen.p.mean, p_mean_), keep(terms.seen.p.std, p_std_);
}

Shape ModelCase::image_shape() const {
  const int n = options_.model.image_size;
  return {options_.L * options_.B, n, n, 3};
}

ElboTerms ModelCase::elbo(Tape& tape) const { return elbo(model_, tape); }

ElboTerms ModelCase::elbo(const WorldModel& model, Tape& tape) const {
  const ModelConfig& c = options_.model;
  const std::ptrdiff_t L = options_.L, B = options_.B;
  const Shape latent{L, B, c.stoch_size};
  Sequence x;
  x.image = tape.constant(image_, image_shape());
  x.action = tape.constant(action_, {L, B, c.action_size});
  x.reward = tape.constant(reward_, {L, B});
  x.noise = tape.constant(noise_, latent);
  if (!continues_.empty()) x.continues = tape.constant(continues_, {L, B});
  if (!overshoot_noise_.empty())
    x.overshoot_noise =
        tape.constant(overshoot_noise_, {c.overshooting_distance, L, B, c.stoch_size});
  if (tape.mode() == Mode::inference) {
    x.fixed_q = {tape.constant(q_mean_, latent), tape.constant(q_std_, latent)};
    x.fixed_p = {tape.constant(p_mean_, latent), tape.constant(p_std_, latent)};
  }
  return model.elbo(x);
}

namespace {

double norm(const std::vector<double>& x) {
  double sum = 0;
  for (const double v : x) sum += v * v;
  return std::sqrt(sum);
}

double relative_error(std::vector<double> x, const std::vector<double>& exact) {
  for (std::size_t i = 0; i < x.size(); ++i) x[i] -= exact[i];
  return norm(x) / norm(exact);
}

}  // namespace

std::vector<Rounding> ModelCase::rounding() const {
  // The terms, and the gradients by layer, in each precision.
  using Quantities = std::vector<std::pair<std::string, std::vector<double>>>;
  const auto compute = [&](Precision precision) {
    WorldModel model(options_.model, options_.seed, precision);
    const ParamStore& exact = model_.params();
    with_elements(precision, [&](auto t) {
      std::transform(exact.values<double>(), exact.values<double>() + exact.size(),
                     model.params().values<decltype(t)>(),
                     [](double x) { return static_cast<decltype(t)>(x); });
    });
    Tape tape(precision);
    const ElboTerms terms = elbo(model, tape);
    Quantities out;
    for (const auto& [name, term] : {std::pair{"image", terms.image},
                                     {"reward", terms.reward},
                                     {"kl", terms.kl},
                                     {"loss", terms.loss}})
      out.emplace_back(cat("term ", name), std::vector<double>{mean(term).item()});
    tape.backward(terms.loss);
    for (const Param& p : model.params().params()) {
      const std::string layer = cat("gradient ", p.name.substr(0, p.name.rfind('/')));
      if (out.back().first != layer) out.emplace_back(layer, std::vector<double>{});
      with_elements(precision, [&](auto t) {
        const auto* const g = p.grad<decltype(t)>();
        out.back().second.insert(out.back().second.end(), g, g + p.shape.size());
      });
    }
    return out;
  };
  const Quantities exact = compute(Precision::f64), f32 = compute(Precision::f32),
                   bf16 = compute(Precision::bf16);
  std::vector<Rounding> out;
  for (std::size_t i = 0; i < exact.size(); ++i)
    out.push_back({exact[i].first, relative_error(f32[i].second, exact[i].second),
                   relative_error(bf16[i].second, exact[i].second)});
  return out;
}

namespace {

// The conventions that a reader needs to use the numbers, besides the model's fields.
Metadata conventions(const CaseOptions& o, const std::string& version) {
  Metadata m;
  for_each_model_field(o.model, [&](auto, std::string_view field, auto, const auto& value) {
    m[cat("model.", field)] = write_value(value);
  });
  m["format"] = "planet case 1";
  m["version"] = version;
  m["L"] = std::to_string(o.L);
  m["B"] = std::to_string(o.B);
  m["seed"] = std::to_string(o.seed);
  m["time"] = "row t holds the action that led to frame t and the reward that arrived with it";
  m["initial_state"] = "zero";
  m["layout.image"] = "L,B,row,column,channel";
  m["layout.linear"] = "weight [in,out]; y = x W + b";
  m["layout.conv"] =
      "weight [kh,kw,in,out], stride 2, valid, cross-correlation; then relu; flattened"
      " as row,column,channel";
  m["layout.conv_transpose"] = "weight [kh,kw,out,in], stride 2, valid; relu but after the last";
  m["layout.gru"] =
      "weight rows x,h; columns r,u,c; c = tanh(W_c [x, r*h] + b_c);"
      " h' = u*h + (1-u)*c";
  m["latent_hidden_size"] = std::to_string(latent_hidden_size(o.model));
  const bool ssm = o.model.latent_model == "ssm", rnn = o.model.latent_model == "rnn";
  m["layout.features"] = ssm ? "s" : "s,h";
  m["layout.posterior"] =
      ssm ? "hidden layer reads prior mean,prior std,e" : "hidden layer reads h,e";
  m["std"] = rnn ? "1 in the KL, 0 in the sample" : "softplus(x) + min_std";
  m["loss"] =
      "mean(term/image) + reward_scale mean(term/reward)"
      " + kl_scale mean(max(term/kl - free_nats, 0)); where kl_balance is not 0, term/kl is"
      " kl_balance KL[sg(q), p] + (1 - kl_balance) KL[q, sg(p)], sg a stop-gradient;"
      " where free_nats_after_mean is true, max(mean(term/kl) - free_nats, 0) takes the place of"
      " mean(max(term/kl - free_nats, 0))";
  if (o.model.continue_head)
    m["loss"] += "; + continue_scale mean(term/continues), -ln of a Bernoulli with this logit";
  if (o.model.global_kl_scale > 0) m["loss"] += "; + global_kl_scale mean(term/global_kl)";
  if (o.model.overshooting_distance > 1)
    m["loss"] +=
        "; + kl_scale overshooting_scale / (D - 1) sum over d = 2..D of the same of"
        " term/overshooting/d, with KL[sg(q_t), p_t] for the rows t = d-1..L-1, and p_t the prior "
        "of"
        " a state imagined by d - 1 steps from the posterior of row t - d (zero before row 0);"
        " + overshooting_reward_scale / (D - 1) sum over d of mean(term/overshooting_reward/d)";
  return m;
}

}  // namespace

void ModelCase::save(const std::filesystem::path& file, const std::string& version) {
  const ModelConfig& c = options_.model;
  const std::int64_t L = options_.L, B = options_.B, n = c.image_size;
  Tape tape(Precision::f64);
  ParamStore& params = model_.params();
  params.zero_grad();
  const ElboTerms terms = elbo(tape);

  std::vector<TensorView> tensors;
  const auto add = [&](const std::string& name, std::vector<std::int64_t> shape,
                       const double* data) {
    tensors.push_back({name, DType::f64, std::move(shape), data});
  };
  const auto add_value = [&](const std::string& name, Var v) {
    tensors.push_back(tensor_view(name, v.shape(), v.value<double>().data()));
  };
  tensors.push_back({"data/pixels", DType::u8, {L, B, n, n, 3}, pixels_.data()});
  add("data/image", {L, B, n, n, 3}, image_.data());
  add("data/action", {L, B, c.action_size}, action_.data());
  add("data/reward", {L, B}, reward_.data());
  if (!continues_.empty()) add("data/continues", {L, B}, continues_.data());
  add("data/noise", {L, B, c.stoch_size}, noise_.data());
  if (!overshoot_noise_.empty())
    add("data/overshoot_noise", {c.overshooting_distance, L, B, c.stoch_size},
        overshoot_noise_.data());
  if (!terms.seen.state.h.empty()) add_value("state/h", terms.seen.state.h);
  add_value("state/s", terms.seen.state.s);
  add_value("posterior/mean", terms.seen.q.mean);
  add_value("posterior/std", terms.seen.q.std);
  add_value("prior/mean", terms.seen.p.mean);
  add_value("prior/std", terms.seen.p.std);
  add("predicted/image", {L, B, n, n, 3}, terms.predicted.image.value<double>().data());
  add_value("predicted/reward", terms.predicted.reward);
  add_value("term/image", terms.image);
  add_value("term/reward", terms.reward);
  add_value("term/kl", terms.kl);
  if (!terms.continues.empty()) {
    add_value("predicted/continue_logit", terms.predicted.continue_logit);
    add_value("term/continues", terms.continues);
  }
  if (!terms.global_kl.empty()) add_value("term/global_kl", terms.global_kl);
  for (std::size_t i = 0; i < terms.overshooting.size(); ++i)
    add_value(cat("term/overshooting/", i + 2), terms.overshooting[i]);
  for (std::size_t i = 0; i < terms.overshooting_reward.size(); ++i)
    add_value(cat("term/overshooting_reward/", i + 2), terms.overshooting_reward[i]);
  add("loss", {}, terms.loss.value<double>().data());
  tape.backward(terms.loss);
  for (const Param& p : params.params()) {
    tensors.push_back(tensor_view("param/" + p.name, p.shape, p.value<double>()));
    tensors.push_back(tensor_view("grad/" + p.name, p.shape, p.grad<double>()));
  }
  save_safetensors(file, tensors, conventions(options_, version));
}

namespace {

// Does the KL of any distance exceed its free nats anywhere?
bool is_spent(Var kl, const ModelConfig& c) {
  const auto x = kl.value<double>();
  const double most = c.free_nats_after_mean
                          ? std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size())
                          : *std::max_element(x.begin(), x.end());
  return most > c.free_nats;
}

// Is the loss independent of this parameter? An SSM's prior is read by its posterior.
bool is_unreached(const std::string& name, const ModelConfig& c, const ElboTerms& terms) {
  if (name.starts_with("continue/")) return c.continue_scale == 0;
  if (name.starts_with("reward/")) return c.reward_scale == 0 && c.overshooting_reward_scale == 0;
  if (!name.starts_with(c.latent_model + "/prior/") || c.latent_model == "ssm") return false;
  if (c.overshooting_reward_scale > 0) return false;
  const bool far =
      c.overshooting_scale > 0 && std::any_of(terms.overshooting.begin(), terms.overshooting.end(),
                                              [&](Var kl) { return is_spent(kl, c); });
  return c.kl_scale == 0 || (!far && !is_spent(terms.kl, c));
}

}  // namespace

std::vector<GradReport> ModelCase::check(const GradcheckOptions& with) {
  ParamStore& params = model_.params();
  Tape tape(Precision::f64);
  params.zero_grad();
  const ElboTerms terms = elbo(tape);
  tape.backward(terms.loss);
  GradcheckOptions options = with;
  options.elements = options_.elements;
  // A central difference cannot resolve what rounds away in the loss: eps |loss| / h, about
  // 4e-11 |loss|. Large images make a large loss, so the absolute tolerance grows with it.
  options.absolute = std::max(options.absolute, 1e-10 * std::abs(terms.loss.item()));
  options.least = 1e3 * options.absolute;  // a derivative that proves something to 0.1 %
  std::vector<GradReport> zeros;
  for (const Param& p : params.params()) {
    const bool unreached = is_unreached(p.name, options_.model, terms);
    if (!unreached) {
      options.only.push_back(p.name);
      continue;
    }
    GradReport& r = zeros.emplace_back();
    r.name = p.name, r.example = p.shape.str();
    r.ok = std::all_of(p.grad<double>(), p.grad<double>() + p.shape.size(),
                       [](double g) { return g == 0; });
    if (!r.ok) r.failure = "the loss does not depend on it, but its gradient is not zero";
  }
  std::vector<GradReport> reports =
      gradcheck([this](Tape& t) { return elbo(t).loss; }, params, options);
  reports.insert(reports.end(), zeros.begin(), zeros.end());
  return reports;
}

}  // namespace planet
