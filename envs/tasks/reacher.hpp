// Reacher of dm_control: an arm of two links, seen from above, moves its finger into a target.
//
//   (M(q2) + dt D) (a1, a2) = f,   w' = w + dt a,   q' = q + dt w'
//   M = [[J1 + J2 + 2 k cos q2,  J2 + k cos q2], [J2 + k cos q2,  J2]],   D = 0.01
//   f = (0.05 u1 + k sin q2 (2 w1 w2 + w2^2) - 0.01 w1,   0.05 u2 - k sin q2 w1^2 - 0.01 w2)
//
// dt = 0.02, no gravity in the plane, a soft stop of the wrist at q2 = +-160 degrees. The published
// reward is 1 where finger and target touch; `reacher_shaped`, ours, also pays for coming near.
#pragma once

#include <array>

#include "envs/physics.hpp"
#include "envs/registry.hpp"
#include "envs/task.hpp"

namespace planet {

class Reacher final : public Task {
 public:
  static constexpr double dt = 0.02;
  static constexpr double link = 0.12;  // of either, metres
  static constexpr double target_radius = 0.05, finger_radius = 0.01;
  static constexpr double wrist_limit = 160 * physics::pi / 180;

  /// shaped: the reward falls to a tenth at 0.2 m instead of dropping to zero.
  explicit Reacher(bool shaped) : shaped_(shaped) {}
  std::string name() const override { return shaped_ ? "reacher_shaped" : "reacher_easy"; }
  int action_size() const override { return 2; }
  std::vector<std::string> state_names() const override {
    return {"q1", "q2", "w1", "w2", "target_x", "target_y"};
  }
  void start(Rng& rng) override;
  TaskStep step(std::span<const double> action, std::span<const double> w) override;
  void draw(Scene& scene) const override;
  std::vector<double> state() const override;
  void set_state(std::span<const double> state) override;
  std::unique_ptr<Task> clone() const override { return std::make_unique<Reacher>(*this); }

  /// The mass matrix's three entries [M11, M12, M22] in kg m^2, given cos q2.
  static std::array<double, 3> mass_matrix(double cos_q2);
  /// tol(distance of the finger from the target; 0..0.06, margin 0 or 0.2).
  double reward() const;

 private:
  Vec2 elbow() const;
  Vec2 finger() const;

  bool shaped_;
  double q1_ = 0, q2_ = 0, w1_ = 0, w2_ = 0;  // q1 unwrapped; q2 relative to the arm
  Vec2 target_;
};

EnvSpec reacher_easy_spec();
EnvSpec reacher_shaped_spec();

}  // namespace planet
