#include "apps/studies/tools/lookahead.hpp"

#include <algorithm>
#include <cmath>

#include "apps/common/run/acting.hpp"
#include "apps/studies/tools/two_places.hpp"
#include "autograd/base/error.hpp"

namespace planet {
namespace {

// Indices into the state of the peg family.
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

// The state in each row of the episode that began from this seed, obtained by replaying it.
std::vector<std::vector<double>> states(Env& env, std::uint64_t seed, const Episode& episode) {
  env.reset(seed);
  std::vector<std::vector<double>> out{env.state()};
  const auto A = static_cast<std::size_t>(episode.action_size);
  for (std::size_t t = 1; t < static_cast<std::size_t>(episode.rows()); ++t) {
    env.step(std::span(episode.action).subspan(t * A, A));
    out.push_back(env.state());
  }
  return out;
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
  require(config.env == "peg_memory" || config.env == "peg_cued", "in ", config.env,
          " no ball goes left or right; one does in peg_catch, peg_memory, peg_cued and peg_dodge");
  return {8, 11 + hidden_steps(config)};
}

Lookaheads look_ahead(const RunConfig& config, int episodes) {
  const Steps steps = lookahead_steps(config);
  const std::unique_ptr<Env> env = make_env(config.env, config.make_env_options());
  require(env->action_repeat() == 1, "the action repeat is ", env->action_repeat(),
          "; looking ahead counts single control steps, so it must be 1");
  const Entry at = entries(*env);
  const auto ahead = static_cast<std::size_t>(steps.shown - steps.seen);
  Lookaheads out;
  for (std::size_t i = 0; i < static_cast<std::size_t>(episodes); ++i) {
    const std::uint64_t seed = first_evaluation_seed + i;
    out.episodes.push_back(random_episode(*env, seed));
    const std::vector<std::vector<double>> state = states(*env, seed, out.episodes.back());
    for (std::size_t t = 0; t + ahead < state.size(); ++t) {
      if (state[t][at.k] != steps.seen) continue;
      const std::vector<double>& then = state[t + ahead];
      out.moments.push_back({i, static_cast<std::ptrdiff_t>(t),
                             static_cast<std::ptrdiff_t>(t + ahead), then[at.x],
                             picture(*env, then, at, -1, config.model.image_bits),
                             picture(*env, then, at, +1, config.model.image_bits)});
    }
  }
  require(!out.moments.empty(), "no episode is long enough to look ahead to step ", steps.shown,
          " of a drop");
  return out;
}

}  // namespace planet
