// A CSV that a program wrote, by the names of its columns.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/apps/programs.hpp"

namespace planet::test {

using CsvRow = std::map<std::string, std::string>;

inline std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  for (const char c : line) {
    if (c == ',') cells.emplace_back();
    else cells.back() += c;
  }
  return cells;
}

/// Every row as column -> cell; as many cells in each as the header has.
inline std::vector<CsvRow> read_csv(const fs::path& file) {
  std::istringstream in(text_of(file));
  std::string line;
  std::getline(in, line);
  const std::vector<std::string> header = cells_of(line);
  std::vector<CsvRow> rows;
  while (std::getline(in, line)) {
    const std::vector<std::string> cells = cells_of(line);
    REQUIRE(cells.size() == header.size());
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < cells.size(); ++i) row[header[i]] = cells[i];
  }
  return rows;
}

/// The return of the episode in a file that `play --trajectory` wrote, R control steps per decision:
/// added up in the order of an evaluation, so the same bits.
inline double return_of(const fs::path& trajectory, std::size_t R) {
  double sum = 0;
  const std::vector<CsvRow> rows = read_csv(trajectory);
  for (std::size_t i = 0; i < rows.size(); i += R) {
    double decision = 0;
    for (std::size_t k = i; k < std::min(i + R, rows.size()); ++k)
      decision += std::stod(rows[k].at("reward"));
    sum += decision;
  }
  return sum;
}

}  // namespace planet::test
