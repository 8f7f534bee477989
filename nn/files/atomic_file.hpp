// A file that is either completely there or not there at all.
//
// The bytes are written to a temporary file beside the target, flushed to the disk, and renamed to
// the target. A process killed at any moment leaves either the old file or the new one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace planet {

class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path target);  // throws if the folder cannot be written
  ~AtomicFile();                                      // without commit(): removes the temporary
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, std::size_t bytes);
  void write(std::string_view text) { write(text.data(), text.size()); }
  /// Flushes the bytes to the disk and renames the file to the target. Must be the last call.
  void commit();

 private:
  [[noreturn]] void fail_with_errno(std::string_view what);

  std::filesystem::path target_, temporary_;
  int descriptor_ = -1;
};

/// Writes a whole file at once.
void write_atomically(const std::filesystem::path& path, std::span<const std::uint8_t> bytes);
void write_text_atomically(const std::filesystem::path& path, std::string_view text);

/// Reads a whole regular file of at most max_bytes. Error: a folder, a missing file, a longer one.
std::string read_text(const std::filesystem::path& path, std::size_t max_bytes = 64u << 20);

/// Flushes a folder's entries to the disk, after a rename inside it.
void sync_folder(const std::filesystem::path& folder);

}  // namespace planet
