#include "apps/common/bridge/bridge.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <sstream>

#include "autograd/base/philox.hpp"
#include "envs/numbers.hpp"

namespace planet {

extern const char* const gym_env_script;  // the text of apps/gym_env.py, from CMake

namespace {

/// What a process says when it has started: "planet 1 T low high low high ...".
struct Greeting {
  int time_limit = 0;             // control steps after which its episodes end; 0: it has no limit
  std::vector<double> low, high;  // [A], bounds of the actions
};

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

// A number that a float holds, as which an episode keeps its rewards; nothing for any other word.
std::optional<double> finite(const std::string& word) {
  const std::optional<double> x = parse_number(word);
  return x && std::abs(*x) <= std::numeric_limits<float>::max() ? x : std::nullopt;
}

Greeting read_greeting(Child& child) {
  const std::string line = child.line();
  const auto wrong = [&] {
    child.refuse(line,
                 "'planet 1 T low high ...' (version, control steps of an episode or 0, two bounds "
                 "for each number of an action)");
  };
  const std::vector<std::string> words = words_of(line);
  if (words.size() < 5 || words.size() % 2 == 0 || words[0] != "planet" || words[1] != "1") wrong();
  Greeting g;
  const double limit = finite(words[2]).value_or(-1);
  if (limit < 0 || limit > 1e6 || limit != std::floor(limit)) wrong();
  g.time_limit = static_cast<int>(limit);
  for (std::size_t i = 3; i < words.size(); i += 2) {
    const std::optional<double> low = finite(words[i]), high = finite(words[i + 1]);
    if (!low || !high || !(*low < *high)) wrong();
    g.low.push_back(*low), g.high.push_back(*high);
  }
  return g;
}

struct Player {
  Child child;
  Greeting greeting;
  explicit Player(const std::string& name, const std::vector<std::string>& argv, double patience)
      : child(name, argv, patience), greeting(read_greeting(child)) {}
};

/// The processes that play no episode at the moment.
class IdlePlayers {
 public:
  using Argv = std::vector<std::string>;

  std::unique_ptr<Player> take(const std::string& name, const Argv& argv, double patience) {
    std::unique_ptr<Player> found;
    {
      const std::lock_guard lock(guard_);
      if (owner_ != getpid()) {
        for (auto& [of, player] : idle_) player->child.leave();
        idle_.clear();
        owner_ = getpid();
      }
      std::erase_if(idle_, [&](const auto& entry) { return entry.first != argv; });
      if (!idle_.empty()) {
        found = std::move(idle_.back().second);
        idle_.pop_back();
      }
    }
    if (!found) return std::make_unique<Player>(name, argv, patience);
    found->child.be_patient(patience);
    return found;
  }
  void give(const Argv& argv, std::unique_ptr<Player> player) {
    const std::lock_guard lock(guard_);
    idle_.emplace_back(argv, std::move(player));
  }

 private:
  std::mutex guard_;
  pid_t owner_ = getpid();  // a forked process has no part in its parent's
  std::vector<std::pair<Argv, std::unique_ptr<Player>>> idle_;
};

IdlePlayers& idle_players() {
  static IdlePlayers all;
  return all;
}

constexpr const char* factor_option = "reward_factor";
constexpr int usual_limit = 1000;  // control steps, where the environment has no limit

struct Settings {
  std::string name;
  std::vector<std::string> argv;
  int image_size = 0, action_repeat = 1, time_limit = 0;
  double reward_factor = 1, patience = 0;
};

class BridgedEnv final : public Env {
 public:
  explicit BridgedEnv(Settings settings) : s_(std::move(settings)) {
    player_ = idle_players().take(s_.name, s_.argv, s_.patience);
    greeting_ = player_->greeting;
    rest();
    const int own = greeting_.time_limit;
    require(own == 0 || s_.time_limit <= own, "[", s_.name, "] time_limit is ", s_.time_limit,
            ", and its episodes end after ", own, " control steps");
    if (s_.time_limit == 0) s_.time_limit = own > 0 ? own : usual_limit;
    require(s_.action_repeat <= s_.time_limit, "[", s_.name, "] action_repeat is ",
            s_.action_repeat, "; it lies between 1 and the ", s_.time_limit,
            " control steps of an episode");
  }
  ~BridgedEnv() override { rest(); }

  std::string name() const override { return s_.name; }
  int action_size() const override { return static_cast<int>(greeting_.low.size()); }
  int image_size() const override { return s_.image_size; }
  int action_repeat() const override { return s_.action_repeat; }
  int episode_length() const override { return s_.time_limit / s_.action_repeat; }
  std::vector<std::string> state_names() const override { return {}; }

  void reset(std::optional<std::uint64_t> seed) override {
    require(seed || clock_.seeded != 0, "[", s_.name,
            "] the first reset needs a seed: reset(1). Later ones may go on without");
    if (seed) clock_.seed = *seed, clock_.rng_position = 0, clock_.seeded = 1;
    const std::uint64_t k = clock_.rng_position++;
    const std::uint64_t own =
        k == 0 ? clock_.seed : Rng(clock_.seed, Stream::env, static_cast<std::uint32_t>(k)).bits();
    if (!player_) player_ = idle_players().take(s_.name, s_.argv, s_.patience);
    clock_.control_steps = 0, clock_.phase = Phase::running;
    picture_.clear();
    talk([&](Child& child) {
      child.ask(cat("reset ", own));
      if (const std::string line = child.line(); line != "ok") child.refuse(line, "'ok'");
    });
  }

  using Env::step;
  StepResult step(std::span<const double> action) override { return decide(action, nullptr); }
  StepResult step_traced(std::span<const double> action, std::vector<ControlStep>& trace) override {
    return decide(action, &trace);
  }

  using Env::render;
  void render(std::span<std::uint8_t> pixels) const override {
    require(clock_.phase != Phase::unstarted, "[", s_.name, "] render() before the first reset()");
    require(pixels.size() == image_bytes(), "[", s_.name, "] a picture takes ", image_bytes(),
            " bytes, the buffer has ", pixels.size());
    see();
    std::ranges::copy(picture_, pixels.begin());
  }

  bool can_be_copied() const override { return false; }
  std::vector<double> state() const override { return {}; }
  void set_state(std::span<const double>) override { out_of_reach(); }
  std::unique_ptr<Env> clone() const override {
    if (clock_.phase != Phase::unstarted) out_of_reach();
    return std::make_unique<BridgedEnv>(s_);
  }
  EnvSnapshot save() const override { return clock_; }
  void load(const EnvSnapshot&) override { out_of_reach(); }

 private:
  using Phase = EnvSnapshot::Phase;

  [[noreturn]] void out_of_reach() const {
    fail("[", s_.name,
         "] the state of a process can be neither read nor set, so that no planner can look ahead "
         "in it and no episode begins in the middle");
  }

  // A process that has failed plays no further episode.
  template <class Talk>
  void talk(Talk&& with) const {
    try {
      require(player_ != nullptr, "[", s_.name, "] its process has failed; call reset()");
      with(player_->child);
    } catch (const EnvLost&) {
      player_.reset();
      throw;
    }
  }

  void rest() {
    if (player_) idle_players().give(s_.argv, std::move(player_));
  }

  void see() const {
    if (!picture_.empty()) return;
    talk([&](Child& child) {
      child.ask("picture");
      const std::string line = child.line(),
                        right = cat("P6 ", s_.image_size, " ", s_.image_size, " 255");
      if (line != right) child.refuse(line, cat("'", right, "' and the bytes of such a picture"));
      std::vector<std::uint8_t> picture(image_bytes());
      child.bytes(picture);
      picture_ = std::move(picture);
    });
  }

  StepResult decide(std::span<const double> action, std::vector<ControlStep>* trace) {
    require(clock_.phase != Phase::unstarted, "[", s_.name, "] step() before the first reset()");
    require(clock_.phase != Phase::ended, "[", s_.name,
            "] step() after the episode's end; call reset()");
    const std::string words = in_its_units(action);
    if (trace != nullptr) trace->clear();
    picture_.clear();
    StepResult result;
    for (int r = 0; r < s_.action_repeat && !result.done(); ++r) {
      const double reward = s_.reward_factor * control_step(words, result);
      ++clock_.control_steps;
      result.reward += reward;
      if (trace != nullptr) trace->push_back({{}, reward});
    }
    if (clock_.control_steps >=
        static_cast<std::uint64_t>(episode_length()) * static_cast<std::uint64_t>(s_.action_repeat))
      result.truncated = true;
    if (!result.done()) return result;
    see();  // the last picture, before another episode has the process
    clock_.phase = Phase::ended;
    rest();
    return result;
  }

  // "step" and the action, from [-1, 1] to its bounds.
  std::string in_its_units(std::span<const double> action) const {
    const std::size_t A = greeting_.low.size();
    require(action.size() == A, "[", s_.name, "] an action has ", A, " entries, this one has ",
            action.size());
    std::string words = "step";
    for (std::size_t i = 0; i < A; ++i) {
      require(!std::isnan(action[i]), "[", s_.name, "] entry ", i, " of the action is NaN");
      const double share = (std::clamp(action[i], -1.0, 1.0) + 1) / 2;
      words += " " + number_text((1 - share) * greeting_.low[i] + share * greeting_.high[i]);
    }
    return words;
  }

  double control_step(const std::string& words, StepResult& result) {
    double reward = 0;
    talk([&](Child& child) {
      child.ask(words);
      const std::string line = child.line();
      const std::vector<std::string> said = words_of(line);
      const auto flag = [](const std::string& word) { return word == "0" || word == "1"; };
      const std::optional<double> number = said.empty() ? std::nullopt : finite(said[0]);
      if (said.size() != 3 || !number || !flag(said[1]) || !flag(said[2]))
        child.refuse(line, "a finite reward and 0 or 1 for terminated and for truncated");
      reward = *number;
      result.terminated = said[1] == "1";
      result.truncated = said[2] == "1";
    });
    return reward;
  }

  Settings s_;
  Greeting greeting_;
  mutable std::unique_ptr<Player> player_;     // while an episode is played
  mutable std::vector<std::uint8_t> picture_;  // of the present state, once it was asked for
  EnvSnapshot clock_;  // without a state; rng_position counts the resets since the seed
};

// The shell's words for a name: its command, and behind it the size of the picture and the options. The
// shell does not stay, so that it is the program's end that is seen.
std::vector<std::string> argv_of(std::string_view name) {
  const auto behind = [&](std::string_view prefix) {
    return std::string(name.starts_with(prefix) ? name.substr(prefix.size()) : "");
  };
  if (const std::string gym = behind("gym:"); !gym.empty())
    return {"/bin/sh", "-c", "exec python3 -c \"$0\" \"$@\"", gym_env_script, gym};
  if (const std::string command = behind("command:"); !command.empty())
    return {"/bin/sh", "-c", "exec " + command + " \"$@\"", "sh"};
  return {};
}

}  // namespace

const EnvSpec& find_env(std::string_view name) {
  const auto known = [&](const EnvSpec& spec) { return spec.name == name; };
  const std::vector<std::string> argv = argv_of(name);
  if (argv.empty() || std::ranges::any_of(list_envs(), known)) return env_spec(name);
  EnvSpec spec;
  spec.name = name;
  spec.description = name.starts_with("gym:") ? cat(name.substr(4), " of Gymnasium")
                                              : cat("what ", name.substr(8), " plays");
  spec.dt = 1.0 / 30;  // it is shown with thirty control steps per second
  spec.options = {{factor_option, "1", "factor of every reward", {}, 1e-9, 1e9}};
  spec.make_own = [argv, own = spec.name](const EnvOptions& options) -> std::unique_ptr<Env> {
    Settings s{own,
               argv,
               options.image_size,
               std::max(1, options.action_repeat),
               options.time_limit,
               1,
               options.patience};
    s.argv.push_back(cat(s.image_size));
    for (const auto& [key, value] : options.values) {
      if (key == factor_option) s.reward_factor = parse_number(value).value_or(1);
      else s.argv.push_back(cat(key, "=", value));
    }
    return std::make_unique<BridgedEnv>(std::move(s));
  };
  register_env(std::move(spec));
  return env_spec(name);
}

}  // namespace planet
