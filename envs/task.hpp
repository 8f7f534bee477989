// Task: the part of an environment that differs from task to task. One file per task, in tasks/.
//
// A task is an initial state, one control step, a reward of the state after it, and a picture.
// Clipping, action repeat, time limit, seeds, clones, snapshots and errors are the same for all
// tasks and are implemented once, in TaskEnv (task_env.hpp). README.md shows a task in thirty
// lines.
//
// A step has no random generator: it gets its random numbers as an argument. So the next state is a
// function of state, action and these numbers, an episode can be replayed from a recorded list, and
// a planner can be given a future, sampled or true.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "autograd/base/philox.hpp"
#include "envs/raster.hpp"

namespace planet {

/// The result of one control step.
struct TaskStep {
  double reward = 0;        // of the state after the step; our tasks keep it in [0, 1]
  bool terminated = false;  // the task is over
};

class Task {
 public:
  virtual ~Task() = default;

  virtual std::string name() const = 0;
  virtual int action_size() const = 0;
  /// One name per entry of state().
  virtual std::vector<std::string> state_names() const = 0;

  /// Draws a starting state. All its randomness comes from `rng`.
  virtual void start(Rng& rng) = 0;
  /// The number of uniform numbers that step() gets, used or not; 0: the task is deterministic.
  virtual int uniforms() const { return 0; }
  /// One control step: `action` [A], clipped to [-1, 1]; `w` [uniforms()], uniform in [0, 1).
  virtual TaskStep step(std::span<const double> action, std::span<const double> w) = 0;
  /// Sets the camera and adds the bodies to the scene, the farthest first.
  virtual void draw(Scene& scene) const = 0;

  /// The complete state: tasks with equal states and equal random streams continue equally.
  virtual std::vector<double> state() const = 0;
  /// `state` has the right length and is finite. Error: values that no episode can reach.
  virtual void set_state(std::span<const double> state) = 0;
  virtual std::unique_ptr<Task> clone() const = 0;
};

}  // namespace planet
