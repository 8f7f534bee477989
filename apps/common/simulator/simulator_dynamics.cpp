#include "apps/common/simulator/simulator_dynamics.hpp"

#include <algorithm>

#include "apps/common/options/recipes.hpp"
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

// The seed that the stream has at this place.
std::uint64_t seed_of(const Rng& rng, std::uint64_t position) {
  const PhiloxCounter words = rng.block(position);
  return std::uint64_t{words[0]} << 32 | words[1];
}

// Episodes whose actions are drawn number by number, whatever is seen.
template <class Draw>
std::vector<double> unplanned_returns(const Env& prototype, std::span<const std::uint64_t> seeds,
                                      Draw&& draw) {
  std::vector<std::unique_ptr<Env>> envs = begin_episodes(prototype, seeds);
  std::vector<double> returns;
  std::vector<double> action(static_cast<std::size_t>(prototype.action_size()));
  for (std::size_t k = 0; k < envs.size(); ++k) {
    Rng rng(seeds[k], Stream::random_action);
    StepResult step;
    double sum = 0;
    while (!step.done()) {
      for (double& a : action) a = draw(rng);
      step = envs[k]->step(std::span<const double>(action));
      sum += step.reward;
    }
    returns.push_back(sum);
  }
  return returns;
}

}  // namespace

SimulatorDynamics::SimulatorDynamics(const Env& prototype, const FutureConfig& future)
    : future_(future), prototype_(imagined_world(prototype, future.future)) {
  require(future.samples >= 1, "[SimulatorDynamics] samples is ", future.samples,
          "; a candidate is played at least once");
}

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
  starts_.clear(), recorded_.clear();
  drawn_ = 0;
  for (const auto& env : envs) add(*env);
}

void SimulatorDynamics::start(const Env& env, std::span<const double> recorded) {
  starts_.clear();
  recorded_.assign(recorded.begin(), recorded.end());
  drawn_ = 0;
  add(env);
}

void SimulatorDynamics::draw_courses(std::ptrdiff_t H, std::span<Rng> rngs) {
  const auto numbers = static_cast<std::size_t>(H) *
                       static_cast<std::size_t>(prototype_->uniforms()) *
                       static_cast<std::size_t>(prototype_->action_repeat());
  courses_.clear();
  for (std::size_t b = 0; b < starts_.size(); ++b)
    for (int n = 0; n < future_.courses(); ++n)
      courses_.push_back(draw_course(*prototype_, future_.future, starts_[b], recorded_, numbers,
                                     Rng(seed_of(rngs[b], rngs[b].take(1)), Stream::env)));
  drawn_ = H;
}

void SimulatorDynamics::imagine(const Candidates& c, std::span<Rng> rngs, double* returns) {
  require(c.B == beliefs(), "[SimulatorDynamics] candidates for ", c.B, " states, but start() had ",
          beliefs());
  require(c.samples == 1, "[SimulatorDynamics] ", c.samples,
          " samples a candidate were asked for; it plays one");
  const bool own = future_.future == Future::one;
  places_.assign(rngs.begin(), rngs.end());
  if (own)
    for (Rng& rng : rngs) rng.take(static_cast<std::uint64_t>(c.J));
  else if (drawn_ != c.H) draw_courses(c.H, rngs);

  const std::ptrdiff_t chunks = (c.J + candidates_at_once - 1) / candidates_at_once;
  const std::ptrdiff_t items = c.B * chunks, lanes = std::min(items, most_lanes);
  while (static_cast<std::ptrdiff_t>(lanes_.size()) < lanes)
    lanes_.push_back({prototype_->clone(), {}, std::vector<double>(static_cast<std::size_t>(c.A))});
  parallel_for(lanes, [&](std::ptrdiff_t l) {
    Lane& lane = lanes_[static_cast<std::size_t>(l)];
    for (std::ptrdiff_t i = l; i < items; i += lanes) {
      const auto b = static_cast<std::size_t>(i / chunks);
      const std::ptrdiff_t begin = i % chunks * candidates_at_once;
      const Rng& place = places_[b];
      for (std::ptrdiff_t j = begin; j < std::min(begin + candidates_at_once, c.J); ++j) {
        const Candidate candidate{c.at(i / chunks, 0, j), c.J * c.A, c.H};
        const std::uint64_t position = place.position() + static_cast<std::uint64_t>(j);
        returns[i / chunks * c.J + j] =
            own ? in_own_future(lane, candidate, b, seed_of(place, position))
                : in_courses(lane, candidate, b);
      }
    }
  });
}

double SimulatorDynamics::in_own_future(Lane& lane, const Candidate& candidate, std::size_t b,
                                        std::uint64_t seed) const {
  lane.snapshot = starts_[b];
  lane.snapshot.seed = seed;
  lane.snapshot.rng_position = 0;
  return play(lane, candidate, lane.snapshot, nullptr);
}

double SimulatorDynamics::in_courses(Lane& lane, const Candidate& candidate, std::size_t b) const {
  const auto N = static_cast<std::size_t>(future_.courses());
  double sum = 0;
  for (const Course& course : std::span(courses_).subspan(b * N, N))
    sum += play(lane, candidate, course.start, &course.chance);
  return sum / static_cast<double>(N);
}

double SimulatorDynamics::play(Lane& lane, const Candidate& candidate, const EnvSnapshot& start,
                               const std::vector<double>* chance) const {
  lane.env->load(start);
  const std::size_t numbers =
      chance == nullptr ? 0 : chance->size() / static_cast<std::size_t>(candidate.H);
  double sum = 0;
  for (std::ptrdiff_t t = 0; t < candidate.H; ++t) {
    std::copy_n(candidate.actions + t * candidate.stride, lane.action.size(), lane.action.begin());
    const std::span<const double> action = lane.action;
    const StepResult step =
        chance == nullptr ? lane.env->step(action)
                          : lane.env->step_with(action,
                                                std::span(*chance).subspan(
                                                    static_cast<std::size_t>(t) * numbers, numbers),
                                                nullptr);
    sum += step.reward;
    if (step.done()) break;
  }
  return sum;
}

// ---- the two ends of the score -----------------------------------------------------------------

std::vector<double> oracle_returns(const Env& prototype, const PlannerConfig& planner,
                                   std::span<const std::uint64_t> seeds,
                                   const std::function<void(int, int)>& progress,
                                   const FutureConfig& future) {
  std::vector<std::unique_ptr<Env>> envs = begin_episodes(prototype, seeds);
  std::vector<Rng> rngs;
  std::vector<std::size_t> episode;  // of the environments that still play
  for (const std::uint64_t seed : seeds) {
    episode.push_back(rngs.size());
    rngs.emplace_back(seed, Stream::planner);
  }
  SimulatorDynamics dynamics(prototype, future);
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
  return unplanned_returns(prototype, seeds, [](Rng& rng) { return rng.uniform(-1, 1); });
}

std::vector<double> zero_returns(const Env& prototype, std::span<const std::uint64_t> seeds) {
  return unplanned_returns(prototype, seeds, [](Rng&) { return 0.0; });
}

PlannerConfig oracle_planner(const EnvSpec& spec, const std::vector<Assignment>& typed) {
  RunConfig config;
  config.planner = recipe_of(spec.name).oracle;
  put_over(config, typed);
  config.planner.check();
  require(config.planner.start_state == "shared", "--start-state ", config.planner.start_state,
          " is for a learned model: the planner in the true simulator knows the state");
  return config.planner;
}

}  // namespace planet
