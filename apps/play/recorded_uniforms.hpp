// The random numbers of an episode from a file instead of step()'s own draws, one row per control
// step.
//
// They let another program replay an episode bit for bit, and a clairvoyant planner know the
// future. A reset still draws from the seed.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "envs/env.hpp"

namespace planet {

class RecordedUniforms {
 public:
  /// A CSV without header, with Env::uniforms() numbers in [0, 1) per row. Error: as
  /// read_number_rows; a number out of range, with its line; a task without randomness.
  RecordedUniforms(const std::filesystem::path& path, const Env& env);

  /// step_traced() with the rows of the decision. Error: the file has ended.
  StepResult step(Env& env, std::span<const double> action, std::vector<ControlStep>& trace) const;
  /// The numbers that `env` has not used yet.
  std::span<const double> to_come(const Env& env) const;
  /// The number of rows that it has not used yet.
  int unused(const Env& env) const;

 private:
  std::string path_;
  std::vector<double> numbers_;  // [control steps, uniforms()]
};

}  // namespace planet
