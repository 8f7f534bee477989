// PlanarTask: the common part of the tasks with contacts. A model, its state, the physics steps of
// a control step, and drawing its bodies; reward, start and picture differ.
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
  /// The reward of the current state.
  virtual double reward() const = 0;

 protected:
  /// `model` must outlive the task; a control step has `physics_steps` physics steps.
  PlanarTask(const planar::Model& model, int physics_steps)
      : simulation_(model), physics_steps_(physics_steps) {}

  const planar::Model& model() const { return simulation_.model(); }
  const planar::Vector& q() const { return simulation_.q(); }
  const planar::Vector& v() const { return simulation_.v(); }
  /// A point of a body in world coordinates, for drawing.
  Vec2 at(int link, planar::Vec local) const;
  /// dm_control's random pose at rest: limited joints uniform between their limits, free hinges
  /// uniform on the circle, all else as in the table. Drawn in the order of the joints.
  void start_anywhere(Rng& rng, bool free_hinges);
  void settle(int steps);

 private:
  planar::Simulation simulation_;
  int physics_steps_;
};

/// Ground below z = 0 with stripes of unequal width that repeat after 4.5 m, so that the speed is
/// visible in the picture of a camera that follows a runner. Set the camera first.
void draw_striped_ground(Scene& scene);

}  // namespace planet
