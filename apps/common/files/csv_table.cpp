#include "apps/common/files/csv_table.hpp"

#include <algorithm>
#include <sstream>

#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace {

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line + ",");
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
  return cells;
}

}  // namespace

CsvTable CsvTable::read(const std::filesystem::path& path) {
  return parse(read_text(path, std::size_t{1} << 28), path.string());
}

CsvTable CsvTable::parse(const std::string& text, const std::string& name) {
  CsvTable table;
  table.name_ = name;
  std::istringstream in(text);
  std::string line;
  require(static_cast<bool>(std::getline(in, line)) && !line.empty(), name,
          " has no header line; a table begins with the names of its columns");
  table.header_ = split(line);
  for (const std::string& title : table.header_)
    require(std::ranges::count(table.header_, title) == 1, name, " has two columns '", title, "'");
  for (int number = 2; std::getline(in, line); ++number) {
    table.rows_.push_back(split(line));
    require(table.rows_.back().size() == table.header_.size(), name, ", line ", number, " has ",
            table.rows_.back().size(), " cells; the header has ", table.header_.size());
  }
  return table;
}

std::size_t CsvTable::column(const std::string& flag, const std::string& title) const {
  const auto found = std::ranges::find(header_, title);
  require(found != header_.end(), flag, ": ", name_, " has no column '", title, "'",
          did_you_mean(title, header_), "; it has ", join(header_));
  return static_cast<std::size_t>(found - header_.begin());
}

}  // namespace planet
