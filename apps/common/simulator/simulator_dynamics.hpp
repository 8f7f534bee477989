// The true simulator as the planner's dynamics: it defines the upper end of the score, and it tests
// the planner alone, since no error can come from a learned model.
//
// Joins envs and planner, which do not include each other. Each candidate is played in a copy of
// the environment, from its present state, with the action repeat applied.
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

/// Knows the state; a FutureConfig says how it models randomness. By default every candidate gets
/// fresh random numbers, as every candidate of the latent model samples its own future. Plans
/// ignore the time limit, as those of the latent model do, but respect a task's own end: no reward
/// comes after it.
class SimulatorDynamics final : public Dynamics {
 public:
  /// `prototype` is copied: the environment of start() must be of its kind and options.
  /// Error: a future that this environment does not have.
  explicit SimulatorDynamics(const Env& prototype, const FutureConfig& future = {});

  /// The environment to plan in, within an episode (otherwise Error); it is only read. `recorded`
  /// are the random numbers that it will be stepped with, if they do not come from its own stream;
  /// the clairvoyant needs them.
  void start(const Env& env, std::span<const double> recorded = {});

  std::ptrdiff_t action_size() const override { return prototype_->action_size(); }
  /// Future::one takes J counters of rng, the seeds of the candidates' own futures; the others take
  /// one counter per course at the first call after start(), and none later.
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
  /// The return of a candidate in a future of its own, and its mean return over the courses.
  double in_own_future(Lane& lane, const Candidate& candidate, std::uint64_t seed) const;
  double in_courses(Lane& lane, const Candidate& candidate) const;
  /// One rollout from `start`; without `chance` it draws from the snapshot's own stream.
  double play(Lane& lane, const Candidate& candidate, const EnvSnapshot& start,
              const std::vector<double>* chance) const;

  FutureConfig future_;
  std::unique_ptr<Env> prototype_;  // the environment that candidates are played in
  std::optional<EnvSnapshot> start_;
  std::vector<double> recorded_;  // may be empty
  std::vector<Course> courses_;   // future_.courses() of them, none for Future::one
  std::ptrdiff_t drawn_ = 0;      // length of the courses, decisions
  std::vector<Lane> lanes_;
};

/// The returns of one episode per seed, planned in the true simulator, in parallel. Episode k plans
/// with Rng(seeds[k], Stream::planner), so its return depends on its own seed alone. `progress`, if
/// given, is called after each decision with the number of decisions done and the total over all
/// episodes; any thread may call it, one at a time. With a `state_error` the planner starts from a state
/// that is off by normal noise, each number by so many times its standard deviation in the episode so
/// far; fresh noise for each decision, from Rng(seeds[k], Stream::agent).
std::vector<double> oracle_returns(const Env& prototype, const PlannerConfig& planner,
                                   std::span<const std::uint64_t> seeds,
                                   const std::function<void(int, int)>& progress = {},
                                   const FutureConfig& future = {}, double state_error = 0);
/// The same for uniformly random actions, from Rng(seeds[k], Stream::random_action).
std::vector<double> random_returns(const Env& prototype, std::span<const std::uint64_t> seeds);
/// The same for an agent that does nothing: zero actions.
std::vector<double> zero_returns(const Env& prototype, std::span<const std::uint64_t> seeds);

/// The planner of a task's oracle (options/recipes.hpp), overridden by the planner options that
/// were typed. The number of futures per candidate is read by read_future() (futures.hpp).
/// Error: apply_options(), PlannerConfig::check(); an option that is for a learned model.
PlannerConfig oracle_planner(const EnvSpec& spec, const std::vector<Assignment>& typed);

}  // namespace planet
