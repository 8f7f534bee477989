// A CSV of numbers and nothing else: the actions of an episode, or the chance in it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace planet {

/// What the rows of such a file are, for its error messages.
struct RowsOf {
  int columns = 1;      // numbers in a row
  std::string each;     // "decision": what a row is for
  std::string numbers;  // "an action of this task has": says how many there should be
};

/// No header; a last empty line is allowed. Error, with the line: another count of numbers, a word
/// that is no finite number; no rows; no file.
std::vector<std::vector<double>> read_number_rows(const std::filesystem::path& path,
                                                  const RowsOf& rows);

}  // namespace planet
