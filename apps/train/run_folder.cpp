#include "apps/train/run_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <map>
#include <regex>
#include <utility>

#include "apps/common/files/episode_file.hpp"
#include "apps/common/options/command.hpp"
#include "apps/common/options/config_file.hpp"
#include "apps/common/options/version.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace fs = std::filesystem;
namespace {

std::string now_text(const char* format) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  localtime_r(&now, &parts);
  char text[64];
  std::strftime(text, sizeof text, format, &parts);
  return text;
}

std::string episode_prefix(std::int64_t index) {
  std::string digits = std::to_string(index);
  if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
  return "train-" + digits + "-r";
}

// The index in "train-000017-r183.2.npz", or -1 for every name that a run gives to no episode.
std::int64_t episode_index(const std::string& name) {
  static const std::regex pattern("train-([0-9]{6,18})-r-?[0-9.e+]+\\.npz");
  std::smatch parts;
  return std::regex_match(name, parts, pattern) ? std::stoll(parts[1]) : -1;
}

// True also if a process was killed before its run began and left a lock or temporary files.
bool is_empty_folder(const fs::path& path) {
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
    const std::string name = entry.path().filename().string();
    const bool lock = name == "lock" &&
                      (entry.file_size() == 0 || read_text(entry.path()).starts_with("process "));
    if (!lock && name_of_temporary(name) != "config.toml") return false;
  }
  return true;
}

// What a killed process was about to write: nobody will finish it. Those of checkpoints are removed
// by newest_checkpoint; what else lies in the folder belongs to somebody.
void remove_unfinished(const fs::path& run) {
  remove_temporaries(
      run, [](const std::string& name) { return name == "config.toml" || name == "report.html"; });
  remove_temporaries(run / "episodes",
                     [](const std::string& name) { return episode_index(name) >= 0; });
  remove_temporaries(run / "pictures", [](const std::string& name) {
    return name.starts_with("eval-") && name.ends_with(".png");
  });
}

}  // namespace

RunFolder RunFolder::create(const fs::path& path, const RunConfig& config) {
  require(!fs::exists(path) || fs::is_directory(path), path.string(), " is a file, not a folder");
  make_folder(path);
  require(!fs::exists(path / "config.toml"), path.string(),
          " holds a run already; give another --logdir, or go on with it: ",
          command("train", {"--resume", path.string()}));
  require(is_empty_folder(path), path.string(), " is not empty; give another --logdir");
  RunFolder folder(path);
  folder.take_lock();
  // Between the look and the lock another process may have had a whole run here.
  require(!fs::exists(path / "config.toml"), path.string(), " was taken by another run just now");
  remove_unfinished(path);
  folder.write_config(config);  // from here on it is a run
  folder.make_subfolders();
  return folder;
}

RunFolder RunFolder::open(const fs::path& path) {
  require(fs::is_directory(path), path.string(), " is not a folder; --resume takes a run folder");
  require(fs::exists(path / "config.toml"), path.string(),
          " holds no config.toml, so there is no run to go on with");
  RunFolder folder(path);
  folder.take_lock();
  folder.make_subfolders();
  remove_unfinished(path);
  return folder;
}

RunFolder::RunFolder(RunFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

RunFolder::~RunFolder() {
  if (lock_ >= 0) close(lock_);  // and with it the lock is gone, as it is when the process dies
}

void RunFolder::take_lock() {
  const fs::path file = path_ / "lock";
  lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  require(lock_ >= 0, file.string(), " cannot be opened; is the folder writable?");
  if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    char holder[32] = {};
    const ssize_t n = pread(lock_, holder, sizeof holder - 1, 0);
    fail(path_.string(), " is in use by another process", n > 0 ? " (" : "", n > 0 ? holder : "",
         n > 0 ? ")" : "", "; two cannot work on one run");
  }
  const std::string holder = cat("process ", getpid());
  const bool ok = ftruncate(lock_, 0) == 0 && pwrite(lock_, holder.data(), holder.size(), 0) ==
                                                  static_cast<ssize_t>(holder.size());
  require(ok, file.string(), " cannot be written; is the disk full?");
}

void RunFolder::make_subfolders() const {
  for (const char* sub : {"checkpoints", "episodes", "pictures"}) make_folder(path_ / sub);
}

RunConfig RunFolder::config() const {
  return saved_config(read_config_file(path_ / "config.toml"));
}

void RunFolder::write_config(const RunConfig& config) const {
  write_text_atomically(path_ / "config.toml", config_text(config));
}

void RunFolder::note_command(int argc, const char* const* argv) const {
  std::ofstream out(path_ / "command.txt", std::ios::app);
  for (int i = 0; i < argc; ++i) out << (i > 0 ? " " : "") << shell_quoted(argv[i]);
  out << "\n  # " << now_text("%Y-%m-%d %H:%M:%S") << ", " << version_text() << ", "
      << cpu_budget().describe() << ", " << threads() << " used\n";
  out.flush();
  require(out.good(), (path_ / "command.txt").string(), " could not be written; is the disk full?");
}

void RunFolder::save_episode(std::int64_t index, const Episode& episode,
                             const std::string& task) const {
  const std::string name = episode_prefix(index) + fixed(episode.episode_return(), 1) + ".npz";
  save_episode_file(path_ / "episodes" / name, episode, task);
}

void RunFolder::restore_episodes(std::int64_t first, std::int64_t count, const std::string& task,
                                 const ModelConfig& model, Replay& replay) const {
  std::map<std::int64_t, fs::path> files;
  std::vector<fs::path> beyond;
  for (const fs::directory_entry& entry : fs::directory_iterator(path_ / "episodes")) {
    const std::int64_t index = episode_index(entry.path().filename().string());
    if (index >= count) beyond.push_back(entry.path());
    else if (index >= 0) files[index] = entry.path();
  }
  for (const fs::path& file : beyond) fs::remove(file);
  for (std::int64_t i = first; i < count; ++i) {
    const auto file = files.find(i);
    require(file != files.end(), (path_ / "episodes").string(), " has no file ", episode_prefix(i),
            "*.npz, which the checkpoint needs");
    std::string of;
    Episode episode = load_episode_file(file->second, model, &of);
    require(of.empty() || of == task, file->second.string(), " is an episode of ", of,
            "; this run learns ", task);
    replay.add(std::move(episode));
  }
}

fs::path default_run_path(const RunConfig& config, const std::string& word) {
  const std::string base =
      cat("runs/", config.env_file_name(), "-", word, "-", now_text("%Y%m%dT%H%M%S"));
  fs::path path = base;
  for (int i = 2; fs::exists(path); ++i) path = cat(base, "-", i);
  return path;
}

}  // namespace planet
