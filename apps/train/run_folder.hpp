// The run folder: everything a run leaves behind, readable without us.
//
//   config.toml                    every option as used; `train --config` reads it back
//   command.txt                    each command that worked on this run, with version and machine
//   metrics.csv  metrics.jsonl     the same rows twice
//   log.txt                        what the terminal showed
//   checkpoints/000001500/         named by updates (common/run/checkpoint.hpp)
//   checkpoints/latest  best       text files that hold a checkpoint's name
//   episodes/train-000017-r183.2.npz  what the agent saw and did, and learns from
//   pictures/eval-000001500.png    true frames over the model's reconstructions, never trained on
//   lock                           held while a process works on the run
//
// Every file appears whole or not at all, so the folder can be resumed after a kill at any moment.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/common/options/run_config.hpp"
#include "rssm/replay.hpp"

namespace planet {

class RunFolder {
 public:
  /// A new run. Error: the folder exists and is not empty.
  static RunFolder create(const std::filesystem::path& path, const RunConfig& config);
  /// An existing one, to go on with. Error: no run there.
  static RunFolder open(const std::filesystem::path& path);
  RunFolder(RunFolder&& other) noexcept;
  RunFolder& operator=(RunFolder&&) = delete;
  ~RunFolder();  // lets go of the lock

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path checkpoints() const { return path_ / "checkpoints"; }
  std::filesystem::path pictures() const { return path_ / "pictures"; }
  std::filesystem::path log() const { return path_ / "log.txt"; }
  RunConfig config() const;  // reads config.toml
  void write_config(const RunConfig& config) const;

  /// Appends to command.txt.
  void note_command(int argc, const char* const* argv) const;
  void save_episode(std::int64_t index, const Episode& episode) const;
  /// Puts episodes 0 .. count-1 into `replay` and deletes the files of later ones. Error: one of
  /// them is missing or damaged.
  void restore_episodes(std::int64_t count, Replay& replay) const;

 private:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}
  void take_lock();
  void make_subfolders() const;

  std::filesystem::path path_;
  int lock_ = -1;
};

/// "runs/pendulum_swingup-s1-20250101T120000", with a suffix if that exists.
std::filesystem::path default_run_path(const RunConfig& config);

}  // namespace planet
