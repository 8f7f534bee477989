#include "apps/play/number_rows.hpp"

#include <algorithm>
#include <cmath>

#include "apps/common/files/text.hpp"
#include "autograd/base/error.hpp"
#include "envs/numbers.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace {

std::vector<double> parse_row(const CsvLine& line, const std::string& where, const RowsOf& rows) {
  std::vector<double> row;
  for (const std::string& word : line.cells) {
    const std::optional<double> value = parse_number(word);
    require(value && std::isfinite(*value), where, ": '", word,
            "' is not a finite number (the file has no header, only one row per ", rows.each, ")");
    row.push_back(*value);
  }
  require(row.size() == static_cast<std::size_t>(rows.columns), where, " has ", row.size(),
          row.size() == 1 ? " number" : " numbers", "; ", rows.numbers, " ", rows.columns);
  return row;
}

}  // namespace

std::vector<std::vector<double>> read_number_rows(const std::filesystem::path& path,
                                                  const RowsOf& of) {
  std::vector<std::vector<double>> rows;
  for (const CsvLine& line : csv_rows(read_text(path, std::size_t{1} << 28), path.string()))
    rows.push_back(parse_row(line, cat(path.string(), ", line ", line.line), of));
  require(!rows.empty(), path.string(), " has no rows");
  return rows;
}

}  // namespace planet
