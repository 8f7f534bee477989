// PlanarTask: what the tasks with contacts share. A model, its state, physics steps in a control
// step, and drawing its bodies; what differs is the reward, the start and the picture.
#pragma once

#include "envs/planar/simulation.hpp"
#include "envs/task.hpp"

namespace planet {

class PlanarTask : public Task {
 public:
  int action_size() const final { return model().motors; }
  /// q and then v, in the order of the model's joints.
  std::vector<std::string> state_names() const final;
  TaskStep step(std::span<const double> action, std::span<const double> w) final;
  std::vector<double> state() const final;
  void set_state(std::span<const double> state) final { simulation_.set_state(state); }

  const planar::Simulation& simulation() const { return simulation_; }
  /// The reward of the present state.
  virtual double reward() const = 0;

 protected:
  /// `model` must outlive the task; `physics_steps` make a control step.
  PlanarTask(const planar::Model& model, int physics_steps)
      : simulation_(model), physics_steps_(physics_steps) {}

  const planar::Model& model() const { return simulation_.model(); }
  const planar::Vector& q() const { return simulation_.q(); }
  const planar::Vector& v() const { return simulation_.v(); }
  /// A point of a body in the world, for the painter.
  Vec2 at(int link, planar::Vec local) const;
  /// Every limited joint anywhere between its limits, every free hinge anywhere on the circle, all
  /// else in the table's pose, at rest: dm_control's rule, in the order of the joints.
  void start_anywhere(Rng& rng, bool free_hinges);
  void settle(int steps);

 private:
  planar::Simulation simulation_;
  int physics_steps_;
};

/// Ground from z = 0 down with stripes of unequal width, which repeat after 4.5 m only: a camera
/// that follows a runner shows its speed by them. Aim the camera first.
void draw_striped_ground(Scene& scene);

}  // namespace planet
