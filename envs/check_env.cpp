#include "envs/check_env.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "autograd/base/error.hpp"
#include "autograd/base/philox.hpp"

namespace planet {
namespace {

/// Everything visible of several consecutive decisions. Entry 0 of states and pictures is the
/// start.
struct Record {
  std::vector<std::vector<double>> states;
  std::vector<std::vector<std::uint8_t>> pictures;
  std::vector<double> rewards;
  bool terminated = false, truncated = false;
  bool operator==(const Record&) const = default;
  std::size_t decisions() const { return rewards.size(); }
};

class Checker {
 public:
  Checker(Env& env, const CheckEnvOptions& options) : env_(env), options_(options) {}
  std::vector<std::string> run();

 private:
  void sizes();
  void refuses_before_reset();
  void same_seed_same_episode();
  void seeds_differ();
  void picture_moves();
  void values_are_finite();
  void time_limit();
  void refuses_after_the_end();
  void bad_actions();
  void clips();
  void renders_without_traces();
  void clone_is_equal_and_apart();
  void state_round_trip();
  void snapshot_round_trip();
  void trace_adds_up();
  void chance_can_be_given();

  std::vector<double> action(Rng& rng) const {
    std::vector<double> out(static_cast<std::size_t>(env_.action_size()));
    for (double& a : out) a = rng.uniform(-1, 1);
    return out;
  }
  Rng action_stream() const { return Rng(options_.seed, Stream::check); }

  /// Up to `decisions` random decisions of `env` from its current state.
  Record play(Env& env, int decisions) const {
    Rng rng = action_stream();
    Record out;
    out.states.push_back(env.state());
    out.pictures.push_back(env.render());
    for (int t = 0; t < decisions && !out.terminated && !out.truncated; ++t) {
      const StepResult result = env.step(action(rng));
      out.rewards.push_back(result.reward);
      out.states.push_back(env.state());
      out.pictures.push_back(env.render());
      out.terminated = result.terminated, out.truncated = result.truncated;
    }
    return out;
  }
  /// Brings the environment a few decisions into an episode, or fewer if it would end.
  void walk_in(int decisions = 3) {
    env_.reset(options_.seed);
    Rng rng = action_stream();
    for (int t = 0; t < decisions && env_.can_be_copied(); ++t) {
      std::unique_ptr<Env> probe = env_.clone();
      const std::vector<double> a = action(rng);
      if (probe->step(a).done()) return;
      env_.step(a);
    }
  }
  static void check_reward(double reward, std::size_t decision) {
    require(std::isfinite(reward), "the reward of decision ", decision, " is not finite");
    require(std::abs(reward) <= std::numeric_limits<float>::max(), "the reward of decision ",
            decision, " is ", reward,
            ", more than a float, as which an episode keeps it, can hold");
  }
  static bool throws_error(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error&) {
      return true;
    }
    return false;
  }

  Env& env_;
  CheckEnvOptions options_;
};

std::vector<std::string> Checker::run() {
  struct Rule {
    const char* name;
    void (Checker::*check)();
    bool decisive = false;  // if it is broken, the rules after it cannot be checked
    bool copies = false;    // needs an environment that can be copied
  };
  static constexpr Rule rules[] = {
      {"sizes", &Checker::sizes, true},
      {"order", &Checker::refuses_before_reset},
      {"values", &Checker::values_are_finite, true},
      {"time limit", &Checker::time_limit, true},
      {"seed", &Checker::same_seed_same_episode},
      {"seed", &Checker::seeds_differ},
      {"picture", &Checker::picture_moves},
      {"order", &Checker::refuses_after_the_end},
      {"action", &Checker::bad_actions},
      {"action", &Checker::clips, false, true},
      {"render", &Checker::renders_without_traces, false, true},
      {"clone", &Checker::clone_is_equal_and_apart, false, true},
      {"set_state", &Checker::state_round_trip, false, true},
      {"snapshot", &Checker::snapshot_round_trip, false, true},
      {"step_traced", &Checker::trace_adds_up, false, true},
      {"step_with", &Checker::chance_can_be_given, false, true},
  };
  std::vector<std::string> broken;
  for (const Rule& rule : rules) {
    if (rule.copies && !env_.can_be_copied()) continue;
    try {
      (this->*rule.check)();
    } catch (const std::exception& e) {  // the rule's message, or what the environment threw
      broken.push_back(cat("[", rule.name, "] ", e.what()));
      if (rule.decisive) break;
    }
  }
  return broken;
}

void Checker::sizes() {
  require(!env_.name().empty(), "name() is empty");
  const auto positive = [](const char* what, int n) {
    require(n >= 1, what, "() is ", n, "; it must be at least 1");
  };
  positive("action_size", env_.action_size());
  positive("image_size", env_.image_size());
  positive("action_repeat", env_.action_repeat());
  positive("episode_length", env_.episode_length());
}

void Checker::refuses_before_reset() {
  Rng rng = action_stream();
  const std::vector<double> a = action(rng);
  require(throws_error([&] { env_.step(a); }),
          "step() before the first reset() must throw planet::Error (is this environment fresh?)");
}

void Checker::same_seed_same_episode() {
  env_.reset(options_.seed);
  const Record first = play(env_, options_.decisions);
  env_.reset();
  const Record second = play(env_, 3);
  env_.reset(options_.seed);
  const Record again = play(env_, options_.decisions);
  require(first.states[0] == again.states[0] && first.pictures[0] == again.pictures[0], "reset(",
          options_.seed, ") twice must give the same first state and picture");
  require(first == again, "the same seed and the same actions must give the same episode");
  env_.reset();
  require(play(env_, 3) == second,
          "after the same seed, the same reset() without a seed must follow");
}

void Checker::seeds_differ() {
  if (!options_.expect_variety) return;
  std::vector<Record> starts;
  for (std::uint64_t k = 0; k < 4; ++k) {
    env_.reset(options_.seed + k);
    starts.push_back(play(env_, 0));
  }
  env_.reset(options_.seed);
  env_.reset();  // continues the stream of the same seed: another episode
  starts.push_back(play(env_, 0));
  for (std::size_t i = 0; i < starts.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      require(starts[i].states[0] != starts[j].states[0] ||
                  starts[i].pictures[0] != starts[j].pictures[0],
              "different seeds, and a second reset(), must begin in different states");
}

void Checker::picture_moves() {
  if (!options_.expect_motion) return;
  env_.reset(options_.seed);
  const Record episode = play(env_, options_.decisions);
  require(std::any_of(episode.pictures.begin(), episode.pictures.end(),
                      [&](const auto& picture) { return picture != episode.pictures[0]; }),
          "the picture never changes within ", episode.decisions(),
          " decisions: there is nothing to learn from");
}

void Checker::values_are_finite() {
  env_.reset(options_.seed);
  const Record episode = play(env_, options_.decisions);
  const std::size_t entries = env_.state_names().size();
  for (std::size_t t = 0; t < episode.states.size(); ++t) {
    require(episode.states[t].size() == entries, "state() has ", episode.states[t].size(),
            " entries and state_names() ", entries);
    for (std::size_t i = 0; i < entries; ++i)
      require(std::isfinite(episode.states[t][i]), "entry ", i, " of state() is not finite after ",
              t, " decisions");
  }
  for (std::size_t t = 0; t < episode.rewards.size(); ++t) check_reward(episode.rewards[t], t + 1);
}

void Checker::time_limit() {
  env_.reset(options_.seed);
  Rng rng = action_stream();
  const int length = env_.episode_length();
  for (int t = 1; t <= length; ++t) {
    const StepResult result = env_.step(action(rng));
    check_reward(result.reward, static_cast<std::size_t>(t));
    require(!result.truncated || t == length, "truncated after ", t,
            " decisions, but episode_length() is ", length);
    if (result.terminated) return;
    require(result.truncated || t < length, "not truncated after the episode_length() of ", length,
            " decisions");
  }
}

void Checker::refuses_after_the_end() {
  env_.reset(options_.seed);
  Rng rng = action_stream();
  for (int t = 0; t < env_.episode_length(); ++t)
    if (env_.step(action(rng)).done()) break;
  const std::vector<double> a = action(rng);
  require(throws_error([&] { env_.step(a); }), "step() after the end must throw planet::Error");
  env_.reset();
  env_.step(a);  // a reset makes steps possible again
}

void Checker::bad_actions() {
  walk_in();
  const auto size = static_cast<std::size_t>(env_.action_size());
  const std::vector<double> more(size + 1, 0.0), none;
  std::vector<double> nan(size, 0.0);
  nan.back() = std::numeric_limits<double>::quiet_NaN();
  const EnvSnapshot before = env_.save();
  require(throws_error([&] { env_.step(more); }) && throws_error([&] { env_.step(none); }),
          "an action with a wrong number of entries must throw planet::Error");
  require(throws_error([&] { env_.step(nan); }), "an action with NaN must throw planet::Error");
  require(env_.save() == before, "a refused action must leave everything as it was");
}

void Checker::clips() {
  walk_in();
  const auto size = static_cast<std::size_t>(env_.action_size());
  for (const double sign : {-1.0, 1.0}) {
    const std::unique_ptr<Env> beyond = env_.clone(), at = env_.clone();
    const StepResult a = beyond->step(std::vector<double>(size, 3.5 * sign));
    const StepResult b = at->step(std::vector<double>(size, sign));
    require(a.reward == b.reward && beyond->state() == at->state(), "an action of ", 3.5 * sign,
            " must act as ", sign, " does");
  }
}

void Checker::renders_without_traces() {
  walk_in();
  const std::unique_ptr<Env> unseen = env_.clone();
  std::vector<std::uint8_t> first(env_.image_bytes(), 0), second(env_.image_bytes(), 255);
  const EnvSnapshot before = env_.save();
  env_.render(first);
  env_.render(second);
  require(env_.save() == before, "render() must not change the state or the random stream");
  require(first == second, "render() twice must give the same picture, and write every byte");
  std::vector<std::uint8_t> small(env_.image_bytes() - 1);
  require(throws_error([&] { env_.render(small); }),
          "render() into a buffer of a wrong size must throw planet::Error");
  Rng rng = action_stream();
  const std::vector<double> a = action(rng);
  require(env_.step(a).reward == unseen->step(a).reward && env_.state() == unseen->state(),
          "after render() the episode must go on as it would have without");
}

void Checker::clone_is_equal_and_apart() {
  walk_in();
  const std::unique_ptr<Env> copy = env_.clone();
  require(copy->save() == env_.save() && copy->render() == env_.render(),
          "clone() must copy state, clock and random stream");
  const EnvSnapshot before = env_.save();
  const Record theirs = play(*copy, options_.decisions);
  require(env_.save() == before, "stepping a clone must not move the original");
  require(play(env_, options_.decisions) == theirs, "a clone must go on as the original does");
  env_.reset();
  copy->reset();
  require(env_.state() == copy->state(), "a clone must copy the random stream");
}

// The other environment is advanced first, which exposes what state() leaves out.
void Checker::state_round_trip() {
  walk_in(5);
  const std::vector<double> state = env_.state();
  const std::unique_ptr<Env> other = env_.clone();
  play(*other, 4);
  const std::unique_ptr<Env> here = env_.clone();
  // Both at the same position of the same random stream.
  EnvSnapshot snapshot = other->save();
  snapshot.rng_position = here->save().rng_position;
  other->load(snapshot);
  other->set_state(state);
  require(other->state() == state, "state() after set_state(v) must be v, to the last bit");
  require(other->render() == here->render(), "set_state(state()) must give the same picture");
  Rng rng = action_stream();
  for (int t = 0; t < 3; ++t) {
    const std::vector<double> a = action(rng);
    const StepResult x = other->step(a), y = here->step(a);
    require(x.reward == y.reward && other->state() == here->state(),
            "after set_state(state()) the episode must go on equally: state() is incomplete");
    if (x.done() || y.done()) break;
  }
  std::vector<double> longer = state;
  longer.push_back(0);
  require(throws_error([&] { other->set_state(longer); }),
          "set_state() with a wrong number of entries must throw planet::Error");
}

void Checker::snapshot_round_trip() {
  walk_in();
  const EnvSnapshot saved = env_.save();
  const std::unique_ptr<Env> other = env_.clone();
  other->reset(options_.seed + 77);
  play(*other, 2);
  const Record truth = play(env_, env_.episode_length());
  other->load(saved);
  require(other->save() == saved, "save() after load(s) must be s");
  require(play(*other, env_.episode_length()) == truth,
          "after load() the episode must go on as it did after save()");
  env_.reset();
  other->reset();
  require(env_.state() == other->state(), "load() must restore the random stream");
}

void Checker::trace_adds_up() {
  walk_in();
  const std::unique_ptr<Env> plain = env_.clone();
  Rng rng = action_stream();
  const std::vector<double> a = action(rng);
  std::vector<ControlStep> trace(3);  // previous contents must be removed
  const StepResult traced = env_.step_traced(a, trace), truth = plain->step(a);
  double sum = 0;
  for (const ControlStep& step : trace) sum += step.reward;
  require(traced.reward == truth.reward && env_.state() == plain->state(),
          "step_traced() must do what step() does");
  require(!trace.empty() && trace.size() <= static_cast<std::size_t>(env_.action_repeat()) &&
              trace.back().state == env_.state() && std::abs(sum - traced.reward) <= 1e-12,
          "step_traced() must list each control step: the last state and the sum of the rewards"
          " are the decision's");
}

// Reads the numbers that step() is going to draw from the stream, and passes them to a clone.
void Checker::chance_can_be_given() {
  env_.reset(options_.seed);
  const std::unique_ptr<Env> given = env_.clone();
  const std::uint64_t before = given->save().rng_position;
  std::vector<double> w(static_cast<std::size_t>(env_.uniforms() * env_.action_repeat()));
  Rng rng = action_stream();
  for (int t = 0; t < options_.decisions; ++t) {
    const std::vector<double> a = action(rng);
    const EnvSnapshot now = env_.save();
    Rng stream(now.seed, Stream::env);
    stream.seek(now.rng_position);
    for (double& x : w) x = stream.uniform();
    const StepResult drawn = env_.step(a), told = given->step_with(a, w, nullptr);
    require(drawn.terminated || env_.save().rng_position == now.rng_position + w.size(),
            "a decision must draw action_repeat() times uniforms() numbers, ", w.size());
    require(given->save().rng_position == before,
            "step_with() must leave the random stream where it is");
    require(drawn.reward == told.reward && env_.state() == given->state(),
            "step_with() the numbers of the stream must do what step() does");
    if (drawn.done()) break;
  }
  w.push_back(0.5);
  env_.reset();
  const std::vector<double> a = action(rng);
  require(throws_error([&] { env_.step_with(a, w, nullptr); }),
          "step_with() a wrong count of numbers must throw planet::Error");
}

}  // namespace

std::vector<std::string> check_env(Env& env, const CheckEnvOptions& options) {
  return Checker(env, options).run();
}

}  // namespace planet
