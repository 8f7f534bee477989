// A type has one definition. Two classes of one name in one namespace compile as long as no source sees both; the
// linker then keeps the constructors and destructors of one of them for both. So in the libraries and programs no
// two files may define a type of the same name outside of unnamed namespaces.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <regex>

#include "autograd/base/error.hpp"
#include "tests/layering/tree.hpp"

namespace planet::test {
namespace {

// The types that a file defines directly in a named namespace, as planet::Sum.
std::vector<std::string> types_of(const File& file) {
  static const std::regex opens("^(inline )?namespace ?([\\w:]*) ?\\{$");
  static const std::regex type(
      "^(struct|class|enum class|enum) (alignas\\(.*\\) )?(\\w+)( final)?( : .*)? \\{.*");
  std::vector<std::string> inside, types;
  for (const std::string& line : lines_of(file.text)) {
    std::smatch m;
    if (std::regex_match(line, m, opens)) {
      inside.push_back(m[2]);
    } else if (line.starts_with("}  // namespace") && !inside.empty()) {
      inside.pop_back();
    } else if (std::regex_match(line, m, type) && std::ranges::count(inside, "") == 0) {
      std::string name;
      for (const std::string& part : inside) name += part + "::";
      types.push_back(name + m[3].str());
    }
  }
  return types;
}

std::vector<std::string> defined_twice(const std::vector<File>& files) {
  std::map<std::string, std::string> where;
  std::vector<std::string> faults;
  for (const File& file : files)
    for (const std::string& type : types_of(file)) {
      const auto [first, is_new] = where.try_emplace(type, file.path);
      if (!is_new)
        faults.push_back(cat(type, " is defined in ", first->second, " and ", file.path));
    }
  return faults;
}

}  // namespace

TEST_CASE("a type has one definition") {
  std::vector<File> files;
  for (const File& file : tree())
    if ((file.path.ends_with(".hpp") || file.path.ends_with(".cpp")) &&
        !file.path.starts_with("tests/") && !file.path.starts_with("apps/examples/"))
      files.push_back(file);
  CHECK(files.size() > 200);
  for (const std::string& fault : defined_twice(files)) FAIL_CHECK(fault);
}

TEST_CASE("a type that is defined twice is found, and one of an unnamed namespace is not") {
  const File a{"a.hpp", "namespace planet {\nclass Sum final : public X {\n"};
  CHECK(defined_twice({a, {"b.cpp", "namespace planet {\nstruct Sum {\n"}}).size() == 1);
  CHECK(defined_twice({a, {"b.cpp", "namespace planet {\nnamespace {\nstruct Sum {\n"}}).empty());
  CHECK(defined_twice({a, {"b.cpp", "namespace planet::nn {\nstruct Sum {\n"}}).empty());
  CHECK(defined_twice({a, {"b.cpp", "namespace planet {\nclass Sum;\n"}}).empty());
  CHECK(defined_twice({a, {"b.cpp", "namespace planet {\nstruct Sum::Part {\n"}}).empty());
}

}  // namespace planet::test
