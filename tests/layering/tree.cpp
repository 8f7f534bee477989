#include "tests/layering/tree.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace planet::test {
namespace {

namespace fs = std::filesystem;

bool is_text(const fs::path& path) {
  for (const char* extension : {".hpp", ".cpp", ".md", ".txt", ".cmake", ".sh", ".in", ".json"})
    if (path.extension() == extension) return true;
  return path.extension().empty();  // .clang-format, .ci/run
}

void add(std::vector<File>& files, const fs::path& root, const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  files.push_back({fs::relative(path, root).generic_string(), text.str()});
}

std::vector<File> read_tree() {
  const fs::path root = PLANET_SOURCE_DIR;
  std::vector<File> files;
  for (const auto& entry : fs::directory_iterator(root))
    if (entry.is_regular_file() && is_text(entry.path())) add(files, root, entry.path());
  for (const char* folder :
       {"autograd", "nn", "rssm", "planner", "envs", "apps", "tests", ".ci", ".github"}) {
    if (!fs::exists(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder))
      if (entry.is_regular_file() && is_text(entry.path())) add(files, root, entry.path());
  }
  std::sort(files.begin(), files.end(),
            [](const File& a, const File& b) { return a.path < b.path; });
  return files;
}

}  // namespace

const std::vector<File>& tree() {
  static const std::vector<File> files = read_tree();
  return files;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

bool has_file(const std::string& path) {
  return !path.empty() && fs::exists(fs::path(PLANET_SOURCE_DIR) / path);
}

}  // namespace planet::test
