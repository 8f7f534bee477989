// A trajectory as CSV: one header line, then one row per control step.
//
// Row k holds the state *after* control step k, the action held during it (as the environment used
// it, clipped) and its reward; the start has no row. 17 significant digits: every number reads back
// to the same double.
#pragma once

#include <filesystem>
#include <span>

#include "envs/env.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {

class TrajectoryFile {
 public:
  /// Writes the header: the state's names, action_0 .., reward.
  TrajectoryFile(const std::filesystem::path& path, const Env& env);
  /// The control steps of one decision.
  void write(std::span<const ControlStep> steps, std::span<const double> action);
  /// Forces it to the disk; without this there is no file. Error: that failed.
  void close() { file_.commit(); }

 private:
  AtomicFile file_;
};

}  // namespace planet
