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

#include "apps/common/options/config_file.hpp"
#include "apps/common/simulator/futures.hpp"
#include "envs/registry.hpp"
#include "planner/planner.hpp"

namespace planet {

/// Knows the state; what it takes for the future is said by a FutureConfig. By default every
/// candidate meets fresh draws, as every candidate of the latent model samples its own future. The
/// time limit is not planned for, as the latent model knows none; a task's own end is: no reward
/// comes after.
class SimulatorDynamics final : public Dynamics {
 public:
  /// `prototype` is copied: the environment of start() must be of its kind and options.
  /// Error: a future that this environment does not have.
  explicit SimulatorDynamics(const Env& prototype, const FutureConfig& future = {});

  /// The environment to plan in, within an episode (else Error); it is only read. `recorded` are
  /// the numbers of chance that it will be stepped with, if they are not to be drawn from its own
  /// stream: the clairvoyant has to know.
  void start(const Env& env, std::span<const double> recorded = {});

  std::ptrdiff_t action_size() const override { return prototype_->action_size(); }
  /// Future::one takes J counters of rng, the seeds of the candidates' own futures; the others a
  /// counter for each course at the first call after start(), and none later.
  /// Error: start() was not called.
  void imagine(const Candidates& candidates, Rng& rng, double* returns) override;

 private:
  struct Lane {
    std::unique_ptr<Env> env;
    EnvSnapshot snapshot;
    std::vector<double> action;
  };
  /// One candidate: its actions are at(t) = actions + t * stride.
  struct Candidate {
    const float* actions;
    std::ptrdiff_t stride, H;
  };
  void draw_courses(std::ptrdiff_t H, Rng& rng);
  /// What a candidate is worth in a future of its own, and in the courses.
  double in_own_future(Lane& lane, const Candidate& candidate, std::uint64_t seed) const;
  double in_courses(Lane& lane, const Candidate& candidate) const;
  /// One play from `start`; without `chance` by the numbers of the snapshot's own stream.
  double play(Lane& lane, const Candidate& candidate, const EnvSnapshot& start,
              const std::vector<double>* chance) const;

  FutureConfig future_;
  std::unique_ptr<Env> prototype_;  // the world candidates are played in
  std::optional<EnvSnapshot> start_;
  std::vector<double> recorded_;  // or empty
  std::vector<Course> courses_;   // future_.courses() of them, none for Future::one
  std::ptrdiff_t drawn_ = 0;      // decisions that the courses are long
  std::vector<Lane> lanes_;
};

/// One episode for each seed, by planning in the true simulator, in parallel: their returns.
/// Episode k plans with Rng(seeds[k], Stream::planner), so its return depends on its own seed
/// alone. `progress`, if given, is told after each decision how many of how many are done, all
/// episodes together: by any thread, but by one at a time.
std::vector<double> oracle_returns(const Env& prototype, const PlannerConfig& planner,
                                   std::span<const std::uint64_t> seeds,
                                   const std::function<void(int, int)>& progress = {},
                                   const FutureConfig& future = {});
/// The same for uniformly random actions, from Rng(seeds[k], Stream::random_action).
std::vector<double> random_returns(const Env& prototype, std::span<const std::uint64_t> seeds);
/// The same for an agent that does nothing: zero actions.
std::vector<double> zero_returns(const Env& prototype, std::span<const std::uint64_t> seeds);

/// The planner of a task's oracle (options/recipes.hpp), and over it the planner options that were
/// typed. How many futures a candidate has is read_future()'s business (futures.hpp).
/// Error: put_over(), PlannerConfig::check(); an option that is for a learned model.
PlannerConfig oracle_planner(const EnvSpec& spec, const std::vector<Assignment>& typed);

}  // namespace planet
