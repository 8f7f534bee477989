// The part of TOML that a list of options needs: keys with numbers, true and false, strings and
// lists, as any program writes them. Sections, dates and tables are errors.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace planet {

/// key = value, or key = [value, value].
struct TomlEntry {
  std::string key;
  std::vector<std::string> values;  // without quotes; of a list any number, else one
  bool list = false;
  std::string where;  // "config.toml, line 12", for messages
};

/// Error: a line that is none of these, with `name` and its number.
std::vector<TomlEntry> parse_toml(std::string_view text, const std::string& name);
/// The text as a string of TOML, in double quotes.
std::string toml_string(std::string_view text);

}  // namespace planet
