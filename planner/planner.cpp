#include "planner/planner.hpp"

#include <algorithm>

#include "autograd/base/parallel.hpp"
#include "autograd/tape.hpp"
#include "planner/cem.hpp"
#include "planner/elites.hpp"
#include "planner/icem.hpp"
#include "planner/mppi.hpp"
#include "planner/random.hpp"

namespace planet {
namespace {

std::size_t size(std::ptrdiff_t n) { return static_cast<std::size_t>(n); }

}  // namespace

// ---- the loop ----------------------------------------------------------------------------------

std::span<const Plan> Planner::plan(Dynamics& dynamics, std::span<Rng> rngs,
                                    std::span<const std::size_t> who) {
  start(dynamics, rngs, who);
  const auto B = static_cast<std::ptrdiff_t>(searches_.size());
  const std::ptrdiff_t A = dynamics.action_size();
  for (int iteration = 0; iteration < config_.iterations; ++iteration) {
    const std::ptrdiff_t H = config_.horizon, J = config_.population(iteration);
    for (Search& s : searches_) {
      s.iteration = iteration;
      s.J = J;
      s.actions = actions_.data() + s.b * size(H * J * A);
      s.returns = returns_.data() + s.b * size(J);
      s.order = std::span(order_).subspan(s.b * size(J), size(J));
    }
    parallel_for(B, [&](std::ptrdiff_t b) { draw(searches_[size(b)], rngs[size(b)]); });
    const Candidates candidates{B,       H, J, A, actions_.data(), config_.samples_per_candidate,
                                futures_};
    dynamics.imagine(candidates, rngs, returns_.data());
    if (trace_ != nullptr) trace_candidates();
    parallel_for(B, [&](std::ptrdiff_t b) { refit(searches_[size(b)]); });
    if (trace_ != nullptr) {
      const auto chosen = searches_.front().chosen();
      trace_->iterations.back().elites.assign(chosen.begin(), chosen.end());
    }
  }
  remember();
  return std::span(plans_).first(size(B));
}

// ---- before and after it -----------------------------------------------------------------------

Planner::Planner(const PlannerConfig& config) : config_(config) { config_.check(); }

void Planner::start(Dynamics& dynamics, std::span<Rng> rngs, std::span<const std::size_t> who) {
  const std::ptrdiff_t B = dynamics.beliefs(), A = dynamics.action_size();
  require(A >= 1, "[plan] action_size of the dynamics is ", A, "; it must be at least 1");
  require(rngs.size() == size(B), "[plan] the dynamics has ", B, " beliefs, but ", rngs.size(),
          " random streams were given; each belief needs its own");
  require(who.empty() || who.size() == size(B), "[plan] the dynamics has ", B, " beliefs, but ",
          who.size(), " are said whose they are; leave that out or say it of each");
  for (std::size_t b = 0; b < who.size(); ++b)
    require(std::find(who.begin(), who.begin() + static_cast<std::ptrdiff_t>(b), who[b]) ==
                who.begin() + static_cast<std::ptrdiff_t>(b),
            "[plan] two beliefs are said to be number ", who[b], "; each has a past of its own");
  const std::ptrdiff_t H = config_.horizon, J = config_.candidates;
  if (plans_.size() < size(B)) plans_.resize(size(B));
  actions_.resize(size(B * H * J * A));
  returns_.resize(size(B * J));
  order_.resize(size(B * J));
  searches_.resize(size(B));
  futures_.clear();
  for (std::size_t b = 0; b < size(B); ++b) {
    Search& s = searches_[b];
    s = {};
    s.b = b;
    s.who = who.empty() ? b : who[b];
    s.H = H, s.A = A;
    s.plan = &plans_[b];
    start_search(s);
    // One number of the belief's own stream is the seed of its futures for the whole plan.
    if (config_.samples_per_candidate > 1) {
      const PhiloxCounter word = rngs[b].block(rngs[b].take(1));
      futures_.emplace_back(std::uint64_t{word[0]} << 32 | word[1], Stream::planner);
    }
  }
  if (trace_ != nullptr) trace_->iterations.clear();
}

// Where the search begins: mean 0, or the last plan one step on, its last action held.
void Planner::start_search(Search& s) {
  const std::size_t n = size(s.H * s.A);
  Plan& plan = *s.plan;
  plan.mean.assign(n, 0.0f);
  plan.std.assign(n, static_cast<float>(config_.init_std));
  plan.best_return = plan.elite_return = 0;
  if (s.who >= carried_.size()) carried_.resize(s.who + 1);
  const std::vector<float>& last = carried_[s.who];
  s.warm = !last.empty();
  if (s.warm) {
    require(last.size() == n, "[plan] the last plan of belief ", s.who, " has ", last.size(),
            " numbers and this one has ", n, "; call forget() before another kind of dynamics");
    std::copy(last.begin() + s.A, last.end(), plan.mean.begin());
    std::copy(last.end() - s.A, last.end(), plan.mean.end() - s.A);
  }
  plan.actions = plan.mean;
  begin(s);
}

void Planner::remember() {
  if (!config_.warm_start) return;
  for (const Search& s : searches_) carried_[s.who] = s.plan->mean;
}

void Planner::forget(std::size_t who) {
  if (who < carried_.size()) carried_[who].clear();
}

void Planner::forget() {
  for (std::size_t who = 0; who < carried_.size(); ++who) forget(who);
}

void Planner::trace_candidates() const {
  const Search& s = searches_.front();
  PlanTrace::Iteration& now = trace_->iterations.emplace_back();
  now.candidates = s.J;
  now.mean = s.plan->mean;
  now.std = s.plan->std;
  now.actions.assign(s.actions, s.actions + s.H * s.J * s.A);
  now.returns.assign(s.returns, s.returns + s.J);
}

// ---- for the methods ---------------------------------------------------------------------------

void Planner::choose(Search& s, int K) const {
  const std::span<const double> returns(s.returns, size(s.J));
  s.elites = select_elites(returns, size(K), s.order);
  if (s.elites == 0)
    throw NonFinite(cat("[plan] not one of the ", s.J, " imagined returns of belief ", s.b,
                        " is finite in iteration ", s.iteration + 1, " of ", config_.iterations,
                        "; the first is ", returns[0],
                        ": the model or the belief it starts from is not finite"));
  double sum = 0, best = returns[size(s.order[0])];
  for (const std::int32_t j : s.chosen()) {
    sum += returns[size(j)];
    best = std::max(best, returns[size(j)]);
  }
  s.plan->best_return = best;
  s.plan->elite_return = sum / static_cast<double>(s.elites);
}

void Planner::Search::noise_to_actions() const {
  float* a = actions;
  for (std::ptrdiff_t t = 0; t < H; ++t)
    for (std::ptrdiff_t j = 0; j < J; ++j)
      for (std::ptrdiff_t i = t * A; i < (t + 1) * A; ++i, ++a)
        *a = std::clamp(plan->mean[size(i)] + plan->std[size(i)] * *a, -1.0f, 1.0f);
}

void Planner::Search::fit(std::vector<float>& mean, std::vector<float>& std) const {
  for (std::ptrdiff_t t = 0; t < H; ++t)
    fit_elites(actions + t * J * A, A, chosen(), mean.data() + t * A, std.data() + t * A);
}

std::ptrdiff_t Planner::Search::best() const {
  const auto found = std::ranges::max_element(
      chosen(), {}, [&](std::int32_t j) { return returns[static_cast<std::ptrdiff_t>(j)]; });
  return *found;
}

void Planner::Search::copy_to(std::ptrdiff_t j, float* sequence) const {
  for (std::ptrdiff_t t = 0; t < H; ++t)
    std::copy_n(actions + (t * J + j) * A, A, sequence + t * A);
}

void Planner::Search::copy_from(std::ptrdiff_t j, const float* sequence) const {
  for (std::ptrdiff_t t = 0; t < H; ++t)
    std::copy_n(sequence + t * A, A, actions + (t * J + j) * A);
}

std::unique_ptr<Planner> make_planner(const PlannerConfig& config) {
  config.check();
  if (config.method == "icem") return std::make_unique<IcemPlanner>(config);
  if (config.method == "mppi") return std::make_unique<MppiPlanner>(config);
  if (config.method == "random") return std::make_unique<RandomPlanner>(config);
  return std::make_unique<CemPlanner>(config);
}

}  // namespace planet
