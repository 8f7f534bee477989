// An episode as a compressed npz, readable by numpy alone:
//
//   image       uint8    [T+1,n,n,3]   row 0 is the reset frame
//   action      float32  [T+1,A]       row t holds the action that LED TO frame t; row 0 is zero
//   reward      float32  [T+1]         ... and the reward that arrived with it; row 0 is zero
//   terminated  bool     []            the task ended the episode
//   truncated   bool     []            the time limit ended it
//
//   with numpy.load("train-000017-r183.2.npz") as e: print(e["reward"].sum())
#pragma once

#include <filesystem>
#include <string>

#include "rssm/replay.hpp"

namespace planet {

/// Written completely or not at all; the same episode gives the same bytes. Error: episode.check()
/// fails, or the file cannot be written.
void save_episode_file(const std::filesystem::path& path, const Episode& episode);

/// The episode, bit for bit. Error for a file that is not an episode, saying what is wrong: a
/// missing or unknown array, a wrong type or shape, a number that is not finite, damage.
Episode load_episode_file(const std::filesystem::path& path);

/// The same from memory; `name` appears in the errors.
std::string encode_episode(const Episode& episode);
Episode decode_episode(const std::string& file, const std::string& name);

}  // namespace planet
