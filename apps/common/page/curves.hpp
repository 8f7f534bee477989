// The curves of runs, from their metrics.csv, as plots for a page.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/common/files/csv_table.hpp"
#include "apps/common/files/svg_plot.hpp"
#include "apps/common/options/run_config.hpp"

namespace planet {

/// The complete rows of RUN/metrics.csv. A killed process may have left half a line, and a run that was
/// stopped early, or no run, has no rows.
class RunMetrics {
 public:
  explicit RunMetrics(const std::optional<std::filesystem::path>& run);
  bool empty() const { return table_.rows().empty(); }
  /// The names of the columns.
  const std::vector<std::string>& columns() const { return table_.header(); }
  /// (x, y) of the rows that have both, and both finite; none where a column is missing.
  std::vector<std::pair<double, double>> points(const std::string& x, const std::string& y) const;
  /// The last number of a column, or nothing.
  std::optional<double> last(const std::string& column) const;

 private:
  CsvTable table_;
};

/// A label that leaves room for the lines: at most 24 letters, the last ones.
std::string shortened(const std::string& label);

struct NamedRun {
  std::string label;  // before the names of its lines; may be empty
  const RunMetrics* metrics;
};

/// Return, score and every loss over the episodes collected, or over the updates where none is; with the
/// score's two ends. Of more than 300 points the means of as many groups are drawn, with the range of
/// each. Empty when nothing was logged.
std::vector<std::string> run_curves(const std::vector<NamedRun>& runs, const RunConfig& config,
                                    int width = 420);

}  // namespace planet
