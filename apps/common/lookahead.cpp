#include "apps/common/lookahead.hpp"

#include <algorithm>
#include <cmath>

#include "apps/common/acting.hpp"
#include "apps/common/two_places.hpp"
#include "autograd/base/error.hpp"

namespace planet {
namespace {

// What stands where in the state of the peg family.
struct Entry {
  std::size_t x, vx, k;
};
Entry entries(const Env& env) {
  const std::vector<std::string> names = env.state_names();
  const auto at = [&](const char* name) {
    const auto found = std::find(names.begin(), names.end(), name);
    require(found != names.end(), env.name(), " has no state '", name, "'");
    return static_cast<std::size_t>(found - names.begin());
  };
  return {at("x"), at("vx"), at("k")};
}

// An episode, and the state in each of its rows.
struct Witnessed {
  Episode episode;
  std::vector<std::vector<double>> state;
};

Witnessed play(Env& env, std::uint64_t seed) {
  Rng rng(seed, Stream::random_action);
  env.reset(seed);
  Witnessed w;
  w.state.push_back(env.state());
  w.episode.begin(env.image_size(), env.action_size(), env.render().data());
  std::vector<float> action(static_cast<std::size_t>(env.action_size()));
  StepResult result;
  while (!result.done()) {
    for (float& a : action) a = static_cast<float>(rng.uniform(-1, 1));
    result = env.step(action);
    w.state.push_back(env.state());
    w.episode.append(action.data(), result.reward, env.render().data());
  }
  w.episode.truncated = result.truncated;
  return w;
}

// The picture of `state` with the ball on this side.
std::vector<float> picture(Env& env, std::vector<double> state, const Entry& at, int side,
                           int bits) {
  state[at.x] = side * std::abs(state[at.x]);
  state[at.vx] = side * std::abs(state[at.vx]);
  env.set_state(state);
  return seen(Image(env.image_size(), env.image_size(), env.render()), bits);
}

}  // namespace

int hidden_steps(const RunConfig& config) {
  const std::vector<TaskOption>& options = env_spec(config.env).options;
  const auto hidden = std::find_if(options.begin(), options.end(),
                                   [](const TaskOption& o) { return o.name == "hidden"; });
  if (hidden == options.end()) return 0;
  const auto given = config.env_options.find("hidden");
  return std::stoi(given == config.env_options.end() ? hidden->default_value : given->second);
}

Steps lookahead_steps(const RunConfig& config) {
  if (config.env == "peg_catch") return {7, 11};
  if (config.env == "peg_dodge") return {14, 18};
  require(
      config.env == "peg_memory" || config.env == "peg_cued", "in ", config.env,
      " no ball goes left or right; there is one in peg_catch, peg_memory, peg_cued, peg_dodge");
  return {8, 11 + hidden_steps(config)};
}

HeldOut held_out(const RunConfig& config, int episodes) {
  const Steps steps = lookahead_steps(config);
  const std::unique_ptr<Env> env = make_env(config.env, config.make_env_options());
  require(env->action_repeat() == 1, "the action repeat is ", env->action_repeat(),
          "; looking ahead counts single control steps, it must be 1");
  const Entry at = entries(*env);
  HeldOut out;
  for (std::size_t i = 0; i < static_cast<std::size_t>(episodes); ++i) {
    Witnessed w = play(*env, first_evaluation_seed + i);
    for (std::size_t t = 0; t < w.state.size(); ++t) {
      const std::size_t shown = t + static_cast<std::size_t>(steps.shown - steps.seen);
      if (w.state[t][at.k] != steps.seen || shown >= w.state.size()) continue;
      const std::vector<double>& then = w.state[shown];
      out.lookaheads.push_back({i, static_cast<std::ptrdiff_t>(t),
                                static_cast<std::ptrdiff_t>(shown), then[at.x],
                                picture(*env, then, at, -1, config.model.image_bits),
                                picture(*env, then, at, +1, config.model.image_bits)});
    }
    out.episodes.push_back(std::move(w.episode));
  }
  require(!out.lookaheads.empty(), "no episode is long enough to look ahead to step ", steps.shown,
          " of a drop");
  return out;
}

}  // namespace planet
