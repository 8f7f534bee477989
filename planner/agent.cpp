#include "planner/agent.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/base/error.hpp"
#include "autograd/kernels/random.hpp"
#include "rssm/preprocess.hpp"

namespace planet {

AgentStreams AgentStreams::collecting(std::uint64_t seed) {
  return {Rng(seed, Stream::agent), Rng(seed, Stream::planner), Rng(seed, Stream::explore)};
}

AgentStreams AgentStreams::evaluating(std::uint64_t seed, std::uint32_t episode) {
  const auto stream = [&](std::uint32_t k) { return Rng(seed, Stream::evaluate, 3 * episode + k); };
  return {stream(0), stream(1), stream(2)};
}

void check_planner_for(const ModelConfig& model, const PlannerConfig& planner) {
  if (model.latent_model != "rnn") return;
  require(planner.samples_per_candidate == 1, "[planner] samples_per_candidate is ",
          planner.samples_per_candidate, ", but all futures of an rnn are the same; it is 1");
  require(planner.start_state == "shared", "[planner] start_state is ", planner.start_state,
          ", but an rnn has one state to start from; it is shared");
}

MpcAgent::MpcAgent(const WorldModel<float>& model, const PlannerConfig& planner,
                   std::vector<AgentStreams> streams)
    : model_(model),
      streams_(std::move(streams)),
      dynamics_(model),
      planner_(make_planner(planner)) {
  require(!streams_.empty(), "[MpcAgent] no random streams were given; each belief needs its own");
  check_planner_for(model_.config(), planner);
  const LatentModel<float>& latent = model_.latent();
  const std::size_t B = streams_.size();
  h_.resize(B * static_cast<std::size_t>(latent.deter_size()));
  s_.resize(B * static_cast<std::size_t>(latent.stoch_size()));
  a_prev_.resize(B * static_cast<std::size_t>(model_.config().action_size));
  plans_.resize(B);
  retired_.resize(B);
}

// ---- episodes ----------------------------------------------------------------------------------

std::size_t MpcAgent::checked(std::ptrdiff_t b) const {
  require(b >= 0 && b < beliefs(), "[MpcAgent] there is no belief ", b, "; there are ", beliefs());
  return static_cast<std::size_t>(b);
}

void MpcAgent::reset() {
  for (std::ptrdiff_t b = 0; b < beliefs(); ++b) reset(b);
}

void MpcAgent::reset(std::ptrdiff_t b) {
  const std::size_t i = checked(b);
  const auto zero = [&](std::vector<float>& rows, std::ptrdiff_t width) {
    std::fill_n(rows.begin() + b * width, width, 0.0f);
  };
  zero(h_, model_.latent().deter_size());
  zero(s_, model_.latent().stoch_size());
  zero(a_prev_, model_.config().action_size);
  plans_[i].actions.clear();
  retired_[i] = 0;
  planner_->forget(i);
}

void MpcAgent::retire(std::ptrdiff_t b) {
  retired_[checked(b)] = 1;
  std::fill_n(a_prev_.begin() + b * model_.config().action_size, model_.config().action_size, 0.0f);
}

// ---- a decision --------------------------------------------------------------------------------

std::span<const float> MpcAgent::act(std::span<const std::uint8_t> frames, double noise_std) {
  const auto n = static_cast<std::size_t>(model_.config().image_size);
  require(frames.size() == streams_.size() * n * n * 3, "[MpcAgent] the frames have ",
          frames.size(), " bytes; ", streams_.size(), " of ", n, " by ", n, " pixels have ",
          streams_.size() * n * n * 3);
  require(noise_std >= 0 && std::isfinite(noise_std), "[MpcAgent] the exploration noise is ",
          noise_std, "; it must be finite and at least 0");
  acting_.clear();
  for (std::size_t b = 0; b < streams_.size(); ++b)
    if (!retired_[b]) acting_.push_back(b);
  if (!acting_.empty()) {
    update_beliefs(frames);
    make_plans();
    choose_actions(noise_std);
  }
  return a_prev_;
}

// q(s_t | h_t, o_t) with h_t = f(h_{t-1}, s_{t-1}, a_{t-1}), where a_{t-1} is what was executed.
void MpcAgent::update_beliefs(std::span<const std::uint8_t> frames) {
  const ModelConfig& c = model_.config();
  const LatentModel<float>& latent = model_.latent();
  const auto N = static_cast<std::ptrdiff_t>(acting_.size());
  const std::ptrdiff_t n = c.image_size, A = c.action_size;
  const std::ptrdiff_t D_h = latent.deter_size(), D_s = latent.stoch_size();
  const std::ptrdiff_t frame = n * n * 3;
  tape_.reset();
  h_n_.resize(acting_.size() * static_cast<std::size_t>(D_h));
  s_n_.resize(acting_.size() * static_cast<std::size_t>(D_s));
  float *image = nullptr, *noise = nullptr, *a = nullptr;
  const Var<float> o_t = tape_.uninitialised({N, n, n, 3}, &image);
  const Var<float> z = tape_.uninitialised({N, D_s}, &noise);
  const Var<float> a_prev = tape_.uninitialised({N, A}, &a);
  for (std::ptrdiff_t k = 0; k < N; ++k) {
    const std::size_t i = acting_[static_cast<std::size_t>(k)];
    const auto b = static_cast<std::ptrdiff_t>(i);
    Rng& rng = streams_[i].agent;
    preprocess(frames.data() + b * frame, frame, c.image_bits, rng, image + k * frame);
    kernels::fill_normal(rng, noise + k * D_s, D_s);
    std::copy_n(h_.data() + b * D_h, D_h, h_n_.data() + k * D_h);
    std::copy_n(s_.data() + b * D_s, D_s, s_n_.data() + k * D_s);
    std::copy_n(a_prev_.data() + b * A, A, a + k * A);
  }

  const Var<float> e_t = model_.encode(o_t);
  const State<float> prev = latent.borrow(tape_, h_n_.data(), s_n_.data(), N);
  const Observed<float> seen = latent.observe(prev, a_prev, e_t, z);
  copy_state(seen.state, h_n_.data(), s_n_.data());
  mean_n_.assign(seen.q.mean.value().begin(), seen.q.mean.value().end());
  std_n_.assign(seen.q.std.value().begin(), seen.q.std.value().end());
  for (std::ptrdiff_t k = 0; k < N; ++k) {
    const auto b = static_cast<std::ptrdiff_t>(acting_[static_cast<std::size_t>(k)]);
    std::copy_n(h_n_.data() + k * D_h, D_h, h_.data() + b * D_h);
    std::copy_n(s_n_.data() + k * D_s, D_s, s_.data() + b * D_s);
  }
}

void MpcAgent::make_plans() {
  if (planner_->config().start_state == "shared") dynamics_.start(h_n_, s_n_);
  else dynamics_.start(h_n_, mean_n_, std_n_);
  planner_streams_.clear();
  for (const std::size_t b : acting_) planner_streams_.push_back(streams_[b].planner);
  const std::span<const Plan> plans = planner_->plan(dynamics_, planner_streams_, acting_);
  for (std::size_t k = 0; k < acting_.size(); ++k) {
    plans_[acting_[k]] = plans[k];
    streams_[acting_[k]].planner = planner_streams_[k];
  }
}

void MpcAgent::choose_actions(double noise_std) {
  const auto A = static_cast<std::size_t>(model_.config().action_size);
  for (const std::size_t b : acting_)
    for (std::size_t i = 0; i < A; ++i) {
      float a = plans_[b].actions[i];
      if (noise_std > 0) a += static_cast<float>(noise_std * streams_[b].explore.normal());
      a_prev_[b * A + i] = std::clamp(a, -1.0f, 1.0f);
    }
}

// ---- for those who look ------------------------------------------------------------------------

namespace {
std::span<const float> row(const std::vector<float>& rows, std::size_t i, std::ptrdiff_t width) {
  const auto w = static_cast<std::size_t>(width);
  return std::span(rows).subspan(i * w, w);
}
}  // namespace

std::span<const float> MpcAgent::h(std::ptrdiff_t b) const {
  return row(h_, checked(b), model_.latent().deter_size());
}
std::span<const float> MpcAgent::s(std::ptrdiff_t b) const {
  return row(s_, checked(b), model_.latent().stoch_size());
}
std::span<const float> MpcAgent::previous_action(std::ptrdiff_t b) const {
  return row(a_prev_, checked(b), model_.config().action_size);
}
const Plan& MpcAgent::plan(std::ptrdiff_t b) const {
  const Plan& plan = plans_[checked(b)];
  require(!plan.actions.empty(), "[MpcAgent] belief ", b, " has no plan yet; act() makes it");
  return plan;
}
const AgentStreams& MpcAgent::streams(std::ptrdiff_t b) const { return streams_[checked(b)]; }
AgentStreams& MpcAgent::streams(std::ptrdiff_t b) { return streams_[checked(b)]; }

}  // namespace planet
