// Duel: stand close to an opponent who at random lunges at the agent or steps back.
//
//   phase:    0 at rest; in each step a lunge (1..6) or a step back (11..16) begins with p = 0.2
//   opponent: o = 0.5 + offset(phase)
//   agent:    x += 0.1 u within [-1, 0.5], not while stunned; near: o - x < 0.3
//   near in a lunge: x = -1 and stunned for 12 steps;  near otherwise: pushed back to o - 0.3
//   reward:   by the gap to the resting place, 1 at 0, 0.95 at 0.7, 0 at 1.2; none while stunned
//
// Being close pays 0.05 more than the safe distance and risks 13 steps: a planner that averages
// over futures stays away, one that trusts a single lucky sample steps close. README.md compares
// them.
#pragma once

#include "envs/registry.hpp"
#include "envs/task.hpp"

namespace planet {

class Duel final : public Task {
 public:
  std::string name() const override { return "duel"; }
  int action_size() const override { return 1; }
  std::vector<std::string> state_names() const override { return {"x", "phase", "stun"}; }
  void start(Rng& rng) override;
  int uniforms() const override { return 2; }  // does the opponent move, and which way
  TaskStep step(std::span<const double> action, std::span<const double> w) override;
  void draw(Scene& scene) const override;
  std::vector<double> state() const override;
  /// Error: an entry with a value that no episode reaches.
  void set_state(std::span<const double> state) override;
  std::unique_ptr<Task> clone() const override { return std::make_unique<Duel>(*this); }

  /// The opponent's next phase; `start` and `kind` are uniform and used at rest only.
  static int next_phase(int phase, double start, double kind);
  static double place(int phase);
  static bool lunging(int phase) { return phase >= 1 && phase <= 6; }
  /// The agent's part of a step, with the opponent at o: motion and contact. Returns the reward.
  double meet(double u, double o, bool hostile);

 private:
  double x_ = -1;
  int phase_ = 0;
  int stun_ = 0;  // remaining steps without motion and reward
};

EnvSpec duel_spec();

}  // namespace planet
