#include "apps/play/number_rows.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>

#include "autograd/base/error.hpp"
#include "envs/numbers.hpp"

namespace planet {
namespace {

std::vector<double> parse_row(const std::string& line, const std::string& where,
                              const RowsOf& rows) {
  std::vector<double> row;
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t end = std::min(line.find(',', at), line.size());
    const std::string word = line.substr(at, end - at);
    const std::optional<double> value = parse_number(word);
    require(value && std::isfinite(*value), where, ": '", word,
            "' is not a finite number (the file has no header, only one row per ", rows.each, ")");
    row.push_back(*value);
    at = end + 1;
  }
  require(row.size() == static_cast<std::size_t>(rows.columns), where, " has ", row.size(),
          row.size() == 1 ? " number" : " numbers", "; ", rows.numbers, " ", rows.columns);
  return row;
}

}  // namespace

std::vector<std::vector<double>> read_number_rows(const std::filesystem::path& path,
                                                  const RowsOf& of) {
  std::ifstream in(path);
  require(in.good(), path.string(), " cannot be read");
  std::vector<std::vector<double>> rows;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty() && in.peek() == std::ifstream::traits_type::eof()) break;
    rows.push_back(parse_row(line, cat(path.string(), ", line ", number), of));
  }
  require(!rows.empty(), path.string(), " has no rows");
  return rows;
}

}  // namespace planet
