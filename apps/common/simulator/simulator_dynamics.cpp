#include "apps/common/simulator/simulator_dynamics.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "apps/common/options/recipes.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"
#include "planner/make_planner.hpp"

namespace planet {
namespace {

// Small chunks of candidates keep all threads busy to the end.
constexpr std::ptrdiff_t candidates_at_once = 16;
constexpr std::ptrdiff_t most_lanes = 64;

std::unique_ptr<Env> begin_episode(const Env& prototype, std::uint64_t seed) {
  std::unique_ptr<Env> env = prototype.clone();
  env->reset(seed);
  return env;
}

// The seed that the stream yields at this position.
std::uint64_t seed_of(const Rng& rng, std::uint64_t position) {
  const PhiloxCounter words = rng.block(position);
  return std::uint64_t{words[0]} << 32 | words[1];
}

// Episodes whose actions are drawn number by number, independently of the observations.
template <class Draw>
std::vector<double> unplanned_returns(const Env& prototype, std::span<const std::uint64_t> seeds,
                                      Draw&& draw) {
  std::vector<double> returns;
  std::vector<double> action(static_cast<std::size_t>(prototype.action_size()));
  for (const std::uint64_t seed : seeds) {
    const std::unique_ptr<Env> env = begin_episode(prototype, seed);
    Rng rng(seed, Stream::random_action);
    StepResult step;
    double sum = 0;
    while (!step.done()) {
      for (double& a : action) a = draw(rng);
      step = env->step(std::span<const double>(action));
      sum += step.reward;
    }
    returns.push_back(sum);
  }
  return returns;
}

// An environment as somebody sees it who knows its state only roughly.
class RoughView {
 public:
  RoughView(double error, Rng noise) : error_(error), noise_(noise) {}

  // To be called once for each decision. Valid until the next call.
  const Env& of(const Env& env) {
    if (error_ == 0) return env;
    std::vector<double> state = env.state();
    mean_.resize(state.size()), squares_.resize(state.size());
    ++seen_;
    for (std::size_t i = 0; i < state.size(); ++i) {  // Welford's update of mean and variance
      const double apart = state[i] - mean_[i];
      mean_[i] += apart / seen_;
      squares_[i] += apart * (state[i] - mean_[i]);
      state[i] += error_ * std::sqrt(squares_[i] / seen_) * noise_.normal();
    }
    view_ = env.clone();
    view_->set_state(state);
    return *view_;
  }

 private:
  double error_;
  Rng noise_;
  int seen_ = 0;
  std::vector<double> mean_, squares_;
  std::unique_ptr<Env> view_;
};

}  // namespace

SimulatorDynamics::SimulatorDynamics(const Env& prototype, const FutureConfig& future)
    : future_(future), prototype_(imagined_world(prototype, future.future)) {
  require(future.samples >= 1, "[SimulatorDynamics] samples is ", future.samples,
          "; a candidate is played at least once");
}

void SimulatorDynamics::start(const Env& env, std::span<const double> recorded) {
  EnvSnapshot now = env.save();
  require(now.phase == EnvSnapshot::Phase::running, "[", env.name(),
          "] a plan begins within an episode; call reset() first");
  require(env.action_size() == prototype_->action_size() && env.name() == prototype_->name(), "[",
          env.name(), "] with ", env.action_size(), " actions was given to a planner for ",
          prototype_->name(), " with ", prototype_->action_size());
  now.control_steps = 0;  // plans ignore the time limit
  start_ = std::move(now);
  recorded_.assign(recorded.begin(), recorded.end());
  drawn_ = 0;
}

void SimulatorDynamics::draw_courses(std::ptrdiff_t H, Rng& rng) {
  const auto numbers = static_cast<std::size_t>(H) *
                       static_cast<std::size_t>(prototype_->uniforms()) *
                       static_cast<std::size_t>(prototype_->action_repeat());
  courses_.clear();
  for (int n = 0; n < future_.courses(); ++n)
    courses_.push_back(draw_course(*prototype_, future_.future, *start_, recorded_, numbers,
                                   Rng(seed_of(rng, rng.take(1)), Stream::env)));
  drawn_ = H;
}

void SimulatorDynamics::imagine(const Candidates& c, Rng& rng, double* returns) {
  require(start_.has_value(), "[SimulatorDynamics] there is no state to plan from; call start() ",
          "first");
  require(c.samples == 1, "[SimulatorDynamics] ", c.samples,
          " samples per candidate were asked for; it plays one");
  const bool own = future_.future == Future::one;
  const Rng place = rng;
  if (own) rng.take(static_cast<std::uint64_t>(c.J));
  else if (drawn_ != c.H) draw_courses(c.H, rng);

  const std::ptrdiff_t chunks = (c.J + candidates_at_once - 1) / candidates_at_once;
  const std::ptrdiff_t lanes = loops_are_serial() ? 1 : std::min(chunks, most_lanes);
  while (static_cast<std::ptrdiff_t>(lanes_.size()) < lanes)
    lanes_.push_back({prototype_->clone(), {}, std::vector<double>(static_cast<std::size_t>(c.A))});
  parallel_for(lanes, [&](std::ptrdiff_t l) {
    Lane& lane = lanes_[static_cast<std::size_t>(l)];
    for (std::ptrdiff_t i = l; i < chunks; i += lanes) {
      const std::ptrdiff_t begin = i * candidates_at_once;
      for (std::ptrdiff_t j = begin; j < std::min(begin + candidates_at_once, c.J); ++j) {
        const Candidate candidate{c.at(0, j), c.J * c.A, c.H};
        const std::uint64_t position = place.position() + static_cast<std::uint64_t>(j);
        returns[j] = own ? in_own_future(lane, candidate, seed_of(place, position))
                         : in_courses(lane, candidate);
      }
    }
  });
}

double SimulatorDynamics::in_own_future(Lane& lane, const Candidate& candidate,
                                        std::uint64_t seed) const {
  lane.snapshot = *start_;
  lane.snapshot.seed = seed;
  lane.snapshot.rng_position = 0;
  return play(lane, candidate, lane.snapshot, nullptr);
}

double SimulatorDynamics::in_courses(Lane& lane, const Candidate& candidate) const {
  double sum = 0;
  for (const Course& course : courses_) sum += play(lane, candidate, course.start, &course.chance);
  return sum / static_cast<double>(courses_.size());
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
                                   const FutureConfig& future, double state_error) {
  const int length = prototype.episode_length(), all = length * static_cast<int>(seeds.size());
  const auto A = static_cast<std::size_t>(prototype.action_size());
  std::vector<double> returns(seeds.size());
  int done = 0;  // number of decisions so far
  std::mutex guard;
  parallel_nested(static_cast<std::ptrdiff_t>(seeds.size()), [&](std::ptrdiff_t i) {
    const auto k = static_cast<std::size_t>(i);
    const std::unique_ptr<Env> env = begin_episode(prototype, seeds[k]);
    SimulatorDynamics dynamics(prototype, future);
    const std::unique_ptr<Planner> search = make_planner(planner);
    Rng rng(seeds[k], Stream::planner);
    RoughView view(state_error, Rng(seeds[k], Stream::agent));
    StepResult step;
    for (int t = 0; !step.done(); ++t) {
      dynamics.start(view.of(*env));
      const Plan& plan = search->plan(dynamics, rng);
      step = env->step(std::span<const float>(plan.actions.data(), A));
      returns[k] += step.reward;
      const std::lock_guard lock(guard);
      done += step.done() ? length - t : 1;
      if (progress) progress(done, all);
    }
  });
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
  apply_options(config, typed);
  config.planner.check();
  require(config.planner.start_state == "shared", "--start-state ", config.planner.start_state,
          " is for a learned model: the planner in the true simulator knows the state");
  return config.planner;
}

}  // namespace planet
