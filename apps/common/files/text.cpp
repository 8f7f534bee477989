#include "apps/common/files/text.hpp"

#include <algorithm>

#include "autograd/base/error.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// The quoted cell that begins behind its opening quote at `at`, which moves behind the closing one.
std::string quoted_cell(std::string_view text, std::size_t& at, const std::string& where) {
  std::string cell;
  for (; at < text.size(); ++at) {
    if (text[at] == '"') {
      if (at + 1 == text.size() || text[at + 1] != '"') break;
      ++at;
    }
    cell += text[at];
  }
  require(at < text.size(), where, ": a quoted cell has no closing quote");
  ++at;
  require(at == text.size() || text[at] == ',' || text[at] == '\n', where,
          ": text follows the closing quote of a cell; a quote inside a quoted cell is doubled");
  return cell;
}

}  // namespace

std::string plain_text(std::string_view text) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') out += text[i];
  return out;
}

std::string read_plain_text(const std::filesystem::path& path, std::size_t max_bytes) {
  return plain_text(read_text(path, max_bytes));
}

std::vector<CsvLine> csv_rows(std::string_view original, const std::string& name) {
  const std::string text = plain_text(original);
  std::vector<CsvLine> rows;
  int line = 1;
  for (std::size_t at = 0; at < text.size(); ++at) {  // a row; `at` ends on its \n
    CsvLine& row = rows.emplace_back();
    row.line = line;
    for (;; ++at) {  // a cell; `at` ends on its comma
      const std::size_t begin = at;
      if (at < text.size() && text[at] == '"') {
        row.cells.push_back(quoted_cell(text, ++at, cat(name, ", line ", line)));
      } else {
        at = std::min(text.find_first_of(",\n", at), text.size());
        row.cells.push_back(text.substr(begin, at - begin));
      }
      for (std::size_t i = begin; i < at; ++i) line += text[i] == '\n';
      if (at >= text.size() || text[at] == '\n') break;
    }
    ++line;
  }
  const std::vector<std::string> empty{""};
  while (!rows.empty() && rows.back().cells == empty) rows.pop_back();
  return rows;
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos && !text.starts_with(byte_order_mark))
    return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

}  // namespace planet
