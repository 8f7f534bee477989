#include "apps/common/files/csv_table.hpp"

#include <algorithm>

#include "apps/common/files/text.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {

CsvTable CsvTable::read(const std::filesystem::path& path) {
  return parse(read_text(path, std::size_t{1} << 28), path.string());
}

CsvTable CsvTable::parse(const std::string& text, const std::string& name) {
  std::vector<CsvLine> rows = csv_rows(text, name);
  require(!rows.empty() && rows.front().cells != std::vector<std::string>{""}, name,
          " has no header line; a table begins with the names of its columns");
  CsvTable table;
  table.name_ = name;
  table.header_ = std::move(rows.front().cells);
  for (const std::string& title : table.header_)
    require(std::ranges::count(table.header_, title) == 1, name, " has two columns '", title, "'");
  for (std::size_t i = 1; i < rows.size(); ++i) {
    require(rows[i].cells.size() == table.header_.size(), name, ", line ", rows[i].line, " has ",
            rows[i].cells.size(), " cells; the header has ", table.header_.size());
    table.rows_.push_back(std::move(rows[i].cells));
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
