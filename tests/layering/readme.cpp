// A chapter must not name a file or a symbol that does not exist: every name in backticks in a
// README must be found in the tree, and a symbol listed beside a file, in that file. comments.cpp
// checks the file names in comments.
//
//   `nn/adam.hpp`, `Adam`      a file, a word of the sources
//   `Tape::rewind`, `step()`   every identifier in it is a word of the sources
//   `--total-episodes`         a word of apps/, with - or _ between its parts
//   `bash tests/run.sh`        a command or a formula: only paths inside it are looked at
// A path below build/ or runs/ is what a program makes; build/PRESET/bin/NAME needs apps/NAME.cpp,
// apps/studies/tools/NAME.cpp or apps/examples/NAME/main.cpp, and bin/test_NAME a
// planet_test(NAME ...).
#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <regex>
#include <set>

#include "autograd/base/error.hpp"
#include "tests/layering/tree.hpp"

namespace planet::test {
namespace {

const std::vector<std::string> folders = {"autograd", "nn",   "rssm", "planner",
                                          "envs",     "apps", "tests"};

std::set<std::string> words_of(const std::string& text) {
  std::set<std::string> words;
  std::string word;
  for (const char c : text + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '_') {
      word += c;
    } else if (!word.empty()) {
      words.insert(std::move(word));
      word.clear();
    }
  }
  return words;
}

// Every word of the sources, except READMEs and this test's own text.
bool is_source(const File& file) {
  return !file.path.ends_with(".md") && !file.path.starts_with("tests/layering/");
}
const std::set<std::string>& source_words() {
  static const std::set<std::string> words = [] {
    std::set<std::string> all;
    for (const File& file : tree())
      if (is_source(file)) all.merge(words_of(file.text));
    return all;
  }();
  return words;
}
bool in_sources(const std::string& text) {
  return std::any_of(tree().begin(), tree().end(), [&](const File& f) {
    return is_source(f) && f.text.find(text) != std::string::npos;
  });
}
const std::string* text_of(const std::string& path) {
  for (const File& file : tree())
    if (file.path == path) return &file.text;
  return nullptr;
}

bool below_folder(const std::string& path) {
  return std::any_of(folders.begin(), folders.end(),
                     [&](const std::string& f) { return path.starts_with(f + "/"); });
}
bool looks_like_path(const std::string& name) {
  static const std::regex extension(
      "[\\w./-]*\\w\\.(hpp|cpp|md|txt|sh|csv|svg|png|toml|jsonl?|npz|safetensors|cmake)");
  return below_folder(name) || name.starts_with("build/") || name.starts_with(".ci/") ||
         name.starts_with(".github/") || std::regex_match(name, extension);
}

// A file, one that a program writes (its name stands in the sources), or a program.
bool path_exists(const std::string& path, const std::string& readme_folder) {
  static const std::regex placeholder("[A-Z]+(\\.\\w+)?");  // FILE.csv
  if (path.starts_with("runs/") || std::regex_match(path, placeholder)) return true;
  if (path.starts_with("build/")) {
    const auto bin = path.find("/bin/");
    if (bin == std::string::npos) return true;
    const std::string program = path.substr(bin + 5);
    return program.starts_with("test_") ? in_sources("planet_test(" + program.substr(5))
                                        : has_file("apps/" + program + ".cpp") ||
                                              has_file("apps/studies/tools/" + program + ".cpp") ||
                                              has_file("apps/examples/" + program + "/main.cpp");
  }
  if (has_file(path) || has_file(readme_folder + path)) return true;
  const std::string name = path.substr(path.rfind('/') + 1);
  if (name.find('.') == std::string::npos) {  // a layer: rssm/prior/0/weight
    const std::set<std::string> parts = words_of(path);
    return std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
      return std::isdigit(static_cast<unsigned char>(part[0])) || source_words().contains(part);
    });
  }
  return !below_folder(path) && path.find(".hpp") == std::string::npos &&
         path.find(".cpp") == std::string::npos && in_sources(name);
}

// Paths of the tree inside a command or a formula; a file that a command is to write may have any
// name, and words with *, <, { are patterns.
std::string bad_path_in(const std::string& command, const std::string& readme_folder) {
  static const std::regex piece("[^\\s'\"=,;()|]+"), plain("[\\w./-]+");
  for (std::sregex_iterator it(command.begin(), command.end(), piece), end; it != end; ++it) {
    std::string path = it->str();
    while (path.ends_with(".") || path.ends_with(":")) path.pop_back();
    if (path.starts_with("./")) path.erase(0, 2);
    const bool whole = path == command;
    if (!std::regex_match(path, plain) || !looks_like_path(path)) continue;
    if (!whole && !below_folder(path) && !path.starts_with("build/")) continue;
    if (!path_exists(path, readme_folder)) return path;
  }
  return "";
}

bool is_symbol(const std::string& name) {
  static const std::regex symbol("[A-Za-z_]\\w*((::|\\.|->)~?\\w+)*(<[\\w:, ]*>)?(\\(\\))?");
  return std::regex_match(name, symbol);
}

std::string missing_word(const std::string& name, const std::set<std::string>& words) {
  for (const std::string& word : words_of(name))
    if (!std::isdigit(static_cast<unsigned char>(word[0])) && !words.contains(word)) return word;
  return "";
}

bool flag_exists(std::string flag) {
  flag.erase(0, flag.find_first_not_of('-'));
  std::string underscored = flag;
  std::replace(underscored.begin(), underscored.end(), '-', '_');
  return in_sources(flag) || in_sources(underscored);
}

std::vector<std::string> backticked(const std::string& line) {
  static const std::regex span("`([^`]+)`");
  std::vector<std::string> names;
  for (std::sregex_iterator it(line.begin(), line.end(), span), end; it != end; ++it)
    names.push_back((*it)[1]);
  return names;
}

std::string fault_of(const std::string& name, const std::string& readme_folder) {
  static const std::regex flag("--?[a-z][a-z0-9-]*");
  if (std::regex_match(name, flag))
    return flag_exists(name) ? "" : cat("the option `", name, "` is nowhere in the sources");
  const std::string path = bad_path_in(name, readme_folder);
  if (!path.empty()) return cat("there is no file `", path, "`");
  if (looks_like_path(name) || !is_symbol(name)) return "";
  const std::string word = missing_word(name, source_words());
  return word.empty() ? "" : cat("`", word, "` is nowhere in the sources");
}

// | idea | `file`, `file` | `symbol`, `symbol` |: each symbol stands in one of the files.
void check_row(const std::string& line, std::vector<std::string>& faults) {
  std::vector<std::string> cells;
  for (std::size_t begin = line.find('|'); begin != std::string::npos;) {
    const std::size_t end = line.find('|', begin + 1);
    if (end == std::string::npos) break;
    cells.push_back(line.substr(begin + 1, end - begin - 1));
    begin = end;
  }
  if (cells.size() != 3) return;
  std::set<std::string> words;
  for (const std::string& file : backticked(cells[1]))
    if (const std::string* text = text_of(file)) words.merge(words_of(*text));
  if (words.empty()) return;
  for (const std::string& symbol : backticked(cells[2])) {
    const std::string word = is_symbol(symbol) ? missing_word(symbol, words) : "";
    if (!word.empty())
      faults.push_back(cat("`", word, "` is not in the file beside it: ", cells[1]));
  }
}

}  // namespace

std::vector<std::string> readme_faults(const File& readme) {
  const std::string folder = readme.path.substr(0, readme.path.rfind('/') + 1);
  std::vector<std::string> faults;
  bool fenced = false;
  for (const std::string& line : lines_of(readme.text)) {
    if (line.starts_with("```")) {
      fenced = !fenced;
      continue;
    }
    if (fenced) {
      const std::string path = bad_path_in(line, folder);
      if (!path.empty()) faults.push_back(cat("there is no file ", path, " (in: ", line, ")"));
      continue;
    }
    for (const std::string& name : backticked(line)) {
      const std::string fault = fault_of(name, folder);
      if (!fault.empty()) faults.push_back(fault);
    }
    if (line.starts_with("|")) check_row(line, faults);
  }
  for (std::string& fault : faults) fault = readme.path + ": " + fault;
  return faults;
}

TEST_CASE("every name in a README exists") {
  for (const File& file : tree())
    if (file.path.ends_with("README.md") || file.path == ".github/CONTRIBUTING.md")
      for (const std::string& fault : readme_faults(file)) FAIL_CHECK(fault);
}

TEST_CASE("every folder has a chapter") {
  CHECK(has_file("README.md"));
  for (const std::string& folder : folders) CHECK(has_file(folder + "/README.md"));
}

TEST_CASE("a planted fault in a README of each kind is found") {
  const auto found = [](const std::string& text, const char* sentence) {
    const auto faults = readme_faults({"nn/README.md", text});
    INFO(text);
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].find(sentence) != std::string::npos);
  };
  found("see `nn/adamm.hpp`", "there is no file `nn/adamm.hpp`");
  found("see `adamm.hpp`", "there is no file `adamm.hpp`");
  found("see `rssm/priorr/0/weight`", "there is no file `rssm/priorr/0/weight`");
  found("the `Taape`", "`Taape` is nowhere in the sources");
  found("`Tape::rewindd()` goes back", "`rewindd` is nowhere");
  found("`Taape<float>`", "`Taape` is nowhere");
  found("| idea | `autograd/tape.hpp` | `Tape`, `Reshape` |",
        "`Reshape` is not in the file beside");
  found("`--gradcheckk`", "the option `--gradcheckk` is nowhere");
  found("run `bash tests/runn.sh now`", "there is no file `tests/runn.sh`");
  found("```\nbuild/release/bin/gradchek --op linear\n```", "build/release/bin/gradchek");
  found("```\nbash apps/quikstart.sh\n```", "there is no file apps/quikstart.sh");
  CHECK(readme_faults({"autograd/README.md", "`op.hpp`, `ops/dense.hpp`"}).empty());
  for (const char* right :
       {"`Tape`, `Tape::rewind()`, `record`", "`h' = u h + (1 - u) c`", "`--csv`",
        "`build/release/bin/gradcheck --op NAME`", "`runs/pendulum/anything.txt`", "`FILE.csv`",
        "`rssm/prior/0/weight`",
        "| the list | `autograd/tape.hpp`, `autograd/op_list.hpp` | `Tape`, `Reshape` |",
        "```\n$ build/release/bin/gradcheck --csv out.csv\nnothing/else.is/looked at\n```"}) {
    INFO(right);
    CHECK(readme_faults({"nn/README.md", right}).empty());
  }
}

}  // namespace planet::test
