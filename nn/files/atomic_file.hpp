// A file that is either completely there or not there at all.
//
// The bytes are written to a temporary file beside the target, flushed to the disk, and renamed to
// the target. A process killed at any moment leaves either the old file or the new one.
//
//   a symbolic link   is followed: the file that it names is replaced, the link stays
//   a hard link       is cut: the file's other names keep the old bytes, as copies made by
//                     `cp -al` and `rsync --link-dest` need it
//   a device, a pipe, and what is this process's stdout or stderr: written straight into
//
// A file that is replaced keeps its permissions; one that may not be written is not replaced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace planet {

class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path target);  // Error: it cannot be written
  ~AtomicFile();                                      // without commit(): removes the temporary
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, std::size_t bytes);
  void write(std::string_view text) { write(text.data(), text.size()); }
  /// Flushes the bytes to the disk and renames the file to the target. Must be the last call.
  void commit();

 private:
  [[noreturn]] void fail_with_errno(std::string_view what);
  void open_beside();

  std::filesystem::path target_, temporary_;  // no temporary: written straight into
  int descriptor_ = -1;
};

/// Writes a whole file at once.
void write_atomically(const std::filesystem::path& path, std::span<const std::uint8_t> bytes);
void write_text_atomically(const std::filesystem::path& path, std::string_view text);

/// The NAME in "NAME.tmp-123-4", what a killed process left of it; "" for every other file.
std::string name_of_temporary(std::string_view file_name);

/// Removes from `folder`, if it is there, the temporaries of every NAME for which is_ours(NAME).
void remove_temporaries(const std::filesystem::path& folder,
                        const std::function<bool(const std::string&)>& is_ours);

/// Error: `file` cannot be written. Leaves no trace; asked before the work whose result goes there.
void require_writable(const std::filesystem::path& file);
/// Makes the folder and those above it. Error: that is impossible, or nothing can be written in it.
void make_folder(const std::filesystem::path& folder);

/// Reads a whole regular file of at most max_bytes. Error: a folder, a missing file, a longer one.
std::string read_text(const std::filesystem::path& path, std::size_t max_bytes = 64u << 20);

/// Flushes a folder's entries to the disk, after a rename inside it.
void sync_folder(const std::filesystem::path& folder);

}  // namespace planet
