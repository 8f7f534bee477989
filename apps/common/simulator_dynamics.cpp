#include "apps/common/simulator_dynamics.hpp"

#include <algorithm>

#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"

namespace planet {
namespace {

// A few candidates at a time keep all threads busy to the end.
constexpr std::ptrdiff_t candidates_at_once = 16;
constexpr std::ptrdiff_t most_lanes = 64;

std::vector<std::unique_ptr<Env>> begin_episodes(const Env& prototype,
                                                 std::span<const std::uint64_t> seeds) {
  std::vector<std::unique_ptr<Env>> envs;
  for (const std::uint64_t seed : seeds) {
    envs.push_back(prototype.clone());
    envs.back()->reset(seed);
  }
  return envs;
}

}  // namespace

SimulatorDynamics::SimulatorDynamics(const Env& prototype) : prototype_(prototype.clone()) {}

void SimulatorDynamics::add(const Env& env) {
  EnvSnapshot now = env.save();
  require(now.phase == EnvSnapshot::Phase::running, "[", env.name(),
          "] a plan begins within an episode; call reset() first");
  require(env.action_size() == prototype_->action_size() && env.name() == prototype_->name(), "[",
          env.name(), "] with ", env.action_size(), " actions was given to a planner for ",
          prototype_->name(), " with ", prototype_->action_size());
  now.control_steps = 0;  // the time limit is not planned for
  starts_.push_back(std::move(now));
}

void SimulatorDynamics::start(std::span<const std::unique_ptr<Env>> envs) {
  starts_.clear();
  for (const auto& env : envs) add(*env);
}

void SimulatorDynamics::start(const Env& env) {
  starts_.clear();
  add(env);
}

void SimulatorDynamics::imagine(const Candidates& c, std::span<Rng> rngs, float* returns) {
  require(c.B == beliefs(), "[SimulatorDynamics] candidates for ", c.B, " states, but start() had ",
          beliefs());
  require(c.samples == 1, "[SimulatorDynamics] ", c.samples,
          " samples a candidate were asked for; it plays one");
  places_.assign(rngs.begin(), rngs.end());
  for (Rng& rng : rngs) rng.take(static_cast<std::uint64_t>(c.J));

  const std::ptrdiff_t chunks = (c.J + candidates_at_once - 1) / candidates_at_once;
  const std::ptrdiff_t items = c.B * chunks, lanes = std::min(items, most_lanes);
  while (static_cast<std::ptrdiff_t>(lanes_.size()) < lanes)
    lanes_.push_back({prototype_->clone(), {}});
  parallel_for(lanes, [&](std::ptrdiff_t lane) {
    for (std::ptrdiff_t i = lane; i < items; i += lanes) {
      const std::ptrdiff_t b = i / chunks, begin = i % chunks * candidates_at_once;
      const Rng& place = places_[static_cast<std::size_t>(b)];
      for (std::ptrdiff_t j = begin; j < std::min(begin + candidates_at_once, c.J); ++j)
        returns[b * c.J + j] = play(lanes_[static_cast<std::size_t>(lane)], c, b, j,
                                    place.block(place.position() + static_cast<std::uint64_t>(j)));
    }
  });
}

float SimulatorDynamics::play(Lane& lane, const Candidates& c, std::ptrdiff_t b, std::ptrdiff_t j,
                              PhiloxCounter seed) const {
  lane.snapshot = starts_[static_cast<std::size_t>(b)];
  lane.snapshot.seed = std::uint64_t{seed[0]} << 32 | seed[1];
  lane.snapshot.rng_position = 0;
  lane.env->load(lane.snapshot);
  double sum = 0;
  for (std::ptrdiff_t t = 0; t < c.H; ++t) {
    const std::span<const float> action(c.at(b, t, j), static_cast<std::size_t>(c.A));
    const StepResult step = lane.env->step(action);
    sum += step.reward;
    if (step.done()) break;
  }
  return static_cast<float>(sum);
}

// ---- the two ends of the score -----------------------------------------------------------------

std::vector<double> oracle_returns(const Env& prototype, const PlannerConfig& planner,
                                   std::span<const std::uint64_t> seeds,
                                   const std::function<void(int, int)>& progress) {
  std::vector<std::unique_ptr<Env>> envs = begin_episodes(prototype, seeds);
  std::vector<Rng> rngs;
  std::vector<std::size_t> episode;  // of the environments that still play
  for (const std::uint64_t seed : seeds) {
    episode.push_back(rngs.size());
    rngs.emplace_back(seed, Stream::planner);
  }
  SimulatorDynamics dynamics(prototype);
  const std::unique_ptr<Planner> search = make_planner(planner);
  std::vector<double> returns(seeds.size());
  const auto A = static_cast<std::size_t>(prototype.action_size());
  for (int t = 0; !envs.empty(); ++t) {
    if (progress) progress(t, prototype.episode_length());
    dynamics.start(envs);
    const std::span<const Plan> plans = search->plan(dynamics, rngs, episode);
    for (std::size_t k = envs.size(); k-- > 0;) {
      const StepResult step = envs[k]->step(std::span<const float>(plans[k].actions.data(), A));
      returns[episode[k]] += step.reward;
      if (!step.done()) continue;
      const auto at = static_cast<std::ptrdiff_t>(k);
      envs.erase(envs.begin() + at);
      rngs.erase(rngs.begin() + at);
      episode.erase(episode.begin() + at);
    }
  }
  return returns;
}

std::vector<double> random_returns(const Env& prototype, std::span<const std::uint64_t> seeds) {
  std::vector<std::unique_ptr<Env>> envs = begin_episodes(prototype, seeds);
  std::vector<double> returns;
  std::vector<double> action(static_cast<std::size_t>(prototype.action_size()));
  for (std::size_t k = 0; k < envs.size(); ++k) {
    Rng rng(seeds[k], Stream::random_action);
    StepResult step;
    double sum = 0;
    while (!step.done()) {
      for (double& a : action) a = rng.uniform(-1, 1);
      step = envs[k]->step(std::span<const double>(action));
      sum += step.reward;
    }
    returns.push_back(sum);
  }
  return returns;
}

PlannerConfig oracle_config(const PlannerBudget& budget) {
  PlannerConfig cem;
  cem.horizon = budget.horizon;
  cem.iterations = budget.iterations;
  cem.candidates = budget.candidates;
  cem.elites = budget.elites;
  return cem;
}

}  // namespace planet
