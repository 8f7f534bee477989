// Env: the environment as the agent sees it. reset, step, terminated, truncated as in Gymnasium.
//
// One step() is one *decision*: the action is held for R control steps (the action repeat) and
// their rewards are summed; an episode has T / R decisions. Pictures are written to the caller's
// bytes. Most tasks are written as a Task (task.hpp) and become an Env through TaskEnv; a simulator
// with its own loop implements Env directly and is tested with check_env.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace planet {

/// The result of one decision.
struct StepResult {
  double reward = 0;        // summed over the control steps, of the states *after* each of them
  bool terminated = false;  // the task ended the episode
  bool truncated = false;   // the time limit ended it
  bool done() const { return terminated || truncated; }
};

/// One control step inside a decision: the state after it and its reward.
struct ControlStep {
  std::vector<double> state;
  double reward = 0;
};

/// Everything an environment needs to continue bit for bit in another process.
struct EnvSnapshot {
  enum class Phase : std::uint64_t { unstarted, running, ended };

  std::vector<double> state;        // Env::state()
  std::uint64_t seed = 0;           // of the random stream
  std::uint64_t rng_position = 0;   // how far the stream has been read
  std::uint64_t seeded = 0;         // 1 once reset(seed) was called
  std::uint64_t control_steps = 0;  // since the episode began
  Phase phase = Phase::unstarted;

  bool operator==(const EnvSnapshot&) const = default;
};

class Env {
 public:
  virtual ~Env() = default;

  // ---- sizes and names --------------------------------------------------------------------------
  virtual std::string name() const = 0;
  virtual int action_size() const = 0;     // A; every action lies in [-1, 1]^A
  virtual int image_size() const = 0;      // n; pictures are [n, n, 3]
  virtual int action_repeat() const = 0;   // R, control steps per decision
  virtual int episode_length() const = 0;  // decisions until truncation, T / R
  /// The names of state()'s entries, in order: the header of a trajectory file.
  virtual std::vector<std::string> state_names() const = 0;

  // ---- an episode -------------------------------------------------------------------------------
  /// Begins an episode. With a seed the random stream starts anew, without one it continues. Error:
  /// the first reset has no seed.
  virtual void reset(std::optional<std::uint64_t> seed = std::nullopt) = 0;

  /// One decision. The action [A] is clipped to [-1, 1]. Error: before the first reset, after the
  /// end, a wrong number of entries, NaN.
  virtual StepResult step(std::span<const double> action) = 0;
  /// The same for an action of floats.
  StepResult step(std::span<const float> action);
  /// step(), and `trace` becomes the list of its control steps. An Env with an action repeat has to
  /// override this; the default assumes one control step per decision.
  virtual StepResult step_traced(std::span<const double> action, std::vector<ControlStep>& trace);

  /// The number of uniform numbers that a control step draws, used or not; 0: deterministic after
  /// reset. They are Rng(save().seed, Stream::env).uniform() from save().rng_position on.
  virtual int uniforms() const { return 0; }
  /// step() with these numbers given as `w` [R, uniforms()], without advancing the random stream:
  /// to replay a recorded episode, or to give a planner a future. `trace`, if not null, is that of
  /// step_traced. Error: as step(); a wrong count, a number outside [0, 1). To be overridden where
  /// uniforms() is not 0.
  virtual StepResult step_with(std::span<const double> action, std::span<const double> w,
                               std::vector<ControlStep>* trace);

  /// Draws the current state into n*n*3 bytes: rows from the top, RGB within a pixel. Changes
  /// neither the state nor the random stream. Error: a wrong number of bytes, no episode.
  virtual void render(std::span<std::uint8_t> pixels) const = 0;
  std::vector<std::uint8_t> render() const;
  std::size_t image_bytes() const;  // n*n*3

  // ---- for tests and planners in the true simulator ---------------------------------------------
  /// False for one whose state is out of reach: of the following, set_state(), load() and the clone()
  /// of an episode throw Error, state() is empty, and save() lacks the state.
  virtual bool can_be_copied() const { return true; }
  /// The complete physical state, without the clock and the random stream.
  virtual std::vector<double> state() const = 0;
  /// Begins an episode in this state, with the clock at zero and the random stream unchanged. Can
  /// replace reset(). Error: wrong length, not finite.
  virtual void set_state(std::span<const double> state) = 0;
  /// A copy of everything: state, clock and random stream.
  virtual std::unique_ptr<Env> clone() const = 0;
  /// The same as plain data, and back: after load() an episode continues as it would after save().
  virtual EnvSnapshot save() const = 0;
  virtual void load(const EnvSnapshot& snapshot) = 0;
};

}  // namespace planet
