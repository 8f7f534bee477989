// The true simulator as the planner's world: the upper end of the score, and the planner's first
// integration test, for here the model cannot be to blame.
//
// Joins two branches that do not know each other, envs and planner. Each candidate is played in a
// copy of the environment, from its present state, with the action repeat inside.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "envs/registry.hpp"
#include "planner/planner.hpp"

namespace planet {

/// Knows the state, not the future: in an environment with randomness of its own every candidate
/// meets fresh draws, as every candidate of the latent model samples its own future. The time limit
/// is not planned for, as the latent model knows none; a task's own end is: no reward comes after.
class SimulatorDynamics final : public Dynamics {
 public:
  /// `prototype` is copied: the environments of start() must be of its kind and options.
  explicit SimulatorDynamics(const Env& prototype);

  /// The environments to plan in, [B], each within an episode (else Error). They are only read.
  void start(std::span<const std::unique_ptr<Env>> envs);
  void start(const Env& env);  // B = 1

  std::ptrdiff_t action_size() const override { return prototype_->action_size(); }
  std::ptrdiff_t beliefs() const override { return static_cast<std::ptrdiff_t>(starts_.size()); }
  /// Takes J counters of rngs[b]: the seeds of the candidates' own futures.
  void imagine(const Candidates& candidates, std::span<Rng> rngs, float* returns) override;

 private:
  struct Lane {
    std::unique_ptr<Env> env;
    EnvSnapshot snapshot;
  };
  void add(const Env& env);
  float play(Lane& lane, const Candidates& candidates, std::ptrdiff_t b, std::ptrdiff_t j,
             PhiloxCounter seed) const;

  std::unique_ptr<Env> prototype_;
  std::vector<EnvSnapshot> starts_;  // [B]
  std::vector<Rng> places_;          // [B]
  std::vector<Lane> lanes_;
};

/// One episode for each seed, by planning in the true simulator, side by side: their returns.
/// Episode k plans with Rng(seeds[k], Stream::planner), so its return depends on its own seed
/// alone. `progress`, if given, is told after each decision how many of how many are done.
std::vector<double> oracle_returns(const Env& prototype, const PlannerConfig& planner,
                                   std::span<const std::uint64_t> seeds,
                                   const std::function<void(int, int)>& progress = {});
/// The same for uniformly random actions, from Rng(seeds[k], Stream::random_action).
std::vector<double> random_returns(const Env& prototype, std::span<const std::uint64_t> seeds);

/// The registered budget of a task's oracle as the planner's configuration.
PlannerConfig oracle_config(const PlannerBudget& budget);

}  // namespace planet
