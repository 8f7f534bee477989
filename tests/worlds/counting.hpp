// Counting: its pictures show the step number and the action that led to them. For tests of
// alignment.
//
//   top quarter      the step number modulo 256 in eight bits, the highest left
//   middle half      one band per action: black is -1, white is +1
//   bottom quarter   the episode's number, drawn at reset, in eight bits
//
// If the recorded action or reward is shifted by one row, picture and record disagree: this reveals
// an off-by-one error that no return would show. Not a task to be solved.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "envs/registry.hpp"
#include "envs/task.hpp"

namespace planet::test {

/// The frame whose action determines the reward, r = (1 + mean action) / 2.
enum class CountingReward {
  arrival,    // of the action that the arrival frame shows: PlaNet's convention, the default
  departure,  // of the action that the frame before it shows: the off-by-one, on purpose
  count,      // of the arrival frame's step number modulo 256, divided by 255: no action at all
};

/// The contents of a picture of the counting task.
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
