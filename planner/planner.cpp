#include "planner/planner.hpp"

#include <algorithm>

#include "autograd/kernels/random.hpp"
#include "autograd/tape.hpp"
#include "planner/elites.hpp"

namespace planet {

Planner::Planner(const PlannerConfig& config) : config_(config) { config_.check(); }

void Planner::start(const Dynamics& dynamics, Rng& rng) {
  H_ = config_.horizon, J_ = config_.candidates, A_ = dynamics.action_size();
  require(A_ >= 1, "[plan] action_size of the dynamics is ", A_, "; it must be at least 1");
  const auto n = static_cast<std::size_t>(H_ * A_), J = static_cast<std::size_t>(J_);
  actions_.resize(n * J);
  returns_.resize(J);
  order_.resize(J);
  warm_ = config_.warm_start && has_past_;
  has_past_ = false;
  std::vector<float>& mean = plan_.mean;
  if (warm_) {
    require(mean.size() == n, "[plan] the last plan has ", mean.size(),
            " numbers and this one has ", n, "; call forget() before another kind of dynamics");
    std::copy(mean.begin() + A_, mean.end(), mean.begin());
  } else {
    mean.assign(n, 0.0f);
  }
  plan_.std.assign(n, static_cast<float>(config_.init_std));
  plan_.actions = mean;
  plan_.best_return = plan_.elite_return = 0;
  if (config_.samples_per_candidate > 1) {  // one number of the stream seeds the futures
    const PhiloxCounter word = rng.block(rng.take(1));
    futures_ = Rng(std::uint64_t{word[0]} << 32 | word[1], Stream::planner);
  }
  if (trace_ != nullptr) trace_->iterations.clear();
}

void Planner::draw_noise(int i, Rng& rng) {
  iteration_ = i;
  J_ = config_.population(i);
  kernels::fill_normal(rng, actions_.data(), H_ * J_ * A_);
}

void Planner::noise_to_actions() {
  float* a = actions_.data();
  for (std::ptrdiff_t t = 0; t < H_; ++t) {
    const float *mean = plan_.mean.data() + t * A_, *std = plan_.std.data() + t * A_;
    for (std::ptrdiff_t j = 0; j < J_; ++j)
      for (std::ptrdiff_t i = 0; i < A_; ++i, ++a)
        *a = std::clamp(mean[i] + std[i] * *a, -1.0f, 1.0f);
  }
}

void Planner::imagine(Dynamics& dynamics, Rng& rng) {
  const int samples = config_.samples_per_candidate;
  // A copy, so that every iteration imagines the same futures.
  Rng futures = futures_;
  dynamics.imagine({H_, J_, A_, actions_.data(), samples}, samples > 1 ? futures : rng,
                   returns_.data());
  if (trace_ == nullptr) return;
  PlanTrace::Iteration& now = trace_->iterations.emplace_back();
  now.candidates = J_;
  now.mean = plan_.mean;
  now.std = plan_.std;
  now.actions.assign(actions_.begin(), actions_.begin() + H_ * J_ * A_);
  now.returns.assign(returns_.begin(), returns_.begin() + J_);
}

std::span<const std::int32_t> Planner::best(int K) {
  const auto J = static_cast<std::size_t>(J_);
  const std::span<std::int32_t> order = std::span(order_).first(J);
  return order.first(
      select_elites(std::span(returns_).first(J), static_cast<std::size_t>(K), order));
}

std::span<const std::int32_t> Planner::choose_elites(int K) {
  const std::span<const std::int32_t> elites = best(K);
  if (elites.empty())
    throw NonFinite(cat("[plan] not one of the ", J_, " imagined returns is finite in iteration ",
                        iteration_ + 1, " of ", config_.iterations, "; the first is ", returns_[0],
                        ": the model or the belief it starts from is not finite"));
  const auto R = [&](std::int32_t j) { return returns_[static_cast<std::size_t>(j)]; };
  double sum = 0, highest = R(elites[0]);
  for (const std::int32_t j : elites) {
    sum += R(j);
    highest = std::max(highest, R(j));
  }
  plan_.best_return = highest;
  plan_.elite_return = sum / static_cast<double>(elites.size());
  if (trace_ != nullptr) trace_->iterations.back().elites.assign(elites.begin(), elites.end());
  return elites;
}

void Planner::fit(std::span<const std::int32_t> elites, std::vector<float>& mean,
                  std::vector<float>& std) const {
  for (std::ptrdiff_t t = 0; t < H_; ++t)
    fit_elites(actions_.data() + t * J_ * A_, A_, elites, mean.data() + t * A_,
               std.data() + t * A_);
}

const Plan& Planner::finish() {
  has_past_ = true;
  return plan_;
}

void Planner::copy_to(std::ptrdiff_t j, float* sequence) const {
  for (std::ptrdiff_t t = 0; t < H_; ++t)
    std::copy_n(actions_.data() + (t * J_ + j) * A_, A_, sequence + t * A_);
}

void Planner::copy_from(std::ptrdiff_t j, const float* sequence) {
  for (std::ptrdiff_t t = 0; t < H_; ++t)
    std::copy_n(sequence + t * A_, A_, actions_.data() + (t * J_ + j) * A_);
}

}  // namespace planet
