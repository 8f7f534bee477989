// Counting: a picture that says which step it is and which action led to it. For alignment tests.
//
//   top quarter      the step number modulo 256 in eight bits, the highest left
//   middle half      a band for each action: black is -1, white is +1
//   bottom quarter   the episode's number, drawn at reset, in eight bits
//
// With the recorded action or reward shifted by one row, the picture and the record disagree: an
// off-by-one that no return would show becomes visible. Not a task to be solved.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "envs/registry.hpp"
#include "envs/task.hpp"

namespace planet::test {

/// Which frame's action the reward is a function of; r = (1 + mean action) / 2.
enum class CountingReward {
  arrival,    // of the action that the arrival frame shows: PlaNet's convention, the default
  departure,  // of the action that the frame before it shows: the off-by-one, on purpose
  count,      // of the arrival frame's step number modulo 256, divided by 255: no action at all
};

/// What a picture of the counting task says.
struct CountingReading {
  int count = 0;
  int episode = 0;
  std::vector<double> action;  // [A], to within 1/255
};

class Counting final : public Task {
 public:
  Counting(int action_size, CountingReward kind)
      : kind_(kind), action_(static_cast<std::size_t>(action_size)) {}

  std::string name() const override { return "counting"; }
  int action_size() const override { return static_cast<int>(action_.size()); }
  std::vector<std::string> state_names() const override;
  void start(Rng& rng) override;
  TaskStep step(std::span<const double> action, std::span<const double> w) override;
  void draw(Scene& scene) const override;
  std::vector<double> state() const override;
  void set_state(std::span<const double> state) override;
  std::unique_ptr<Task> clone() const override { return std::make_unique<Counting>(*this); }

  /// Reads a picture back. pixels is [n, n, 3] with n a multiple of 16; Error for any other size,
  /// or when a bit is neither dark nor light.
  static CountingReading read(std::span<const std::uint8_t> pixels, int n, int action_size);

 private:
  CountingReward kind_;
  int count_ = 0;
  int episode_ = 0;
  std::vector<double> action_;  // the one that led here; zeros at the start
};

EnvSpec counting_spec();

}  // namespace planet::test
