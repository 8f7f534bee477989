// A comment must not name a file that does not exist. In the comments of every .hpp and .cpp file,
// every name with the extension of a source, and every path that begins with a folder of the
// project, must be a file, relative to the comment's folder or one above it; "Next:" must be
// followed by such a name.
#include <doctest/doctest.h>

#include <algorithm>
#include <regex>

#include "autograd/base/error.hpp"
#include "tests/layering/tree.hpp"

namespace planet::test {
namespace {

// The text after // outside of strings, with all lines of a file joined by spaces.
std::string comments_of(const std::string& text) {
  std::string comments;
  for (const std::string& line : lines_of(text)) {
    const auto begin = line.find("//");
    if (begin == std::string::npos) continue;
    const auto quotes = std::count(line.begin(), line.begin() + std::ptrdiff_t(begin), '"');
    if (quotes % 2 == 1) continue;
    const auto words = line.find_first_not_of("/<", begin);  // behind // or /// or ///<
    if (words != std::string::npos) comments += line.substr(words) + ' ';
  }
  return comments;
}

bool must_exist(const std::string& path) {
  static const std::regex source(".*\\.(hpp|cpp|md|sh|py|cmake)");
  static const std::regex in_folder("(autograd|nn|rssm|planner|envs|apps|tests)/.*");
  static const std::regex placeholder(
      "(.*/)?[A-Z]+(\\.\\w+|/.*)");  // apps/NAME.cpp, apps/studies/NAME/run.sh
  if (std::regex_match(path, placeholder)) return false;
  return std::regex_match(path, source) || std::regex_match(path, in_folder);
}

bool is_seen_from(std::string at, const std::string& path) {
  while (!at.empty()) {  // nn/files/json.cpp: nn/files/, nn/, the root
    const auto slash = at.find_last_of('/', at.size() - 2);
    at.resize(slash == std::string::npos ? 0 : slash + 1);
    if (has_file(at + path)) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> comment_faults(const File& file) {
  static const std::regex name(
      "[\\w./-]*\\w\\.(hpp|cpp|md|txt|sh|py|csv|svg|png|toml|jsonl?|npz|safetensors|cmake)\\b");
  static const std::regex next("Next:\\s+(\\S*)");
  const std::string comments = comments_of(file.text);
  std::vector<std::string> faults;
  for (std::sregex_iterator it(comments.begin(), comments.end(), name), end; it != end; ++it) {
    const std::string path = it->str();
    if (must_exist(path) && !is_seen_from(file.path, path))
      faults.push_back(cat(file.path, ": there is no file ", path));
  }
  for (std::sregex_iterator it(comments.begin(), comments.end(), next), end; it != end; ++it)
    if (!std::regex_search((*it)[1].first, (*it)[1].second, name))
      faults.push_back(cat(file.path, ": 'Next:' is not followed by a file: ", it->str()));
  return faults;
}

TEST_CASE("every file that a comment names exists") {
  for (const File& file : tree())
    if ((file.path.ends_with(".hpp") || file.path.ends_with(".cpp")) &&
        !file.path.starts_with("tests/layering/"))
      for (const std::string& fault : comment_faults(file)) FAIL_CHECK(fault);
}

TEST_CASE("a planted fault in a comment of each kind is found") {
  for (const char* wrong : {"// Next: adamm.hpp, which steps.", "int x;  // see nn/adamm.hpp\n",
                            "// Next: the planner.", "// Next:\n// adamm.cpp",
                            "/// written by apps/quikstart.sh", "// nn/files/nothing.csv"}) {
    INFO(wrong);
    CHECK(comment_faults({"nn/a.hpp", wrong}).size() == 1);
  }
  for (const char* right : {"// Next: adam.hpp, then init.hpp.", "// Next:\n// rssm/rssm.hpp",
                            "// metrics.csv, FILE.csv", "// apps/NAME.cpp",
                            "const char* x = \"// adamm.hpp\";", "// see files/checkpoint.hpp"}) {
    INFO(right);
    CHECK(comment_faults({"nn/a.hpp", right}).empty());
  }
}

}  // namespace planet::test
