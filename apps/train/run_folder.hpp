// The run folder: all files of a run, in standard formats.
//
//   config.toml                    every option as used; `train --config` reads it back
//   command.txt                    every command that ran on this folder, with version and machine
//   metrics.csv  metrics.jsonl     the same rows in two formats
//   log.txt                        the lines that the terminal showed
//   checkpoints/000001500/         named by updates (common/run/checkpoint.hpp)
//   checkpoints/latest  best       text files that hold a checkpoint's name
//   episodes/train-000017-r183.2.npz  the training episodes
//   pictures/eval-000001500.png    true frames of an evaluation above the model's reconstructions
//   report.html                    all of it as one page, rewritten at each evaluation
//   lock                           held while a process works on the run
//
// Every file is written completely or not at all, so a run can be resumed after a kill at any time.
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
  /// An existing run, to be resumed. Error: there is no run.
  static RunFolder open(const std::filesystem::path& path);
  /// The name alone of a folder that another process works on.
  static RunFolder of_rank_0(const std::filesystem::path& path) { return RunFolder(path); }
  RunFolder(RunFolder&& other) noexcept;
  RunFolder& operator=(RunFolder&&) = delete;
  ~RunFolder();  // releases the lock

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path checkpoints() const { return path_ / "checkpoints"; }
  std::filesystem::path pictures() const { return path_ / "pictures"; }
  std::filesystem::path log() const { return path_ / "log.txt"; }
  RunConfig config() const;  // reads config.toml
  void write_config(const RunConfig& config) const;

  /// Appends to command.txt.
  void note_command(int argc, const char* const* argv) const;
  void save_episode(std::int64_t index, const Episode& episode, const std::string& task) const;
  /// Puts episodes first .. count-1 into `replay` and deletes the files of later ones; those before
  /// it had dropped. Error: one of them is missing, damaged, of another task, or not of the model's
  /// sizes.
  void restore_episodes(std::int64_t first, std::int64_t count, const std::string& task,
                        const ModelConfig& model, Replay& replay) const;

 private:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}
  void take_lock();
  void make_subfolders() const;

  std::filesystem::path path_;
  int lock_ = -1;
};

/// "runs/pendulum_swingup-s1-20250101T120000" of the word "s1", with a suffix if that exists.
std::filesystem::path default_run_path(const RunConfig& config, const std::string& word);

}  // namespace planet
