// The metrics of several runs as one table.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "apps/common/files/csv_table.hpp"

namespace planet {

struct RunsTable {
  CsvTable table;      // those of metrics.csv, after two columns run and seed
  std::string env;     // the task; empty where the runs have several
  bool seeds = false;  // are there runs of `train --seeds`?
  /// What uniformly random actions and the planner in the true simulator return, with their names:
  /// empty where the task has no score with the runs' options.
  std::vector<std::pair<double, std::string>> scale;
};

/// Reads run folders, and folders of `train --seeds`, which stand for their runs. Those are called by
/// the name of their common folder, so that they count as repetitions of one another; any other run
/// by its own. Error: a folder without runs, a missing or damaged file.
RunsTable read_runs(const std::vector<std::string>& folders);

/// A column of metrics.csv in words, with its unit: "wall-clock time (s)". Any other is its own name.
std::string in_words(const std::string& column);

}  // namespace planet
