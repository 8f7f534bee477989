// The chance of an episode from a file: what step() would have drawn, a row for each control step.
//
// With it an episode is replayed in another program, to the last bit, and a clairvoyant planner can
// be told what will come. A reset draws from the seed as ever.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "envs/env.hpp"

namespace planet {

class RecordedUniforms {
 public:
  /// A CSV without header, Env::uniforms() numbers in [0, 1) a row. Error: as read_number_rows; a
  /// number outside, with its line; a task in which nothing happens by chance.
  RecordedUniforms(const std::filesystem::path& path, const Env& env);

  /// step_traced() with the rows of the decision. Error: the file has ended.
  StepResult step(Env& env, std::span<const double> action, std::vector<ControlStep>& trace) const;
  /// The numbers that `env` has still before it.
  std::span<const double> to_come(const Env& env) const;
  /// The rows among them.
  int unused(const Env& env) const;

 private:
  std::string path_;
  std::vector<double> numbers_;  // [control steps, uniforms()]
};

}  // namespace planet
