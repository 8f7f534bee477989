// The project's own files, read from the source tree, for tests about the text of the project.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace planet::test {

struct File {
  std::string path;  // from the project root: "nn/adam.hpp"
  std::string text;
};

/// Every text file of the seven folders and of the root, sorted by path. It is read only once.
const std::vector<File>& tree();
std::vector<std::string> lines_of(std::string_view text);
bool has_file(const std::string& path);

/// Wrong includes, pragmas out of place and lengths: one sentence each.
std::vector<std::string> layering_faults(const File& file);
/// Names in backticks that are neither a file nor a word of the tree; one sentence each.
std::vector<std::string> readme_faults(const File& readme);
/// Files named in comments of a source that do not exist; one sentence each.
std::vector<std::string> comment_faults(const File& file);

}  // namespace planet::test
