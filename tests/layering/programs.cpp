// The folders of the programs: what only one program uses is in the folder of its name, and no
// other program includes it; a program that needs no environment is built without any.
#include <doctest/doctest.h>

#include <algorithm>
#include <regex>
#include <set>

#include "autograd/base/error.hpp"
#include "tests/layering/tree.hpp"

namespace planet::test {
namespace {

std::vector<std::string> includes_of(const File& file) {
  static const std::regex include("^\\s*#\\s*include\\s*\"([^\"]+)\".*");
  std::vector<std::string> out;
  for (const std::string& line : lines_of(file.text))
    if (std::smatch m; std::regex_match(line, m, include)) out.push_back(m[1]);
  return out;
}

const File* find(const std::string& path) {
  const auto found = std::ranges::find(tree(), path, &File::path);
  return found == tree().end() ? nullptr : &*found;
}

// "play" for apps/play.cpp and apps/play/policies.hpp; "" for what belongs to no single program.
std::string owner(const std::string& path) {
  static const std::regex own("apps/(studies/tools|[a-z]+)(/[a-z_]+\\.[ch]pp|\\.cpp)");
  std::smatch m;
  if (!std::regex_match(path, m, own)) return "";
  const std::string name = m[1];
  return name == "studies/tools" || has_file("apps/" + name + ".cpp") ? name : "";
}

// Headers and sources of one program that another one includes.
std::vector<std::string> borrowed(const File& file) {
  std::vector<std::string> faults;
  for (const std::string& target : includes_of(file))
    if (const std::string of = owner(target); !of.empty() && of != owner(file.path))
      faults.push_back(cat(file.path, " includes ", target, ", which is for ", of, " alone"));
  return faults;
}

// All files that a source depends on: its headers, and the sources of these headers.
std::set<std::string> built_from(const std::string& path) {
  std::set<std::string> seen;
  std::vector<std::string> open{path};
  while (!open.empty()) {
    const std::string at = open.back();
    open.pop_back();
    const File* file = find(at);
    if (file == nullptr || !seen.insert(at).second) continue;
    for (const std::string& target : includes_of(*file)) {
      open.push_back(target);
      if (target.ends_with(".hpp") && target != "apps/programs.hpp")
        open.push_back(target.substr(0, target.size() - 3) + "cpp");
    }
  }
  return seen;
}

bool knows(const std::string& program, const std::string& folder) {
  return std::ranges::any_of(built_from(program),
                             [&](const std::string& f) { return f.starts_with(folder + "/"); });
}

}  // namespace

TEST_CASE("what one program has for itself is used by that program alone") {
  for (const File& file : tree())
    if (file.path.starts_with("apps/"))
      for (const std::string& fault : borrowed(file)) FAIL_CHECK(fault);
  CHECK(borrowed({"apps/train.cpp", "#include \"apps/play/policies.hpp\"\n"}).size() == 1);
  CHECK(borrowed({"apps/common/run/a.cpp", "#include \"apps/eval/oracle.hpp\"\n"}).size() == 1);
  CHECK(borrowed({"apps/play/a.cpp", "#include \"apps/play/policies.hpp\"\n"}).empty());
}

TEST_CASE("plot and gradcheck are built from no planner, and gradcheck from no environment") {
  for (const char* program : {"apps/plot.cpp", "apps/gradcheck.cpp"}) {
    CAPTURE(program);
    CHECK(built_from(program).size() > 10);
    CHECK_FALSE(knows(program, "planner"));
  }
  CHECK_FALSE(knows("apps/gradcheck.cpp", "envs"));
  CHECK_FALSE(knows("apps/plot.cpp", "autograd/ops"));
  CHECK(knows("apps/eval.cpp", "envs"));
  CHECK(knows("apps/eval.cpp", "planner"));
}

}  // namespace planet::test
