// Text files as other programs write them: with a byte order mark, with lines that end in \r\n, and
// CSV with quoted cells. Whatever reads text reads it through here.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace planet {

/// The text without a byte order mark, and with \n for every \r\n.
std::string plain_text(std::string_view text);
/// The same of a file. Error: see read_text() in nn/files/atomic_file.hpp.
std::string read_plain_text(const std::filesystem::path& path, std::size_t max_bytes = 64u << 20);

/// One row of a CSV, and the line of the file that it begins in, from 1.
struct CsvLine {
  int line = 0;
  std::vector<std::string> cells;
};
/// The rows of a CSV (RFC 4180): a cell in double quotes may hold commas, line breaks and doubled
/// quotes. Empty lines at the end are no rows. Error, with `name` and the line: a quote that is not
/// closed, or text between a closing quote and the next comma.
std::vector<CsvLine> csv_rows(std::string_view text, const std::string& name);
/// The text as a cell of a CSV, in quotes where it has to be.
std::string csv_cell(const std::string& text);

}  // namespace planet
