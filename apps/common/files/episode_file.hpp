// An episode as a compressed npz, readable by numpy alone:
//
//   image       uint8    [T+1,n,n,3]   row 0 is the reset frame
//   action      float32  [T+1,A]       row t holds the action that LED TO frame t; row 0 is zero
//   reward      float32  [T+1]         ... and the reward that arrived with it; row 0 is zero
//   terminated  bool     []            the task ended the episode
//   truncated   bool     []            the time limit ended it
//   task        uint8    [n]           its name in ASCII; files of earlier versions do not have it
//
//   with numpy.load("train-000017-r183.2.npz") as e: print(e["reward"].sum())
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "rssm/config.hpp"
#include "rssm/replay.hpp"

namespace planet {

/// Appears whole or not at all; the same episode gives the same bytes. An empty `task` is left out.
/// Error: episode.check(), or the file cannot be written.
void save_episode_file(const std::filesystem::path& path, const Episode& episode,
                       const std::string& task = "");

/// The episode, bit for bit, and into `task`, unless that is null, the name of its task, "" where the
/// file has none. Error for a file that is not an episode, saying what is wrong: a missing or
/// unknown array, a wrong type or shape, a number that is not finite, damage.
Episode load_episode_file(const std::filesystem::path& path, std::string* task = nullptr);
/// Error also for pictures and actions of other sizes than the model's.
Episode load_episode_file(const std::filesystem::path& path, const ModelConfig& model,
                          std::string* task = nullptr);

/// The .npz files of a folder in the order of their names, or the one file that is named. Error: the
/// folder has none.
std::vector<std::filesystem::path> episode_files(const std::string& name);

/// The same without a file; `name` stands in the errors.
std::string encode_episode(const Episode& episode, const std::string& task = "");
Episode decode_episode(const std::string& file, const std::string& name,
                       std::string* task = nullptr);

}  // namespace planet
