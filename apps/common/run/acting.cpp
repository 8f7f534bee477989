#include "apps/common/run/acting.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>
#include <thread>

#include "apps/common/console/console.hpp"
#include "apps/common/console/interrupt.hpp"
#include "apps/common/run/ranks.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"

namespace planet {
namespace {

void begin(Episode& episode, const Env& env, std::span<const std::uint8_t> frame) {
  episode.begin(env.image_size(), env.action_size(), frame.data());
}

// One decision: acts, observes, and adds the step to the episode. Returns the step's result.
StepResult play(Env& env, std::span<const float> action, Episode& episode,
                std::span<std::uint8_t> frame) {
  const StepResult result = env.step(action);
  env.render(frame);
  episode.append(action.data(), result.reward, frame.data());
  episode.terminated = result.terminated;
  episode.truncated = result.truncated;
  return result;
}

CollectedEpisode finish(Episode episode, const Env& env) {
  CollectedEpisode c;
  c.decisions = episode.rows() - 1;
  c.env_frames = static_cast<std::int64_t>(env.save().control_steps);
  c.episode = std::move(episode);
  return c;
}

std::uint32_t substream(std::int64_t episode) { return static_cast<std::uint32_t>(episode); }

// An episode of an evaluation in progress, with its own environment and agent.
class Evaluated {
 public:
  Evaluated(const WorldModel& model, const RunConfig& config, std::uint64_t seed)
      : env_(make_env(config.env, config.make_env_options())),
        agent_(model, config.planner,
               AgentStreams::evaluating(config.seed,
                                        static_cast<std::uint32_t>(seed - first_evaluation_seed))) {
    env_->reset(seed);
    frame_ = env_->render();
    begin(episode, *env_, frame_);
  }

  bool over() const { return last_.done(); }
  void decide() {
    last_ = play(*env_, agent_.act(frame_, 0.0), episode, frame_);
    sum += last_.reward;
  }
  /// The same, and what the agent thought.
  Decision watch() {
    Decision d;
    d.number = made();
    agent_.trace(&d.trace);
    decide();
    agent_.trace(nullptr);
    d.h.assign(agent_.h().begin(), agent_.h().end());
    d.s.assign(agent_.s().begin(), agent_.s().end());
    d.plan = agent_.plan();
    return d;
  }
  std::int64_t made() const { return episode.rows() - 1; }  // decisions so far
  int length() const { return env_->episode_length(); }

  Episode episode;
  double sum = 0;

 private:
  std::unique_ptr<Env> env_;
  MpcAgent agent_;
  std::vector<std::uint8_t> frame_;
  StepResult last_;
};

}  // namespace

void Evaluation::summarise(const EnvSpec& spec, const EnvOptions& options) {
  const auto n = static_cast<double>(returns.size());
  double sum = 0, squares = 0;
  for (const double r : returns) sum += r;
  mean = sum / n;
  for (const double r : returns) squares += (r - mean) * (r - mean);
  std = std::sqrt(squares / n);
  score = env_score(spec, options, mean);
}

std::uint64_t training_env_seed(std::uint64_t run_seed, std::int64_t episode) {
  return Rng(run_seed, Stream::training_env, substream(episode)).bits() | std::uint64_t{1} << 63;
}

namespace {

Episode play_random(Env& env, std::uint64_t env_seed, Rng rng) {
  env.reset(env_seed);
  std::vector<std::uint8_t> frame = env.render();
  std::vector<float> action(static_cast<std::size_t>(env.action_size()));
  Episode e;
  begin(e, env, frame);
  StepResult result;
  while (!result.done()) {
    for (float& a : action) a = static_cast<float>(rng.uniform(-1, 1));
    result = play(env, action, e, frame);
  }
  return e;
}

}  // namespace

CollectedEpisode collect_random(Env& env, const RunConfig& config, std::int64_t episode) {
  const Rng rng(config.seed, Stream::random_action, substream(episode));
  return finish(play_random(env, training_env_seed(config.seed, episode), rng), env);
}

Episode random_episode(Env& env, std::uint64_t env_seed) {
  return play_random(env, env_seed, Rng(env_seed, Stream::random_action));
}

std::optional<CollectedEpisode> collect(Env& env, MpcAgent& agent, const RunConfig& config,
                                        std::int64_t episode, Limits& limits) {
  const std::uint32_t k = substream(episode);
  agent.streams() = {Rng(config.seed, Stream::agent, k), Rng(config.seed, Stream::planner, k),
                     Rng(config.seed, Stream::explore, k)};
  agent.reset();
  env.reset(training_env_seed(config.seed, episode));
  std::vector<std::uint8_t> frame = env.render();
  Episode e;
  begin(e, env, frame);
  StepResult result;
  while (!result.done()) {
    if (limits.no_room_for_decision()) return std::nullopt;
    const double start = process_seconds();
    result = play(env, agent.act(frame, config.action_noise), e, frame);
    limits.measured_decision(process_seconds() - start);
  }
  return finish(std::move(e), env);
}

std::optional<Evaluation> evaluate(const WorldModel& model, const RunConfig& config, int episodes,
                                   std::uint64_t first_seed, const EvaluationProgress& progress,
                                   Ranks& ranks) {
  const double start = process_seconds();
  const auto n = static_cast<std::size_t>(episodes);
  Evaluation e;
  for (std::size_t k = 0; k < n; ++k) e.seeds.push_back(first_seed + k);
  e.returns.resize(n);
  e.episodes.resize(n);
  std::atomic<bool> stopped = false;
  std::atomic<std::int64_t> decisions = 0;
  const auto caller = std::this_thread::get_id();
  const int turns = (episodes + ranks.size() - 1) / ranks.size();  // each of one episode a rank
  const int mine = (episodes - ranks.rank() + ranks.size() - 1) / ranks.size();
  parallel_nested(mine, [&](std::ptrdiff_t i) {
    const auto k = static_cast<std::size_t>(i * ranks.size() + ranks.rank());
    Evaluated played(model, config, e.seeds[k]);
    while (!played.over() && !interrupted()) {
      if (k == 0 && played.made() == std::min(20, played.length() / 2)) e.decision = played.watch();
      else played.decide();
      const std::int64_t made = ++decisions;
      if (progress && std::this_thread::get_id() == caller) progress(made, mine * played.length());
    }
    if (!played.over()) stopped = true;
    e.returns[k] = played.sum;
    e.episodes[k] = std::move(played.episode);
  });
  if (ranks.any(stopped)) return std::nullopt;
  if (ranks.size() > 1) {
    ranks.sum_few(e.returns);  // of each number all but one rank have 0
    for (int turn = 0; turn < turns; ++turn) {
      const auto first = static_cast<std::size_t>(turn * ranks.size());
      const std::size_t k = first + static_cast<std::size_t>(ranks.rank());
      std::optional<CollectedEpisode> own;
      if (k < n) own.emplace().episode = std::move(e.episodes[k]);
      std::vector<CollectedEpisode> all = hand_round(ranks, std::move(own));
      for (std::size_t r = 0; r < all.size(); ++r)
        e.episodes[first + r] = std::move(all[r].episode);
    }
  }
  e.summarise(env_spec(config.env), config.make_env_options());
  e.seconds = process_seconds() - start;
  return e;
}

std::optional<WatchedEpisode> watch_decision(const WorldModel& model, const RunConfig& config,
                                             std::uint64_t seed, std::int64_t number) {
  Evaluated played(model, config, seed);
  while (played.made() < number) {
    if (interrupted()) return std::nullopt;
    played.decide();
    require(!played.over(), "--decisions is ", number, ", but the episode from seed ", seed,
            " ends after ", played.made());
  }
  WatchedEpisode out{played.episode, {}};
  out.decision = played.watch();
  return out;
}

double estimate_evaluation(const WorldModel& model, const RunConfig& config, int episodes) {
  std::vector<double> seconds(static_cast<std::size_t>(episodes));
  parallel_nested(episodes, [&](std::ptrdiff_t i) {
    const auto k = static_cast<std::size_t>(i);
    Evaluated played(model, config, first_evaluation_seed + k);
    played.decide();  // not timed: the first decision warms up memory and caches
    const double start = process_seconds();
    played.decide();
    const int side_by_side = inside_a_loop() ? std::min(threads(), episodes) : 1;
    seconds[k] = (process_seconds() - start) * played.length() / side_by_side;
  });
  return std::accumulate(seconds.begin(), seconds.end(), 0.0);
}

}  // namespace planet
