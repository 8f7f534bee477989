// check_env finds every planted fault, and none in a correct environment.
#include "envs/check_env.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "autograd/base/error.hpp"
#include "envs/registry.hpp"
#include "envs/task_env.hpp"
#include "tests/envs/support.hpp"

using namespace planet;

namespace {

enum class Fault {
  none,
  no_action_size,
  steps_before_reset,
  ignores_the_seed,
  one_start_for_all_seeds,
  noise_from_nowhere,
  picture_stands_still,
  reward_not_finite,
  reward_not_finite_late,
  reward_beyond_float,
  state_of_another_size,
  state_not_finite,
  ends_too_soon,
  never_ends,
  steps_after_the_end,
  takes_any_action_size,
  takes_nan,
  does_not_clip,
  render_draws_numbers,
  render_moves_the_state,
  render_leaves_bytes,
  render_takes_any_buffer,
  clone_is_shared,
  clone_forgets_the_stream,
  state_is_incomplete,
  state_is_rounded,
  snapshot_forgets_the_stream,
  snapshot_forgets_the_clock,
  trace_is_unsummed,
  draws_more_than_it_says,
  given_numbers_move_the_stream,
  given_numbers_are_ignored,
  takes_any_count_of_numbers,
};

/// A correct environment, wrapped to show one fault.
class Faulty final : public Env {
 public:
  explicit Faulty(Fault fault, const char* name = "pendulum_swingup")
      : Faulty(fault, make_small(name)) {}

  static std::shared_ptr<Env> make_small(const char* name) {
    EnvOptions options;
    options.image_size = 16;
    options.time_limit = 40;
    options.action_repeat = 2;
    return make_env(name, options);
  }

  std::string name() const override { return "faulty"; }
  int action_size() const override { return is(Fault::no_action_size) ? 0 : 1; }
  int image_size() const override { return inner_->image_size(); }
  int action_repeat() const override { return inner_->action_repeat(); }
  int episode_length() const override {
    return inner_->episode_length() + (is(Fault::ends_too_soon) ? 2
                                       : is(Fault::never_ends)  ? -2
                                                                : 0);
  }
  std::vector<std::string> state_names() const override { return inner_->state_names(); }

  void reset(std::optional<std::uint64_t> seed) override {
    ++resets_;
    hidden_ = 0;
    if (is(Fault::ignores_the_seed)) seed = static_cast<std::uint64_t>(resets_);
    if (is(Fault::one_start_for_all_seeds)) seed = 1;
    inner_->reset(seed);
    started_ = true, ended_ = false;
  }

  StepResult step(std::span<const double> action) override {
    std::vector<double> a(action.begin(), action.end());
    if (is(Fault::takes_any_action_size)) a.resize(1);
    if (is(Fault::takes_nan) && a.size() == 1 && std::isnan(a[0])) a[0] = 0;
    if (is(Fault::steps_before_reset) && !started_) return {};
    if (is(Fault::steps_after_the_end) && ended_) return {};
    StepResult result = inner_->step(a);
    if (is(Fault::noise_from_nowhere)) result.reward += 1e-12 * ++noise_source();
    if (is(Fault::does_not_clip)) result.reward += 0.01 * action[0];
    if (is(Fault::reward_not_finite)) result.reward = std::numeric_limits<double>::quiet_NaN();
    if (is(Fault::reward_beyond_float)) result.reward = -1e40;
    if (is(Fault::reward_not_finite_late) && ++hidden_ == 18)
      result.reward = std::numeric_limits<double>::infinity();
    if (is(Fault::draws_more_than_it_says)) draw_one();
    if (is(Fault::state_is_incomplete)) result.reward += 0.01 * ++hidden_;
    ended_ = result.done();
    return result;
  }

  int uniforms() const override { return inner_->uniforms(); }
  StepResult step_with(std::span<const double> action, std::span<const double> w,
                       std::vector<ControlStep>* trace) override {
    const std::vector<double> other(w.size(), 0.9);
    if (is(Fault::given_numbers_are_ignored)) w = other;
    const std::size_t takes = static_cast<std::size_t>(uniforms() * action_repeat());
    if (is(Fault::takes_any_count_of_numbers)) w = w.first(std::min(w.size(), takes));
    const StepResult result = inner_->step_with(action, w, trace);
    if (is(Fault::given_numbers_move_the_stream)) draw_one();
    return result;
  }

  StepResult step_traced(std::span<const double> action, std::vector<ControlStep>& trace) override {
    const StepResult result = inner_->step_traced(action, trace);
    if (is(Fault::trace_is_unsummed)) trace.front().reward = 0;
    return result;
  }

  void render(std::span<std::uint8_t> pixels) const override {
    if (is(Fault::render_draws_numbers)) draw_one();
    if (is(Fault::render_moves_the_state)) {
      EnvSnapshot s = inner_->save();
      s.state[0] += 1e-9;
      inner_->load(s);
    }
    if (is(Fault::render_takes_any_buffer) && pixels.size() != image_bytes()) return;
    const std::uint8_t last = pixels.empty() ? std::uint8_t{0} : pixels.back();
    inner_->render(pixels);
    if (is(Fault::picture_stands_still)) std::ranges::fill(pixels, std::uint8_t{7});
    if (is(Fault::render_leaves_bytes)) pixels.back() = last;
  }

  std::vector<double> state() const override {
    std::vector<double> s = inner_->state();
    if (is(Fault::state_of_another_size)) s.push_back(0);
    if (is(Fault::state_not_finite)) s[1] = std::numeric_limits<double>::quiet_NaN();
    return s;
  }
  void set_state(std::span<const double> state) override {
    std::vector<double> s(state.begin(), state.end());
    if (is(Fault::state_is_rounded))
      for (double& v : s) v = static_cast<double>(static_cast<float>(v));
    inner_->set_state(s);
    started_ = true, ended_ = false;
  }
  std::unique_ptr<Env> clone() const override {
    std::shared_ptr<Env> inner = is(Fault::clone_is_shared) ? inner_ : inner_->clone();
    auto copy = std::unique_ptr<Faulty>(new Faulty(fault_, inner));
    copy->started_ = started_, copy->ended_ = ended_;
    copy->hidden_ = hidden_, copy->resets_ = resets_;
    if (is(Fault::clone_forgets_the_stream)) {
      EnvSnapshot s = inner->save();
      s.seed = 99;
      inner->load(s);
    }
    return copy;
  }
  EnvSnapshot save() const override {
    EnvSnapshot s = inner_->save();
    if (is(Fault::clone_forgets_the_stream)) s.seed = 0;  // so that the snapshot does not show it
    if (is(Fault::snapshot_forgets_the_clock)) s.control_steps = 0;
    return s;
  }
  void load(const EnvSnapshot& snapshot) override {
    EnvSnapshot s = snapshot;
    if (is(Fault::snapshot_forgets_the_stream)) s.seed += 1;
    inner_->load(s);
    started_ = true, ended_ = false;
  }

 private:
  Faulty(Fault fault, std::shared_ptr<Env> inner) : fault_(fault), inner_(std::move(inner)) {}
  bool is(Fault fault) const { return fault_ == fault; }
  void draw_one() const {
    EnvSnapshot s = inner_->save();
    ++s.rng_position;
    inner_->load(s);
  }
  static int& noise_source() {
    static int count = 0;
    return count;
  }

  Fault fault_;
  std::shared_ptr<Env> inner_;
  bool started_ = false, ended_ = false;
  int resets_ = 0, hidden_ = 0;
};

struct Planted {
  Fault fault;
  std::string sentence;  // part of what check_env must say
};

const Planted planted[] = {
    {Fault::no_action_size, "[sizes] action_size() is 0"},
    {Fault::steps_before_reset, "[order] step() before the first reset()"},
    {Fault::ignores_the_seed, "[seed] reset(1) twice"},
    {Fault::one_start_for_all_seeds, "[seed] different seeds"},
    {Fault::noise_from_nowhere, "[seed] the same seed and the same actions"},
    {Fault::picture_stands_still, "[picture] the picture never changes"},
    {Fault::reward_not_finite, "[values] the reward of decision 1"},
    {Fault::reward_beyond_float, "[values] the reward of decision 1 is -1e+40, more than a float"},
    {Fault::reward_not_finite_late, "[time limit] the reward of decision 18 is not finite"},
    {Fault::state_of_another_size, "[values] state() has 3 entries and state_names() 2"},
    {Fault::state_not_finite, "[values] entry 1 of state()"},
    {Fault::ends_too_soon, "[time limit] truncated after 20 decisions"},
    {Fault::never_ends, "[time limit] not truncated after"},
    {Fault::steps_after_the_end, "[order] step() after the end"},
    {Fault::takes_any_action_size, "[action] an action with a wrong number of entries"},
    {Fault::takes_nan, "[action] an action with NaN"},
    {Fault::does_not_clip, "[action] an action of -3.5 must act as -1"},
    {Fault::render_draws_numbers, "[render] render() must not change"},
    {Fault::render_moves_the_state, "[render] render() must not change"},
    {Fault::render_leaves_bytes, "[render] render() twice"},
    {Fault::render_takes_any_buffer, "[render] render() into a buffer of a wrong size"},
    {Fault::clone_is_shared, "[clone] stepping a clone must not move the original"},
    {Fault::clone_forgets_the_stream, "[clone] a clone must copy the random stream"},
    {Fault::state_is_incomplete, "[set_state] after set_state(state()) the episode must go on"},
    {Fault::state_is_rounded, "[set_state] state() after set_state(v) must be v"},
    {Fault::snapshot_forgets_the_stream, "[snapshot]"},
    {Fault::snapshot_forgets_the_clock, "[snapshot] after load() the episode must go on"},
    {Fault::trace_is_unsummed, "[step_traced] step_traced() must list each control step"},
    {Fault::draws_more_than_it_says, "[step_with] a decision must draw"},
    {Fault::given_numbers_move_the_stream, "[step_with] step_with() must leave the random stream"},
    {Fault::given_numbers_are_ignored, "[step_with] step_with() the numbers of the stream"},
    {Fault::takes_any_count_of_numbers, "[step_with] step_with() a wrong count"},
};

}  // namespace

TEST_CASE("check_env finds every planted fault") {
  for (const Planted& plant : planted) {
    CAPTURE(plant.sentence);
    const bool of_chance = test::contains(plant.sentence, "[step_with]");
    Faulty env(plant.fault, of_chance ? "duel" : "pendulum_swingup");
    CheckEnvOptions options;
    if (plant.fault == Fault::reward_not_finite_late) options.decisions = 10;
    const std::vector<std::string> broken = check_env(env, options);
    std::string all;
    for (const std::string& rule : broken) all += rule + "\n";
    CAPTURE(all);
    CHECK(test::contains(all, plant.sentence));
    // A fault that makes everything else wrong as well is reported once.
    if (test::contains(plant.sentence, "[values]") ||
        test::contains(plant.sentence, "[time limit]"))
      CHECK(broken.size() == 1);
  }
}

// A user's task with the three most common mistakes.
class Mistaken final : public Task {
 public:
  enum class Mistake { none, nan_reward, wrong_size, throws };
  explicit Mistaken(Mistake mistake) : mistake_(mistake) {}
  std::string name() const override { return "mistaken"; }
  int action_size() const override { return 1; }
  std::vector<std::string> state_names() const override { return {"x"}; }
  void start(Rng& rng) override { x_ = rng.uniform(); }
  TaskStep step(std::span<const double> u, std::span<const double>) override {
    require(mistake_ != Mistake::throws || u[0] < 0.5, "the wheel came off");
    x_ += 0.1 * u[0];
    return {mistake_ == Mistake::nan_reward ? std::sqrt(-1 - x_ * x_) : 1 / (1 + x_ * x_), false};
  }
  void draw(Scene& scene) const override { scene.disc({x_, 0}, 0.2, palette::tip); }
  std::vector<double> state() const override {
    return mistake_ == Mistake::wrong_size ? std::vector<double>{x_, 0} : std::vector<double>{x_};
  }
  void set_state(std::span<const double> s) override { x_ = s[0]; }
  std::unique_ptr<Task> clone() const override { return std::make_unique<Mistaken>(*this); }

 private:
  Mistake mistake_;
  double x_ = 0;
};

TEST_CASE("check_env says in one sentence what is wrong with a task") {
  using Mistake = Mistaken::Mistake;
  const auto said = [](Mistake mistake) {
    TaskEnv env(std::make_unique<Mistaken>(mistake), {16, 2, 60, 0});
    return check_env(env);
  };
  CHECK(said(Mistake::none).empty());
  const std::vector<std::string> nan = said(Mistake::nan_reward), size = said(Mistake::wrong_size),
                                 throws = said(Mistake::throws);
  REQUIRE(nan.size() == 1);
  CHECK(nan[0] == "[values] the reward of decision 1 is not finite");
  REQUIRE(size.size() == 1);
  CHECK(size[0] == "[values] state() has 2 entries and state_names() 1");
  REQUIRE(throws.size() == 1);
  CHECK(test::contains(throws[0], "the wheel came off"));
}

TEST_CASE("check_env accepts the same environment without a fault") {
  for (const char* name : {"pendulum_swingup", "duel"}) {
    Faulty env(Fault::none, name);
    for (const std::string& rule : check_env(env)) FAIL_CHECK(name << ": " << rule);
  }
}

TEST_CASE("check_env notices that an environment is not fresh") {
  const auto env = make_env("pendulum_swingup");
  env->reset(1);
  const auto broken = check_env(*env);
  REQUIRE(broken.size() == 1);
  CHECK(test::contains(broken[0], "is this environment fresh"));
}

TEST_CASE("what check_env expects of starts and motion can be switched off") {
  CheckEnvOptions options;
  options.expect_variety = false;
  Faulty same(Fault::one_start_for_all_seeds);
  for (const std::string& rule : check_env(same, options))
    CHECK_FALSE(test::contains(rule, "different seeds"));
  options = {};
  options.expect_motion = false;
  Faulty still(Fault::picture_stands_still);
  CHECK(check_env(still, options).empty());
}
