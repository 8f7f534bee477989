#include "apps/common/files/toml.hpp"

#include <algorithm>
#include <cstdint>

#include "apps/common/files/text.hpp"
#include "autograd/base/error.hpp"

namespace planet {
namespace {

// What is left of a text, read from the left.
class Reader {
 public:
  Reader(std::string_view rest, std::string name) : rest_(rest), name_(std::move(name)) {}

  std::vector<TomlEntry> entries() {
    std::vector<TomlEntry> out;
    for (skip_lines(); !rest_.empty(); skip_lines()) out.push_back(entry());
    return out;
  }

 private:
  std::string where() const { return cat(name_, ", line ", line_); }
  bool at_line_end() const { return rest_.empty() || rest_[0] == '\n' || rest_[0] == '#'; }

  void skip_blanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size()));
  }
  // Blanks, comments and line ends.
  void skip_lines() {
    for (skip_blanks(); !rest_.empty() && at_line_end(); skip_blanks()) {
      const std::size_t end = rest_.find('\n');
      rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
      ++line_;
    }
  }
  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  TomlEntry entry() {
    TomlEntry e;
    e.where = where();
    require(!take("["), e.where, ": sections are not used here; write key = value");
    e.key = rest_[0] == '"' || rest_[0] == '\'' ? string(e.where) : word(" \t=#\n");
    skip_blanks();
    require(take("="), e.where, ": after '", e.key, "' comes '='; write key = value");
    skip_blanks();
    const std::string at = cat(e.where, ": ", e.key);
    if (take("[")) list(e, at);
    else e.values.push_back(value(at));
    skip_blanks();
    require(at_line_end(), at, ": something follows the value");
    return e;
  }

  void list(TomlEntry& e, const std::string& at) {
    e.list = true;
    for (skip_lines(); !take("]"); skip_lines()) {
      require(!rest_.empty(), at, ": the list has no closing bracket");
      e.values.push_back(value(at));
      skip_lines();
      require(take(",") || rest_.starts_with("]"), at,
              rest_.empty() ? ": the list has no closing bracket"
                            : ": a comma is missing between the values of the list");
    }
  }

  std::string value(const std::string& at) {
    if (!rest_.empty() && (rest_[0] == '"' || rest_[0] == '\'')) return string(at);
    std::string w = word(" \t#,]\"'\n");
    require(!w.empty(), at, ": a value is missing; write key = value");
    return w;
  }

  std::string word(std::string_view stops) {
    const std::size_t end = std::min(rest_.find_first_of(stops), rest_.size());
    const std::string w(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return w;
  }

  // "basic" with escapes, 'literal' without; each tripled may go over several lines.
  std::string string(const std::string& at) {
    const char quote = rest_[0];
    const bool tripled = rest_.starts_with(std::string(3, quote));
    const std::string end(tripled ? 3 : 1, quote);
    rest_.remove_prefix(end.size());
    if (tripled && take("\n")) ++line_;
    std::string out;
    while (!take(end)) {
      require(!rest_.empty() && (tripled || rest_[0] != '\n'), at,
              ": the string has no closing quote");
      const char c = rest_[0];
      rest_.remove_prefix(1);
      line_ += c == '\n';
      out += c == '\\' && quote == '"' ? escaped(at) : std::string(1, c);
    }
    return out;
  }

  // What stands behind a backslash.
  std::string escaped(const std::string& at) {
    const char c = rest_.empty() ? '\n' : rest_[0];
    constexpr std::string_view codes = "btnfr\"\\", meant = "\b\t\n\f\r\"\\";
    if (const std::size_t i = codes.find(c); i != std::string_view::npos) {
      rest_.remove_prefix(1);
      return std::string(1, meant[i]);
    }
    require(c == 'u' || c == 'U', at, ": \\", c == '\n' ? ' ' : c,
            " is not known in a string; there are \\\" \\\\ \\b \\t \\n \\f \\r \\uXXXX and "
            "\\UXXXXXXXX");
    const std::string_view digits = rest_.substr(1, c == 'u' ? 4 : 8);
    std::uint32_t code = 0;
    for (const char d : digits) {
      const std::size_t nibble =
          std::string_view("0123456789abcdef")
              .find(d >= 'A' && d <= 'F' ? static_cast<char>(d - 'A' + 'a') : d);
      code = nibble == std::string_view::npos ? 0xFFFFFFFF : code << 4 | std::uint32_t(nibble);
      if (code > 0x10FFFF) break;
    }
    require(digits.size() == (c == 'u' ? 4 : 8) && code <= 0x10FFFF &&
                !(code >= 0xD800 && code < 0xE000),
            at, ": \\", c, " comes with ", c == 'u' ? 4 : 8,
            " hexadecimal digits that name a character");
    rest_.remove_prefix(1 + digits.size());
    return utf8(code);
  }

  static std::string utf8(std::uint32_t c) {
    if (c < 0x80) return {static_cast<char>(c)};
    const unsigned more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    constexpr std::uint32_t first[] = {0, 0xC0, 0xE0, 0xF0};
    std::string out(1, static_cast<char>(first[more] | c >> 6 * more));
    for (unsigned i = more; i-- > 0;) out += static_cast<char>(0x80 | (c >> 6 * i & 0x3F));
    return out;
  }

  std::string_view rest_;
  std::string name_;
  int line_ = 1;
};

}  // namespace

std::vector<TomlEntry> parse_toml(std::string_view text, const std::string& name) {
  const std::string plain = plain_text(text);
  return Reader(plain, name).entries();
}

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') out += "\\n";
    else if (c == '\t') out += "\\t";
    else if (c == '\r') out += "\\r";
    else out += c;
  }
  return out + "\"";
}

}  // namespace planet
