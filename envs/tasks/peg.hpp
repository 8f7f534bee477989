// The peg family: a ball falls on a peg and bounces left or right; a paddle catches or avoids it.
//
//   p = clip(p + speed u, -0.8, 0.8);  k += 1;  x += vx;  y -= 0.09
//   k = peg_step:  vx = V side, side = -1 or +1 with equal chance     (peg_cued: side = cue)
//   the last step of a drop:  x = 0, y = 0.9, vx = 0, k = 0           (peg_cued: a new cue)
//
// One class, four tasks: peg_catch (two futures), peg_memory (and the ball passes behind a screen),
// peg_cued (the side is known from the start, and must be kept in mind), peg_dodge (the paddle is
// slow and has to stay away). What each separates: README.md.
#pragma once

#include "envs/registry.hpp"
#include "envs/task.hpp"

namespace planet {

/// The parameters of a task of the family; the defaults are those of peg_catch.
struct PegRules {
  const char* name = "peg_catch";
  int peg_step = 7;           // the step of a drop at which the ball meets the peg
  double side_speed = 0.06;   // V
  double paddle_speed = 0.1;  // at u = 1
  int reward_steps = 4;       // number of steps at the end of a drop that are rewarded
  bool avoid = false;         // reward for distance from the ball, not for catching it
  bool screen = false;        // steps 9 .. 8 + hidden are hidden by a screen
  bool cued = false;          // the side is drawn at the start of the drop and shown by a lamp
  double start_range = 0.8;   // the paddle starts uniform in +-this
  int hidden = 8;             // steps behind the screen, which is as wide for any number
};

class Peg final : public Task {
 public:
  explicit Peg(const PegRules& rules) : rules_(rules) {}

  std::string name() const override { return rules_.name; }
  int action_size() const override { return 1; }
  std::vector<std::string> state_names() const override {
    return {"x", "y", "vx", "p", "k", "cue"};
  }
  void start(Rng& rng) override;
  int uniforms() const override { return 1; }  // the side: at the peg, or (cued) for the next drop
  TaskStep step(std::span<const double> action, std::span<const double> w) override;
  void draw(Scene& scene) const override;
  std::vector<double> state() const override;
  /// Error: an entry with a value that no episode reaches.
  void set_state(std::span<const double> state) override;
  std::unique_ptr<Task> clone() const override { return std::make_unique<Peg>(*this); }

  /// One step: a ball that meets the peg leaves it at vx = V side, and a drop that begins has this
  /// cue. Returns the reward. step() chooses -1 or +1 for both; a side of 0 is their mean.
  double advance(double u, double side, double cue);
  /// Whether the ball is behind a screen at step k of a drop.
  bool hides_ball(int k) const { return rules_.screen && behind_screen(k); }
  bool has_screen() const { return rules_.screen; }
  /// Steps of a drop: k = 0 .. drop_steps - 1.
  int drop_steps() const { return 13 + rules_.hidden; }

 private:
  bool behind_screen(int k) const { return k >= 9 && k <= 8 + rules_.hidden; }
  double reward() const;

  PegRules rules_;
  double x_ = 0, y_ = 0.9, vx_ = 0;  // the ball
  double p_ = 0;                     // the paddle
  int k_ = 0;                        // the step in the drop
  double cue_ = 0;                   // -1 or +1 in peg_cued, else 0
};

EnvSpec peg_catch_spec();
EnvSpec peg_memory_spec();
EnvSpec peg_cued_spec();
EnvSpec peg_dodge_spec();

}  // namespace planet
