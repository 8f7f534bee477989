#include "planner/agent.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/base/error.hpp"
#include "autograd/kernels/random.hpp"
#include "planner/make_planner.hpp"
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

MpcAgent::MpcAgent(const WorldModel& model, const PlannerConfig& planner, AgentStreams streams)
    : model_(model),
      streams_(streams),
      tape_(model.precision(), Mode::inference),
      dynamics_(model),
      planner_(make_planner(planner)) {
  check_planner_for(model_.config(), planner);
  reset();
}

void MpcAgent::reset() {
  const LatentModel& latent = model_.latent();
  h_.assign(static_cast<std::size_t>(latent.deter_size()), 0.0f);
  s_.assign(static_cast<std::size_t>(latent.stoch_size()), 0.0f);
  a_prev_.assign(static_cast<std::size_t>(model_.config().action_size), 0.0f);
  plan_ = nullptr;
  planner_->forget();
}

// ---- a decision --------------------------------------------------------------------------------

std::span<const float> MpcAgent::act(std::span<const std::uint8_t> frame, double noise_std) {
  const auto n = static_cast<std::size_t>(model_.config().image_size);
  require(frame.size() == n * n * 3, "[MpcAgent] the frame has ", frame.size(), " bytes; one of ",
          n, " by ", n, " pixels has ", n * n * 3);
  require(noise_std >= 0 && std::isfinite(noise_std), "[MpcAgent] the exploration noise is ",
          noise_std, "; it must be finite and at least 0");
  update_belief(frame);
  make_plan();
  choose_action(noise_std);
  return a_prev_;
}

// q(s_t | h_t, o_t) with h_t = f(h_{t-1}, s_{t-1}, a_{t-1}), where a_{t-1} is what was executed.
void MpcAgent::update_belief(std::span<const std::uint8_t> frame) {
  const ModelConfig& c = model_.config();
  const LatentModel& latent = model_.latent();
  const std::ptrdiff_t n = c.image_size, D_s = latent.stoch_size();
  tape_.reset();
  float *image = nullptr, *noise = nullptr;
  const Var o_t = tape_.uninitialised({1, n, n, 3}, &image);
  const Var z = tape_.uninitialised({1, D_s}, &noise);
  preprocess(frame.data(), n * n * 3, c.image_bits, streams_.agent, image);
  kernels::fill_normal(streams_.agent, noise, D_s);

  const Var e_t = model_.encode(o_t);
  const Var a_prev = tape_.borrow(a_prev_.data(), {1, c.action_size});
  const State prev = latent.borrow(tape_, h_.data(), s_.data(), 1);
  const PosteriorStep seen = latent.observe(prev, a_prev, e_t, z);
  copy_state(seen.state, h_.data(), s_.data());
  mean_.assign(seen.q.mean.value<float>().begin(), seen.q.mean.value<float>().end());
  std_.assign(seen.q.std.value<float>().begin(), seen.q.std.value<float>().end());
}

void MpcAgent::make_plan() {
  if (planner_->config().start_state == "shared") dynamics_.start(h_, s_);
  else dynamics_.start(h_, mean_, std_);
  plan_ = &planner_->plan(dynamics_, streams_.planner);
}

void MpcAgent::choose_action(double noise_std) {
  for (std::size_t i = 0; i < a_prev_.size(); ++i) {
    float a = plan_->actions[i];
    if (noise_std > 0) a += static_cast<float>(noise_std * streams_.explore.normal());
    a_prev_[i] = std::clamp(a, -1.0f, 1.0f);
  }
}

const Plan& MpcAgent::plan() const {
  require(plan_ != nullptr, "[MpcAgent] there is no plan yet; act() makes it");
  return *plan_;
}

}  // namespace planet
