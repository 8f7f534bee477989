// metrics.csv and metrics.jsonl: the same rows, for people and for programs.
//
// The columns are fixed from the start; a value that a row lacks is an empty cell in the CSV and
// absent from the JSON. Keys name the data: train/ is what the model is trained on (noisy actions),
// eval/ is never trained on (no noise). A resumed run drops the rows after its checkpoint.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace planet {

struct Metric {
  std::string_view key;
  std::string_view meaning;
};
/// All columns, in order.
std::span<const Metric> metric_columns();

/// One row: values by key. Throws for a key that is no column.
class MetricsRow {
 public:
  MetricsRow& set(std::string_view key, double value);
  std::string csv() const;    // without the line's end
  std::string jsonl() const;  // one JSON object; a value that is not finite is null

 private:
  struct Cell {
    bool measured = false;
    double value = 0;
  };
  std::vector<Cell> cells_ = std::vector<Cell>(metric_columns().size());
};

/// Appends rows to both files of a run folder, each flushed at once.
class MetricsWriter {
 public:
  /// Keeps the first `rows` rows of the existing files and drops the rest, including an incomplete
  /// last line. Throws if there are fewer rows, or if the header differs.
  MetricsWriter(const std::filesystem::path& folder, std::int64_t rows);
  ~MetricsWriter();
  MetricsWriter(const MetricsWriter&) = delete;
  MetricsWriter& operator=(const MetricsWriter&) = delete;

  void write(const MetricsRow& row);
  std::int64_t rows() const { return rows_; }

 private:
  std::int64_t rows_ = 0;
  std::FILE* csv_ = nullptr;
  std::FILE* jsonl_ = nullptr;
};

}  // namespace planet
