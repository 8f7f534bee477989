#include "nn/files/atomic_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "autograd/base/error.hpp"

namespace planet {

namespace fs = std::filesystem;

namespace {

fs::path temporary_beside(const fs::path& target) {
  static std::atomic<unsigned> count{0};  // distinct names, even for two files with the same target
  return fs::path(target).concat(cat(".tmp-", ::getpid(), "-", count++));
}

std::string error_text() { return std::generic_category().message(errno); }

}  // namespace

AtomicFile::AtomicFile(fs::path target)
    : target_(std::move(target)), temporary_(temporary_beside(target_)) {
  require(!fs::is_directory(target_), target_.string(), " cannot be written: it is a folder");
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail(target_.string(), " cannot be written: ", error_text());
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::fail_with_errno(std::string_view what) {
  fail(target_.string(), " was not written: ", what, ": ", error_text());
}

void AtomicFile::write(const void* data, std::size_t bytes) {
  const char* p = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t n = ::write(descriptor_, p, bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail_with_errno("writing failed");
    p += n;
    bytes -= static_cast<std::size_t>(n);
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) fail_with_errno("forcing it to the disk failed");
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail_with_errno("renaming failed");
  ::close(descriptor_);
  descriptor_ = -1;
  sync_folder(target_.parent_path());
}

void write_atomically(const fs::path& path, std::span<const std::uint8_t> bytes) {
  AtomicFile file(path);
  file.write(bytes.data(), bytes.size());
  file.commit();
}

void write_text_atomically(const fs::path& path, std::string_view text) {
  write_atomically(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::string read_text(const fs::path& path, std::size_t max_bytes) {
  std::error_code problem;
  const fs::file_status status = fs::status(path, problem);
  require(fs::exists(status), path.string(), ": there is no such file");
  require(fs::is_regular_file(status), path.string(), " is not a regular file");
  std::ifstream in(path, std::ios::binary);
  require(in.is_open(), path.string(), " cannot be opened for reading");
  in.seekg(0, std::ios::end);
  const auto size = in.tellg();
  require(size >= 0 && static_cast<std::size_t>(size) <= max_bytes, path.string(), " has ",
          static_cast<std::int64_t>(size), " bytes; at most ", max_bytes, " were expected");
  std::string text(static_cast<std::size_t>(size), '\0');
  in.seekg(0);
  require(static_cast<bool>(in.read(text.data(), size)), path.string(), " could not be read");
  return text;
}

void sync_folder(const fs::path& folder) {
  const fs::path here = folder.empty() ? fs::path(".") : folder;
  const int descriptor = ::open(here.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  // A folder that may be written but not read cannot be synced; the rename itself has happened.
  if (descriptor < 0) return;
  const bool ok = ::fsync(descriptor) == 0 || errno == EINVAL;  // EINVAL: the file system has none
  ::close(descriptor);
  require(ok, here.string(), ": forcing the folder to the disk failed");
}

}  // namespace planet
