#include "envs/tasks/peg.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/base/error.hpp"
#include "envs/physics.hpp"

namespace planet {
namespace {

constexpr double top = 0.9, fall = 0.09;  // height at which a drop begins, and fall per step
constexpr double paddle_limit = 0.8;

double side_of(double w) { return w < 0.5 ? -1 : 1; }

constexpr double height(int k) { return top - fall * k; }  // at the usual speed

}  // namespace

void Peg::start(Rng& rng) {
  x_ = 0, y_ = top, vx_ = 0, k_ = 0;
  p_ = rng.uniform(-rules_.start_range, rules_.start_range);
  cue_ = rules_.cued ? side_of(rng.uniform()) : 0;
}

TaskStep Peg::step(std::span<const double> action, std::span<const double> w) {
  const double side = side_of(w[0]);
  return {rules_.cued ? advance(action[0], cue_, side) : advance(action[0], side, 0), false};
}

double Peg::advance(double u, double side, double cue) {
  p_ = std::clamp(p_ + rules_.paddle_speed * u, -paddle_limit, paddle_limit);
  k_ += 1;
  // A longer screen is passed more slowly; 8/hidden is a power of two, so the product is exact.
  const double pace = behind_screen(k_) ? 8.0 / rules_.hidden : 1.0;
  x_ += vx_ * pace;
  y_ -= fall * pace;
  if (k_ == rules_.peg_step) vx_ = rules_.side_speed * side;
  if (k_ == drop_steps()) {
    x_ = 0, y_ = top, vx_ = 0, k_ = 0;
    cue_ = cue;
  }
  return reward();
}

double Peg::reward() const {
  if (k_ < drop_steps() - rules_.reward_steps) return 0;
  if (rules_.avoid) return std::clamp((std::abs(x_ - p_) - 0.20) / 0.15, 0.0, 1.0);
  return physics::tolerance(x_ - p_, -0.2, 0.2, 0.4);
}

void Peg::draw(Scene& scene) const {
  constexpr double edge = 1.1;  // half the view
  scene.clear();
  scene.look_at({0, 0}, 2 * edge);
  scene.disc({0, height(rules_.peg_step) - 0.18}, 0.07, palette::rail);
  scene.disc({x_, y_}, 0.13, palette::tip);
  if (rules_.screen) {
    constexpr double upper = height(9) + 0.14, lower = height(16) - 0.14;
    scene.box({0, (upper + lower) / 2}, {edge, (upper - lower) / 2}, palette::screen);
  }
  scene.box({p_, -0.98}, {0.2, 0.07}, rules_.avoid ? palette::opponent : palette::agent);
  if (rules_.cued && k_ <= 1) scene.disc({0.7 * cue_, top}, 0.15, palette::lamp);
}

std::vector<double> Peg::state() const { return {x_, y_, vx_, p_, static_cast<double>(k_), cue_}; }

void Peg::set_state(std::span<const double> state) {
  const double x = state[0], y = state[1], vx = state[2], p = state[3], k = state[4],
               cue = state[5];
  const double V = rules_.side_speed;
  // Full sideways steps in a drop: those after the peg, where the `hidden` ones count as eight.
  const double farthest = V * (20 - rules_.peg_step) + 1e-9;
  const double lowest = height(20) - 1e-9;
  require(k >= 0 && k < drop_steps() && k == std::floor(k), "[", rules_.name, "] k is ", k,
          "; it is a whole number of steps between 0 and ", drop_steps() - 1);
  require(std::abs(x) <= farthest, "[", rules_.name, "] x is ", x,
          "; no ball is farther from the middle than ", V * (20 - rules_.peg_step));
  require(y >= lowest && y <= top, "[", rules_.name, "] y is ", y, "; a ball falls from ", top,
          " to ", height(20));
  require(vx == 0 || std::abs(std::abs(vx) - V) <= 1e-9, "[", rules_.name, "] vx is ", vx,
          "; it is 0, or ", V, " to either side");
  require(std::abs(p) <= paddle_limit, "[", rules_.name, "] p is ", p,
          "; the paddle stays between ", -paddle_limit, " and ", paddle_limit);
  require(rules_.cued ? std::abs(cue) == 1 : cue == 0, "[", rules_.name, "] cue is ", cue,
          rules_.cued ? "; it is -1 or 1" : "; this task has no cue, it is 0");
  x_ = x, y_ = y, vx_ = vx, p_ = p, k_ = static_cast<int>(k), cue_ = cue;
}

// ---- the four tasks ----------------------------------------------------------------------------

namespace {

constexpr PegRules catch_rules{};

constexpr PegRules memory_rules(int hidden) {
  PegRules rules;
  rules.name = "peg_memory";
  rules.screen = true;
  rules.hidden = hidden;
  return rules;
}

constexpr PegRules cued_rules(int hidden) {
  PegRules rules = memory_rules(hidden);
  rules.name = "peg_cued";
  rules.cued = true;
  return rules;
}

constexpr PegRules dodge_rules() {
  PegRules rules;
  rules.name = "peg_dodge";
  rules.peg_step = 14;
  rules.side_speed = 0.5 / 6;
  rules.paddle_speed = 0.03;
  rules.reward_steps = 3;
  rules.avoid = true;
  rules.start_range = 0.4;
  return rules;
}

int hidden_of(const TaskValues& values) { return static_cast<int>(values.number("hidden")); }

// Five and five sevenths of a drop, however long it is: 120, 165 or 257 control steps.
int memory_time_limit(const TaskValues& values) { return 120 * (13 + hidden_of(values)) / 21; }

EnvSpec family_spec(const PegRules& rules, const char* description) {
  EnvSpec spec;
  spec.name = rules.name;
  spec.description = description;
  spec.time_limit = 120;
  spec.action_repeat = 1;
  spec.dt = 0.1;
  spec.view = 2.2;
  spec.max_return = 20;
  return spec;
}

EnvSpec screened_spec(const PegRules& rules, const char* description) {
  EnvSpec spec = family_spec(rules, description);
  spec.options = {
      {"hidden", "8", "steps that the ball is behind the screen", {"8", "16", "32"}, 0, 0, false}};
  spec.time_limit_with = memory_time_limit;
  return spec;
}

}  // namespace

EnvSpec peg_catch_spec() {
  EnvSpec spec = family_spec(catch_rules, "catch a ball that bounces left or right off a peg");
  // The maximum is used for the oracle: every informed planner is within 6 % of it.
  spec.scale = ScoreScale{{6.9, 4.0, 200}, {20, 0, 20}};
  spec.make_task = [](const TaskValues&) -> std::unique_ptr<Task> {
    return std::make_unique<Peg>(catch_rules);
  };
  return spec;
}

EnvSpec peg_memory_spec() {
  EnvSpec spec =
      screened_spec(memory_rules(8), "catch the ball after it has passed behind a screen");
  spec.scale = ScoreScale{{6.9, 4.0, 200}, {18.9, 0.8, 20}};
  spec.make_task = [](const TaskValues& values) -> std::unique_ptr<Task> {
    return std::make_unique<Peg>(memory_rules(hidden_of(values)));
  };
  return spec;
}

EnvSpec peg_cued_spec() {
  EnvSpec spec = screened_spec(
      cued_rules(8), "the same, and a lamp tells the side at the start: memory without chance");
  spec.scale = ScoreScale{{7.0, 4.1, 200}, {20, 0, 20}};
  spec.make_task = [](const TaskValues& values) -> std::unique_ptr<Task> {
    return std::make_unique<Peg>(cued_rules(hidden_of(values)));
  };
  return spec;
}

EnvSpec peg_dodge_spec() {
  EnvSpec spec =
      family_spec(dodge_rules(), "keep a slow paddle away from a ball that bounces left or right");
  spec.time_limit = 200;
  spec.max_return = 27;
  spec.scale = ScoreScale{{18.2, 4.8, 200}, {27.0, 0.1, 20}};
  spec.make_task = [](const TaskValues&) -> std::unique_ptr<Task> {
    return std::make_unique<Peg>(dodge_rules());
  };
  return spec;
}

}  // namespace planet
