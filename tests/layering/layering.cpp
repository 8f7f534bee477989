// Who may know whom, read off the #include lines: a wrong arrow, a package out of its place, a
// pragma out of its file or a file that is too long is a sentence, and a sentence fails the test.
#include <doctest/doctest.h>

#include <map>
#include <regex>
#include <set>

#include "autograd/base/error.hpp"
#include "tests/layering/tree.hpp"

namespace planet::test {
namespace {

// A part is a folder, or one of the three inner folders of autograd, or the two headers that kernels
// and ops share, the enums of activations and precisions, or planar mechanics, a library of its own within envs, or
// the file formats of nn, or a folder of what the programs share, or the front page and the first
// examples, which use the libraries alone.
constexpr const char* shared = "autograd/activation.hpp";
constexpr const char* front_page = "apps/minimal.cpp";
std::string part_of(const std::string& path) {
  if (path == "autograd/precision.hpp") return shared;
  for (const char* file : {shared, front_page})
    if (path == file) return file;
  for (const char* own : {"envs/planar/", "envs/physics."})
    if (path.starts_with(own)) return "envs/planar";
  for (const char* inner :
       {"autograd/base", "autograd/kernels", "autograd/ops", "nn/files", "apps/common/console",
        "apps/common/files", "apps/common/options", "apps/common/run", "apps/common/simulator",
        "apps/common/report", "apps/common/foresight", "apps/common/page", "apps/common/bridge",
        "apps/examples"})
    if (path.starts_with(std::string(inner) + "/")) return inner;
  const auto slash = path.find('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

// From a part to all that it may include. envs sees autograd/base only, envs/planar no task; the
// layers, models and planners know no file format.
const std::map<std::string, std::set<std::string>>& arrows() {
  static const std::set<std::string> engine = {"autograd/base", "autograd/kernels", "autograd/ops",
                                               "autograd", shared};
  static const auto with = [](std::set<std::string> a, const std::set<std::string>& b) {
    a.insert(b.begin(), b.end());
    return a;
  };
  static const std::set<std::string> user = {"autograd/base", "autograd/kernels", "autograd",
                                             shared};
  // What a program may know, with these folders of apps/common.
  static const auto below_apps = [](const std::set<std::string>& common) {
    std::set<std::string> a =
        with(user, {"nn", "nn/files", "rssm", "planner", "envs/planar", "envs"});
    for (const std::string& folder : common) a.insert("apps/common/" + folder);
    return a;
  };
  static const std::set<std::string> all_common = {
      "console", "files", "bridge", "options", "run", "simulator", "report", "foresight", "page"};
  static const std::map<std::string, std::set<std::string>> allowed = {
      {"autograd/base", {"autograd/base"}},
      {"autograd/kernels", {"autograd/base", "autograd/kernels", shared}},
      {shared, {"autograd/base"}},
      {"autograd/ops", engine},
      {"autograd", engine},
      {"nn", with(user, {"nn"})},
      {"nn/files", with(user, {"nn", "nn/files"})},
      {"rssm", with(user, {"nn", "rssm"})},
      {"planner", with(user, {"nn", "rssm", "planner"})},
      {"envs/planar", {"autograd/base", "envs/planar"}},
      {"envs", {"autograd/base", "envs/planar", "envs"}},
      {"apps/common/console", below_apps({"console"})},
      {"apps/common/files",
       {"autograd/base", "autograd", "nn/files", "rssm", "envs", "apps/common/files"}},
      {"apps/common/bridge", {"autograd/base", "envs", "apps/common/bridge"}},
      {"apps/common/options", below_apps({"console", "files", "bridge", "options"})},
      {"apps/common/report", below_apps({"console", "files", "options", "report"})},
      {"apps/common/run", below_apps({"console", "files", "options", "run"})},
      {"apps/common/simulator", below_apps({"console", "files", "options", "run", "simulator"})},
      {"apps/common/foresight",
       below_apps({"console", "files", "options", "report", "run", "foresight"})},
      {"apps/common/page",
       below_apps({"console", "files", "options", "report", "run", "foresight", "page"})},
      {"apps", with(below_apps(all_common), {"apps"})},
      {front_page, with(user, {"nn", "rssm", "planner", "envs"})},
      {"apps/examples", {"autograd/base", "autograd", "nn", "rssm", "planner", "envs"}},
      {"tests", with(engine, with(below_apps(all_common), {"apps", front_page, "tests"}))},
  };
  return allowed;
}

// A header that is installed: its users have neither kernels/ nor the op structs.
bool is_public_header(const std::string& path) {
  const std::string part = part_of(path);
  return path.ends_with(".hpp") && !part.starts_with("apps") && part != "tests" &&
         part != "autograd/ops" && part != "autograd/kernels";
}

void check_own_include(const File& file, const std::string& target,
                       std::vector<std::string>& faults) {
  const std::string from = part_of(file.path);
  const std::string sibling = file.path.substr(0, file.path.rfind('/') + 1) + target;
  if (from == "tests" && has_file(sibling)) return;
  const std::string to = part_of(target);
  if (!arrows().contains(from) || !arrows().at(from).contains(to))
    faults.push_back(cat(file.path, " includes ", target, ": ", from, " must not know ",
                         to.empty() ? "files outside the folders" : to));
  else if (!has_file(target))
    faults.push_back(cat(file.path, " includes ", target, ", which is not a path from the root"));
  if (is_public_header(file.path) && (to == "autograd/kernels" || to == "autograd/ops"))
    faults.push_back(cat(file.path, " is installed, and includes ", target, ", which is not"));
}

// Each package has one place.
void check_package(const File& file, const std::string& target, std::vector<std::string>& faults) {
  struct Place {
    std::regex package;
    std::string where, also = "-";
  };
  static const std::vector<Place> places = {
      {std::regex("xsimd/.*|.*mmintrin\\.h|immintrin\\.h|x86intrin\\.h|arm_neon\\.h|arm_sve\\.h"),
       "autograd/kernels/"},
      {std::regex("omp\\.h"), "autograd/base/parallel.cpp"},
      {std::regex("(stb/)?stb.*"), "apps/common/files/", "tests/support/png.cpp"},
      {std::regex("CLI/.*"), "apps/"},
      {std::regex("mpi\\.h"), "apps/common/run/ranks_mpi.cpp"},
      {std::regex("doctest.*"), "tests/"},
  };
  for (const Place& p : places)
    if (std::regex_match(target, p.package) && !file.path.starts_with(p.where) &&
        !file.path.starts_with(p.also))
      faults.push_back(cat(file.path, " includes <", target, ">, whose place is ", p.where));
}

}  // namespace

std::vector<std::string> layering_faults(const File& file) {
  static const std::regex include("^\\s*#\\s*include\\s*([<\"])([^>\"]+)[>\"].*");
  static const std::regex pragma("^\\s*#\\s*pragma\\s+omp\\b.*|.*_Pragma\\s*\\(\\s*\"omp.*");
  std::vector<std::string> faults;
  if (!file.path.ends_with(".hpp") && !file.path.ends_with(".cpp")) return faults;
  const auto lines = lines_of(file.text);
  if (const std::size_t most = file.path == front_page ? 100 : 400; lines.size() > most)
    faults.push_back(
        cat(file.path, " has ", lines.size(), " lines; one idea takes at most ", most));
  for (const std::string& line : lines) {
    std::smatch m;
    if (std::regex_match(line, pragma) && file.path != "autograd/base/parallel.cpp")
      faults.push_back(
          cat(file.path, " has an OpenMP pragma; its place is autograd/base/parallel.cpp"));
    if (!std::regex_match(line, m, include)) continue;
    check_package(file, m[2], faults);
    if (m[1] == "\"") check_own_include(file, m[2], faults);
    else if (m[2].str().find(".hpp") != std::string::npos && arrows().contains(part_of(m[2])))
      faults.push_back(cat(file.path, " includes <", m[2].str(), ">; our own headers take quotes"));
  }
  return faults;
}

TEST_CASE("every include follows the arrows and every package stays in its place") {
  CHECK(tree().size() > 100);
  for (const File& file : tree())
    for (const std::string& fault : layering_faults(file)) FAIL_CHECK(fault);
}

TEST_CASE("a planted fault of each kind is found") {
  const auto found = [](const std::string& path, const std::string& text, const char* sentence) {
    const auto faults = layering_faults({path, text});
    INFO(path, ": ", text);
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].find(sentence) != std::string::npos);
  };
  found("nn/a.hpp", "#include \"rssm/state.hpp\"", "nn must not know rssm");
  found("autograd/tape.hpp", "#include \"nn/adam.hpp\"", "autograd must not know nn");
  found("autograd/base/a.hpp", "#include \"autograd/tape.hpp\"", "must not know autograd");
  found("autograd/kernels/a.hpp", "#include \"autograd/tape.hpp\"", "must not know autograd");
  found("envs/a.cpp", "  #  include \"autograd/tape.hpp\"", "envs must not know autograd");
  found("envs/planar/a.cpp", "#include \"envs/task.hpp\"", "envs/planar must not know envs");
  found("planner/a.cpp", "#include \"envs/env.hpp\"", "planner must not know envs");
  found("nn/a.cpp", "#include \"nn/files/json.hpp\"", "nn must not know nn/files");
  found("rssm/a.cpp", "#include \"nn/files/checkpoint.hpp\"", "rssm must not know nn/files");
  found("planner/a.cpp", "#include \"nn/files/json.hpp\"", "planner must not know nn/files");
  found("envs/a.cpp", "#include \"apps/common/files/png.hpp\"",
        "envs must not know apps/common/files");
  found("apps/a.cpp", "#include \"tests/layering/tree.hpp\"", "apps must not know tests");
  found("apps/common/run/a.cpp", "#include \"apps/common/report/pictures.hpp\"",
        "apps/common/run must not know apps/common/report");
  found("nn/a.cpp", "#include \"autograd/tapes.hpp\"", "which is not a path from the root");
  found("nn/a.cpp", "#include \"adam.hpp\"", "must not know files outside");
  found("nn/a.hpp", "#include \"autograd/kernels/random.hpp\"", "is installed, and includes");
  found("nn/a.cpp", "#include <autograd/tape.hpp>", "our own headers take quotes");
  found("nn/a.cpp", "#include <xsimd/xsimd.hpp>", "whose place is autograd/kernels/");
  found("autograd/ops/a.hpp", "#include <immintrin.h>", "whose place is autograd/kernels/");
  found("autograd/kernels/a.cpp", "#include <omp.h>", "whose place is autograd/base/parallel.cpp");
  found("apps/a.cpp", "#include <stb_image_write.h>", "whose place is apps/common/files/");
  found("planner/a.cpp", "#include <CLI/CLI.hpp>", "whose place is apps/");
  found("apps/train.cpp", "#include <mpi.h>", "whose place is apps/common/run/ranks_mpi.cpp");
  found("apps/a.cpp", "#include <doctest/doctest.h>", "whose place is tests/");
  found("autograd/kernels/a.cpp", "#pragma omp parallel for", "OpenMP pragma");
  found("autograd/kernels/a.cpp", "_Pragma(\"omp simd\")", "OpenMP pragma");
  found("nn/a.cpp", std::string(401, '\n'), "401 lines");
  found(front_page, std::string(101, '\n'), "101 lines; one idea takes at most 100");
  found(front_page, "#include \"apps/common/run/acting.hpp\"", "must not know apps/common/run");
  found("apps/examples/a/main.cpp", "#include \"apps/programs.hpp\"", "must not know apps");
  CHECK(layering_faults({"nn/a.cpp", "#include <vector>\n#include \"autograd/tape.hpp\""}).empty());
}

}  // namespace planet::test
