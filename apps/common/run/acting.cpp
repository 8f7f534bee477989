#include "apps/common/run/acting.hpp"

#include <algorithm>
#include <cmath>

#include "apps/common/console/console.hpp"
#include "apps/common/console/interrupt.hpp"
#include "autograd/base/error.hpp"

namespace planet {
namespace {

void begin(Episode& episode, const Env& env, std::span<const std::uint8_t> frame) {
  episode.begin(env.image_size(), env.action_size(), frame.data());
}

// One decision: acts, looks, remembers. Returns what the step brought.
StepResult play(Env& env, std::span<const float> action, Episode& episode,
                std::span<std::uint8_t> frame) {
  const StepResult result = env.step(action);
  env.render(frame);
  episode.append(action.data(), result.reward, frame.data());
  episode.terminated = result.terminated;
  episode.truncated = result.truncated;
  return result;
}

Collected finish(Episode episode, const Env& env) {
  Collected c;
  c.decisions = episode.rows() - 1;
  c.env_frames = static_cast<std::int64_t>(env.save().control_steps);
  c.episode = std::move(episode);
  return c;
}

std::uint32_t substream(std::int64_t episode) { return static_cast<std::uint32_t>(episode); }

// The environments and frames of an evaluation, side by side.
struct Side {
  std::unique_ptr<Env> env;
  Episode episode;
  double sum = 0;
  bool over = false;
};

std::vector<Side> start_evaluation(const RunConfig& config, int episodes, std::uint64_t seed,
                                   std::vector<std::uint8_t>& frames) {
  std::vector<Side> sides(static_cast<std::size_t>(episodes));
  for (Side& side : sides) {
    side.env = make_env(config.env, config.make_env_options());
    side.env->reset(seed++);
    frames.resize(sides.size() * side.env->image_bytes());
  }
  for (std::size_t i = 0; i < sides.size(); ++i) {
    const std::size_t n = sides[i].env->image_bytes();
    const std::span<std::uint8_t> frame(frames.data() + i * n, n);
    sides[i].env->render(frame);
    begin(sides[i].episode, *sides[i].env, frame);
  }
  return sides;
}

MpcAgent evaluation_agent(const WorldModel<float>& model, const RunConfig& config, int episodes,
                          std::uint64_t first_seed) {
  std::vector<AgentStreams> streams;
  const auto first = static_cast<std::uint32_t>(first_seed - first_evaluation_seed);
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(episodes); ++i)
    streams.push_back(AgentStreams::evaluating(config.seed, first + i));
  return MpcAgent(model, config.planner, std::move(streams));
}

// One decision of every episode that is not over. False when all are.
bool evaluate_decision(MpcAgent& agent, std::vector<Side>& sides,
                       std::vector<std::uint8_t>& frames) {
  const std::span<const float> actions = agent.act(frames, 0.0);
  const std::size_t A = actions.size() / sides.size(), n = frames.size() / sides.size();
  bool any = false;
  for (std::size_t i = 0; i < sides.size(); ++i) {
    Side& side = sides[i];
    if (side.over) continue;
    const StepResult r = play(*side.env, actions.subspan(i * A, A), side.episode,
                              std::span<std::uint8_t>(frames.data() + i * n, n));
    side.sum += r.reward;
    side.over = r.done();
    if (side.over) agent.retire(static_cast<std::ptrdiff_t>(i));
    any = any || !side.over;
  }
  return any;
}

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

Collected collect_random(Env& env, const RunConfig& config, std::int64_t episode) {
  const Rng rng(config.seed, Stream::random_action, substream(episode));
  return finish(play_random(env, training_env_seed(config.seed, episode), rng), env);
}

Episode random_episode(Env& env, std::uint64_t env_seed) {
  return play_random(env, env_seed, Rng(env_seed, Stream::random_action));
}

std::optional<Collected> collect(Env& env, MpcAgent& agent, const RunConfig& config,
                                 std::int64_t episode, Limits& limits) {
  const std::uint32_t k = substream(episode);
  agent.streams(0) = {Rng(config.seed, Stream::agent, k), Rng(config.seed, Stream::planner, k),
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

std::optional<Evaluation> evaluate(const WorldModel<float>& model, const RunConfig& config,
                                   int episodes, std::uint64_t first_seed) {
  const double start = process_seconds();
  std::vector<std::uint8_t> frames;
  std::vector<Side> sides = start_evaluation(config, episodes, first_seed, frames);
  MpcAgent agent = evaluation_agent(model, config, episodes, first_seed);
  while (evaluate_decision(agent, sides, frames))
    if (interrupted()) return std::nullopt;
  Evaluation e;
  for (Side& side : sides) {
    e.seeds.push_back(first_seed + e.seeds.size());
    e.returns.push_back(side.sum);
    e.episodes.push_back(std::move(side.episode));
  }
  e.summarise(env_spec(config.env), config.make_env_options());
  e.seconds = process_seconds() - start;
  return e;
}

double estimate_evaluation(const WorldModel<float>& model, const RunConfig& config, int episodes) {
  std::vector<std::uint8_t> frames;
  std::vector<Side> sides = start_evaluation(config, episodes, first_evaluation_seed, frames);
  MpcAgent agent = evaluation_agent(model, config, episodes, first_evaluation_seed);
  evaluate_decision(agent, sides, frames);  // the first one warms up: memory, caches
  const double start = process_seconds();
  evaluate_decision(agent, sides, frames);
  return (process_seconds() - start) * sides.front().env->episode_length();
}

}  // namespace planet
