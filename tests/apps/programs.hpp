// Running our programs as a user does: as processes with arguments, in a scratch folder.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace planet::test {

namespace fs = std::filesystem;
using Args = std::vector<std::string>;

#if defined(__SANITIZE_ADDRESS__)
constexpr bool under_address_sanitizer = true;
#elif defined(__has_feature)
constexpr bool under_address_sanitizer = __has_feature(address_sanitizer);
#else
constexpr bool under_address_sanitizer = false;
#endif

/// A folder of its own, removed at the end.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  fs::path operator/(const std::string& name) const { return path_ / name; }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

struct Result {
  int status = -1;  // exit status, or 128 + the signal
  std::string out, err;
};

/// A program that is running; its output is collected.
class Process {
 public:
  Process(const Scratch& scratch, const std::string& program, const Args& args);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  void signal(int number) const;
  bool running();
  Result wait();
  std::string err_so_far() const;

 private:
  pid_t pid_ = -1;
  int status_ = -1;
  fs::path out_, err_;
};

/// Runs bin/PROGRAM, or a program of the system by its whole path, to its end.
Result run(const Scratch& scratch, const std::string& program, const Args& args);

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
std::size_t count(const std::string& text, const std::string& part);

std::string text_of(const fs::path& file);
/// Are all tensors of two safetensors files the same, bit for bit?
bool same_tensors(const fs::path& a, const fs::path& b);
/// Names and bytes of every file in a folder.
std::vector<std::pair<std::string, std::string>> contents(const fs::path& folder);
/// The checkpoint named in checkpoints/latest.
fs::path latest(const fs::path& run);

/// The smallest run that does everything: 16 pixels, a handful of numbers in every layer. `more`
/// replaces or adds options.
Args smallest(const fs::path& logdir, const Args& more = {});
Args operator+(Args a, const Args& b);

}  // namespace planet::test
