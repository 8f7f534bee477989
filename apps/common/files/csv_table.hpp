// A CSV as our programs write them: one header line, no quotes, a row per line.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace planet {

class CsvTable {
 public:
  /// Error: no header, a column twice, a row that has not as many cells; with the line.
  static CsvTable read(const std::filesystem::path& path);
  static CsvTable parse(const std::string& text, const std::string& name);

  const std::vector<std::vector<std::string>>& rows() const { return rows_; }
  /// Which cell of a row. Error: there is no such column, with the nearest; `flag` asked for it.
  std::size_t column(const std::string& flag, const std::string& title) const;

 private:
  std::string name_;
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace planet
