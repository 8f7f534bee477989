// Text files as other tools write them.
#include "apps/common/files/text.hpp"

#include <doctest/doctest.h>

#include "apps/common/files/toml.hpp"
#include "tests/support/scratch_folder.hpp"

using namespace planet;
using planet::test::contains;
using planet::test::error_of;

namespace {

using Cells = std::vector<std::string>;

std::vector<Cells> cells(const std::string& text) {
  std::vector<Cells> out;
  for (const CsvLine& line : csv_rows(text, "t.csv")) out.push_back(line.cells);
  return out;
}

TomlEntry entry(const std::string& text) {
  const std::vector<TomlEntry> all = parse_toml(text, "t.toml");
  REQUIRE(all.size() == 1);
  return all.front();
}
std::string value(const std::string& text) { return entry("x = " + text).values.at(0); }

}  // namespace

TEST_CASE("a byte order mark and carriage returns are no part of a text") {
  CHECK(plain_text("\xef\xbb\xbf"
                   "a\r\nb\r\n") == "a\nb\n");
  CHECK(plain_text("a\rb\r") == "a\rb\r");  // none of them ends a line
  CHECK(plain_text("") == "");
}

TEST_CASE("a CSV has quoted cells and either kind of line end") {
  CHECK(cells("a,b\n1,\n") == std::vector<Cells>{{"a", "b"}, {"1", ""}});
  CHECK(cells("\xef\xbb\xbf"
              "a,b\r\n1,2\r\n\r\n") == std::vector<Cells>{{"a", "b"}, {"1", "2"}});
  CHECK(cells("\"a, b\",\"say \"\"x\"\"\"\n\"\",\"two\r\nlines\"") ==
        std::vector<Cells>{{"a, b", "say \"x\""}, {"", "two\nlines"}});
  CHECK(cells("a") == std::vector<Cells>{{"a"}});
  CHECK(cells("") == std::vector<Cells>{});
  CHECK(csv_rows("\"a\n\nb\"\nc\n", "t.csv").at(1).line == 4);
  const auto said = [](const std::string& text) { return error_of([&] { cells(text); }); };
  CHECK(said("a\n\"b") == "t.csv, line 2: a quoted cell has no closing quote");
  CHECK(contains(said("\"a\"b,c"), "t.csv, line 1: text follows the closing quote"));
  for (const std::string text : {"plain", "a,b", "say \"x\"", "two\nlines", "", "\xef\xbb\xbfx"})
    CHECK(cells(csv_cell(text) + ",x") == std::vector<Cells>{{text, "x"}});
}

TEST_CASE("TOML's strings and lists are read as any program writes them") {
  CHECK(value("7 # seven") == "7");
  CHECK(value("'C:\\x'") == "C:\\x");
  CHECK(value("\"a\\\"b\\\\c\\n\\t\\u00e9\\U0001F600\"") == "a\"b\\c\n\t\xc3\xa9\xf0\x9f\x98\x80");
  CHECK(value("\"\"\"x\"\"\"") == "x");
  CHECK(value("'''\r\ntwo\r\nlines'''") == "two\nlines");
  CHECK(entry("\xef\xbb\xbf\"seed\" = 7\r\n").key == "seed");
  CHECK(entry("'seed'=7").key == "seed");
  CHECK(entry("x = []").list);
  const TomlEntry list = entry("x = [\r\n  \"a\", # one\r\n\r\n  'b',\r\n]\r\n");
  CHECK(list.list);
  CHECK(list.values == Cells{"a", "b"});
  CHECK(parse_toml("a = \"\"\"\n\n\"\"\"\nb = 1\n", "t.toml").at(1).where == "t.toml, line 4");
  for (const std::string text : {"", "a\"b", "back\\slash", "two\nlines", "tab\t", "\r"})
    CHECK(value(toml_string(text)) == text);
  const auto said = [](const std::string& text) {
    return error_of([&] { parse_toml(text, "t.toml"); });
  };
  CHECK(said("x = [1, 2\n") == "t.toml, line 1: x: the list has no closing bracket");
  CHECK(contains(said("x = [1 2]"), "a comma is missing"));
  CHECK(contains(said("x = \"a\nb\""), "no closing quote"));
  CHECK(contains(said("x = \"\\q\""), "\\q is not known in a string"));
  CHECK(contains(said("x = \"\\uD800\""), "hexadecimal digits that name a character"));
  CHECK(contains(said("x = \"\\u12\""), "hexadecimal digits"));
  CHECK(contains(said("\"x = 1"), "no closing quote"));
  CHECK(contains(said("x = 'a' 'b'"), "something follows the value"));
}
