#include "envs/tasks/duel.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "autograd/base/error.hpp"

namespace planet {
namespace {

constexpr double rest = 0.5;   // the opponent's resting place
constexpr double reach = 0.3;  // a smaller gap is contact
constexpr double corner = -1;  // the agent's end of the bar, where a hit puts it
constexpr int stun_steps = 12;

// offset[phase]; phases 7..10 do not exist.
constexpr std::array<double, 17> offset{0, -0.35, -0.7, -0.7, -0.5, -0.3, -0.1, 0,  0,
                                        0, 0,     0.12, 0.25, 0.35, 0.35, 0.2,  0.1};

// Linear between (0, 1), (0.7, 0.95) and (1.2, 0); constant beyond.
double reward_of(double gap) {
  if (gap <= 0.7) return 1 + (0.95 - 1) / 0.7 * gap;
  return std::max(0.0, 0.95 + (0 - 0.95) / (1.2 - 0.7) * (gap - 0.7));
}

}  // namespace

void Duel::start(Rng& rng) {
  x_ = rng.uniform(-1, -0.8);
  phase_ = 0, stun_ = 0;
}

int Duel::next_phase(int phase, double start, double kind) {
  if (phase == 0) return start < 0.2 ? (kind < 0.5 ? 1 : 11) : 0;
  return phase == 6 || phase == 16 ? 0 : phase + 1;
}

double Duel::place(int phase) { return rest + offset[static_cast<std::size_t>(phase)]; }

TaskStep Duel::step(std::span<const double> action, std::span<const double> w) {
  phase_ = next_phase(phase_, w[0], w[1]);
  return {meet(action[0], place(phase_), lunging(phase_)), false};
}

double Duel::meet(double u, double o, bool hostile) {
  if (stun_ == 0) x_ = std::clamp(x_ + 0.1 * u, corner, rest);
  stun_ = std::max(stun_ - 1, 0);
  const bool near = o - x_ < reach;
  const bool hit = near && hostile && stun_ == 0;
  if (near && !hostile) x_ = o - reach;  // a calm opponent is a wall
  const double gap = std::max(rest - x_ - reach, 0.0);
  const double reward = hit || stun_ > 0 ? 0 : reward_of(gap);
  x_ = hit ? corner : std::max(x_, corner);
  if (hit) stun_ = stun_steps;
  return reward;
}

void Duel::draw(Scene& scene) const {
  constexpr double edge = 1.25;  // half the view
  const double light = stun_ > 0 ? 0.5 : 1;
  Rgb agent = palette::agent;
  for (double& channel : agent) channel *= light;
  scene.clear();
  scene.look_at({0, 0}, 2 * edge);
  scene.box({0, -0.22}, {edge, 0.05}, palette::rail);
  scene.disc({place(phase_), 0}, 0.15, palette::opponent);
  scene.disc({x_, 0}, 0.15, agent);
}

std::vector<double> Duel::state() const {
  return {x_, static_cast<double>(phase_), static_cast<double>(stun_)};
}

void Duel::set_state(std::span<const double> state) {
  const double x = state[0], phase = state[1], stun = state[2];
  require(x >= corner && x <= rest, "[duel] x is ", x, "; the agent stays between ", corner,
          " and ", rest);
  require(
      phase == std::floor(phase) && ((phase >= 0 && phase <= 6) || (phase >= 11 && phase <= 16)),
      "[duel] phase is ", phase, "; it is 0 at rest, 1 to 6 in a lunge, 11 to 16 in a step back");
  require(stun == std::floor(stun) && stun >= 0 && stun <= stun_steps, "[duel] stun is ", stun,
          "; it is a whole number of steps between 0 and ", stun_steps);
  x_ = x, phase_ = static_cast<int>(phase), stun_ = static_cast<int>(stun);
}

EnvSpec duel_spec() {
  EnvSpec spec;
  spec.name = "duel";
  spec.description = "stand close to an opponent who may lunge at you or step back";
  spec.time_limit = 150;
  spec.action_repeat = 1;
  spec.dt = 0.1;
  spec.view = 2.5;
  spec.max_return = 150;
  spec.scale = ScoreScale{{53.6, 16.9, 200}, {140.2, 3.1, 20}};
  spec.make_task = [](const TaskValues&) -> std::unique_ptr<Task> {
    return std::make_unique<Duel>();
  };
  return spec;
}

}  // namespace planet
