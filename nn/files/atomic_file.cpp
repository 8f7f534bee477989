#include "nn/files/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <system_error>
#include <vector>

#include "autograd/base/error.hpp"

namespace planet {

namespace fs = std::filesystem;

namespace {

fs::path temporary_beside(const fs::path& target) {
  static std::atomic<unsigned> count{0};  // distinct names, even for two files with the same target
  return fs::path(target).concat(cat(".tmp-", ::getpid(), "-", count++));
}

// 1 or 2 if that is the file: another descriptor of it would begin at its first byte.
int standard_stream(const struct stat& file) {
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) {
    struct stat open_file {};
    if (::fstat(stream, &open_file) == 0 && open_file.st_dev == file.st_dev &&
        open_file.st_ino == file.st_ino)
      return stream;
  }
  return -1;
}

// Where symbolic links lead, also to a file that is not there yet.
fs::path followed(fs::path path) {
  constexpr int most_links = 40;  // Linux's own limit
  std::error_code problem;
  for (int i = 0; i < most_links; ++i) {
    const fs::path next = fs::read_symlink(path, problem);
    if (problem) return path;
    path = path.parent_path() / next;
  }
  fail(path.string(), " cannot be written: its symbolic links lead in a circle");
}

std::string error_text() { return std::generic_category().message(errno); }

}  // namespace

AtomicFile::AtomicFile(fs::path target) : target_(std::move(target)) {
  struct stat status {};
  const bool exists = ::stat(target_.c_str(), &status) == 0;
  require(!exists || !S_ISDIR(status.st_mode), target_.string(),
          " cannot be written: it is a folder");
  const int stream = exists ? standard_stream(status) : -1;
  if (stream >= 0) {
    descriptor_ = ::fcntl(stream, F_DUPFD_CLOEXEC, 0);
  } else if (exists && !S_ISREG(status.st_mode)) {
    descriptor_ = ::open(target_.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    open_beside();
    if (descriptor_ >= 0 && exists) ::fchmod(descriptor_, status.st_mode & 07777);
  }
  if (descriptor_ < 0) fail(target_.string(), " cannot be written: ", error_text());
}

void AtomicFile::open_beside() {
  target_ = followed(target_);
  if (::access(target_.c_str(), W_OK) != 0 && errno != ENOENT) return;
  temporary_ = temporary_beside(target_);
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
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
  if (!temporary_.empty()) {
    if (::fsync(descriptor_) != 0) fail_with_errno("forcing it to the disk failed");
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail_with_errno("renaming failed");
  }
  ::close(descriptor_);
  descriptor_ = -1;
  if (!temporary_.empty()) sync_folder(target_.parent_path());
}

void write_atomically(const fs::path& path, std::span<const std::uint8_t> bytes) {
  AtomicFile file(path);
  file.write(bytes.data(), bytes.size());
  file.commit();
}

void write_text_atomically(const fs::path& path, std::string_view text) {
  write_atomically(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::string name_of_temporary(std::string_view file_name) {
  constexpr std::string_view mark = ".tmp-";
  const std::size_t at = file_name.rfind(mark);
  if (at == std::string_view::npos || at == 0) return "";
  const std::string_view numbers = file_name.substr(at + mark.size());
  const std::size_t dash = numbers.find('-');
  const auto digits = [](std::string_view word) {
    return !word.empty() && word.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (dash == std::string_view::npos || !digits(numbers.substr(0, dash)) ||
      !digits(numbers.substr(dash + 1)))
    return "";
  return std::string(file_name.substr(0, at));
}

void remove_temporaries(const fs::path& folder,
                        const std::function<bool(const std::string&)>& is_ours) {
  if (!fs::is_directory(folder)) return;
  std::vector<fs::path> unfinished;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = name_of_temporary(entry.path().filename().string());
    if (!name.empty() && entry.is_regular_file() && is_ours(name))
      unfinished.push_back(entry.path());
  }
  for (const fs::path& file : unfinished) fs::remove(file);
}

void require_writable(const fs::path& file) {
  std::error_code problem;
  const fs::file_status status = fs::status(file, problem);
  // Opening a pipe and closing it again would tell its reader that all was said.
  if (fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status)) {
    if (::access(file.c_str(), W_OK) != 0)
      fail(file.string(), " cannot be written: ", error_text());
    return;
  }
  AtomicFile probe(file);
}

void make_folder(const fs::path& folder) {
  std::error_code problem;
  fs::create_directories(folder, problem);
  require(!problem, folder.string(), ": the folder cannot be made: ", problem.message());
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    fail(folder.string(), ": nothing can be written in this folder: ", error_text());
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
