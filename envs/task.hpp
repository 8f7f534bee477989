// Task: the part of an environment that differs from task to task. One file a task, in tasks/.
//
// A task is a start, one control step, a reward of the state after it, and a drawing. Clipping,
// action repeat, time limit, seeds, clones, snapshots and errors are the same for everybody and
// stand once, in TaskEnv (task_env.hpp). README.md shows a whole task in thirty lines.
//
// A step holds no generator: what chance decides in it arrives as numbers. So the next state is a
// function of state, action and those numbers, an episode can be replayed from a recorded list, and
// a planner can be handed a future, sampled or true.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "autograd/base/philox.hpp"
#include "envs/raster.hpp"

namespace planet {

/// What one control step brought.
struct TaskStep {
  double reward = 0;        // of the state after the step; our tasks keep it in [0, 1]
  bool terminated = false;  // the task is over
};

class Task {
 public:
  virtual ~Task() = default;

  virtual std::string name() const = 0;
  virtual int action_size() const = 0;
  /// One name for each entry of state().
  virtual std::vector<std::string> state_names() const = 0;

  /// Draws a starting state. All its randomness comes from `rng`.
  virtual void start(Rng& rng) = 0;
  /// How many numbers step() is given, always as many, used or not; 0: nothing happens by chance.
  virtual int uniforms() const { return 0; }
  /// One control step with `action` [A], already clipped to [-1, 1], and `w` [uniforms()], each
  /// uniform in [0, 1).
  virtual TaskStep step(std::span<const double> action, std::span<const double> w) = 0;
  /// Aims the camera and puts the bodies into the scene, the farthest first.
  virtual void draw(Scene& scene) const = 0;

  /// The state, complete: two tasks with equal states and equal random streams go on equally.
  virtual std::vector<double> state() const = 0;
  /// `state` has the right length and is finite. Error: values that no episode can reach.
  virtual void set_state(std::span<const double> state) = 0;
  virtual std::unique_ptr<Task> clone() const = 0;
};

}  // namespace planet
