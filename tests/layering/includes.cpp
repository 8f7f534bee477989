// A file must include the header of every standard name it uses, directly or through our own
// headers. Otherwise it compiles only as long as another standard header happens to bring the name:
// <functional> of g++ 14 no longer brings std::sort.
#include <doctest/doctest.h>

#include <array>
#include <regex>
#include <set>

#include "autograd/base/error.hpp"
#include "tests/layering/tree.hpp"

namespace planet::test {
namespace {

struct Header {
  const char* name;
  std::regex use;
};

const std::vector<Header>& headers() {
  static const std::vector<Header> all = {
      {"algorithm",
       std::regex("std::(ranges::)?(sort|stable_sort|nth_element|min|max|clamp|minmax|copy|copy_n|"
                  "fill|fill_n|all_of|any_of|none_of|find|find_if|count|count_if|transform|reverse|"
                  "rotate|lower_bound|upper_bound|min_element|max_element|adjacent_find|equal|"
                  "unique|remove|remove_if|is_sorted|for_each)\\(")},
      {"array", std::regex("std::array\\b")},
      {"cmath",
       std::regex("std::(abs|sqrt|cbrt|hypot|exp|expm1|log|log1p|log2|pow|sin|cos|tan|tanh|"
                  "atan2|floor|ceil|round|fma|isfinite|isnan|isinf)\\(")},
      {"cstdint", std::regex("std::u?int(8|16|32|64)_t\\b")},
      {"cstdio", std::regex("std::(printf|fprintf|snprintf|fopen|fflush|FILE)\\b")},
      {"cstdlib", std::regex("std::(getenv|atoi|atof|strtod|exit|abort)\\(")},
      {"cstring", std::regex("std::(memcpy|memset|memcmp|memmove|strlen|strerror)\\(")},
      {"filesystem", std::regex("std::filesystem\\b")},
      {"fstream", std::regex("std::[io]?fstream\\b")},
      {"functional", std::regex("std::function<")},
      {"iostream", std::regex("std::(cout|cerr|cin)\\b")},
      {"limits", std::regex("std::numeric_limits\\b")},
      {"map", std::regex("std::map<")},
      {"memory", std::regex("std::(unique_ptr|make_unique|shared_ptr|make_shared)\\b")},
      {"numeric", std::regex("std::(accumulate|iota|inner_product)\\(")},
      {"optional", std::regex("std::(optional<|nullopt)")},
      {"ostream", std::regex("std::ostream\\b")},
      {"set", std::regex("std::set<")},
      {"span", std::regex("std::span<")},
      {"sstream", std::regex("std::[io]?stringstream\\b")},
      {"string", std::regex("std::(string|to_string)\\b")},
      {"string_view", std::regex("std::string_view\\b")},
      {"thread", std::regex("std::(thread|this_thread)\\b")},
      {"tuple", std::regex("std::(tuple<|tie\\(|make_tuple\\()")},
      {"type_traits",
       std::regex("std::(is_\\w+_v|decay_t|remove_\\w+_t|invoke_result_t|conditional_t)\\b")},
      {"vector", std::regex("std::vector<")},
  };
  return all;
}

const File* file_at(const std::string& path) {
  for (const File& file : tree())
    if (file.path == path) return &file;
  return nullptr;
}

// The standard headers of a file and, through quotes, of our own.
void collect(const File& file, std::set<std::string>& standard, std::set<std::string>& seen) {
  static const std::regex include("\\s*#\\s*include\\s*[<\"]([^>\"]+)[>\"].*");
  if (!seen.insert(file.path).second) return;
  for (const std::string& line : lines_of(file.text)) {
    std::smatch m;
    if (line.find("#") == std::string::npos || !std::regex_match(line, m, include)) continue;
    if (const File* const own = file_at(m[1])) collect(*own, standard, seen);
    else standard.insert(m[1]);
  }
}

std::vector<std::string> missing_headers(const File& file) {
  std::set<std::string> standard, seen;
  collect(file, standard, seen);
  std::vector<std::string> faults;
  for (const Header& header : headers()) {
    if (standard.contains(header.name)) continue;
    for (const std::string& line : lines_of(file.text)) {
      const std::string code = line.substr(0, line.find("//"));
      if (code.find("std::") == std::string::npos) continue;
      std::smatch m;
      if (!std::regex_search(code, m, header.use)) continue;
      faults.push_back(cat(file.path, " uses ", m.str(), " without <", header.name, ">"));
      break;
    }
  }
  return faults;
}

}  // namespace

TEST_CASE("every file includes the standard headers whose names it uses") {
  for (const File& file : tree())
    if ((file.path.ends_with(".hpp") || file.path.ends_with(".cpp")) &&
        file.path != "tests/layering/includes.cpp")
      for (const std::string& fault : missing_headers(file)) FAIL_CHECK(fault);
}

TEST_CASE("a header that is missing is found, one that comes by our own is not") {
  const auto faults = [](const char* text) { return missing_headers({"nn/a.cpp", text}); };
  CHECK(faults("#include <cmath>\nint x = std::max(1, 2);\n") ==
        std::vector<std::string>{"nn/a.cpp uses std::max( without <algorithm>"});
  CHECK(faults("#include <algorithm>\nint x = std::max(1, 2);\n").empty());
  CHECK(faults("int x;  // std::max(1, 2)\n").empty());
  CHECK(faults("#include \"nn/adam.hpp\"\nstd::vector<int> x;\n").empty());
}

}  // namespace planet::test
