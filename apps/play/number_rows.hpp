// A CSV of numbers without a header: the actions of an episode, or its random numbers.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace planet {

/// The meaning of the rows of such a file, for error messages.
struct RowsOf {
  int columns = 1;      // numbers per row
  std::string each;     // "decision": there is one row per decision
  std::string numbers;  // "an action of this task has": what determines the number of columns
};

/// No header; empty lines at the end are allowed. Error, with the line: a wrong number of columns or a
/// word that is no finite number; no rows; no file.
std::vector<std::vector<double>> read_number_rows(const std::filesystem::path& path,
                                                  const RowsOf& rows);

}  // namespace planet
