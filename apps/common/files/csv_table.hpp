// A CSV with a header: its columns by their names.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace planet {

class CsvTable {
 public:
  /// Error, with the line: no header, a repeated column, a row with a wrong number of cells.
  static CsvTable read(const std::filesystem::path& path);
  static CsvTable parse(const std::string& text, const std::string& name);

  const std::vector<std::string>& header() const { return header_; }
  const std::vector<std::vector<std::string>>& rows() const { return rows_; }
  /// The index of a column. Error: there is none of this title; the message begins with `flag` and
  /// offers the nearest title.
  std::size_t column(const std::string& flag, const std::string& title) const;

 private:
  std::string name_;
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace planet
