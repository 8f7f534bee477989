#include "apps/common/options/command.hpp"

#include <cstdlib>
#include <filesystem>
#include <sstream>

namespace planet {
namespace fs = std::filesystem;
namespace {

struct Caller {
  fs::path binary;
  bool all = false;
};

Caller& caller() {
  static Caller made;
  return made;
}

// Where PATH has this binary; as it is when it is a path already.
fs::path located(const std::string& binary) {
  const char* path = std::getenv("PATH");
  if (binary.find('/') != std::string::npos || path == nullptr) return binary;
  std::istringstream folders(path);
  for (std::string folder; std::getline(folders, folder, ':');)
    if (const fs::path file = fs::path(folder) / binary; fs::is_regular_file(file)) return file;
  return binary;
}

}  // namespace

void called_as(const std::string& binary, bool all) { caller() = {located(binary), all}; }

std::string command(const std::string& program, const std::vector<std::string>& words) {
  const auto& [binary, all] = caller();
  std::string text = shell_quoted((all ? binary : binary.parent_path() / program).string());
  if (all) text.append(" ").append(program);
  for (const std::string& word : words) text.append(" ").append(shell_quoted(word));
  return text;
}

std::string shell_quoted(const std::string& word) {
  const char* const plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./:,+@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace planet
