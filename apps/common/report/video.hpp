// Episodes as videos: what happened, what the model believes, the reward so far and the action.
//
// An APNG is written by ourselves (files/png.hpp), .gif and .mp4 by ffmpeg, where it is installed.
#pragma once

#include <cstdio>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/common/files/png.hpp"
#include "apps/common/options/run_config.hpp"
#include "envs/raster.hpp"
#include "rssm/replay.hpp"

namespace planet {

/// Seconds from row to row of an episode; a tenth where the task does not say.
double seconds_per_row(const RunConfig& config);

/// An episode of a video.
struct VideoClip {
  std::string title;            // above it
  const Episode* episode;       // that must outlive it
  std::vector<Image> believed;  // [rows] as the model sees them; or none
  double seconds = 0.1;         // from row to row
};

/// Bars for row t: the reward so far (between the least and the largest sum of the episode, or 0) and each
/// number of the action, from -1 to 1. unit: the space between them, half their height.
Image episode_bars(const Episode& episode, std::ptrdiff_t t, int width, int unit);

/// Row t of a clip: the pictures side by side, every pixel a square of scale x scale, over its bars.
Image clip_row(const VideoClip& clip, std::ptrdiff_t t, int scale = 1);

/// One picture of a video: at that time, every clip, enlarged, with title and return so far. A clip that
/// has ended shows its last row.
Image video_frame(std::span<const VideoClip> clips, double seconds);

/// A video file that is written picture by picture, and is there after commit() or not at all.
class VideoFile {
 public:
  /// Error: `file` cannot be a video (see check()). `seconds` lie between two pictures.
  VideoFile(const std::filesystem::path& file, double seconds);
  ~VideoFile();
  VideoFile(const VideoFile&) = delete;
  VideoFile& operator=(const VideoFile&) = delete;
  void add(const Image& frame);
  /// Error: the file cannot be written, or ffmpeg failed, with its words.
  void commit();

  /// Error, beginning with `flag`: its name ends neither like a picture that moves (.png, .apng) nor
  /// like what ffmpeg writes (.gif, .mp4), or it does and ffmpeg is not installed.
  static void check(const std::string& flag, const std::filesystem::path& file);

 private:
  void start_ffmpeg(const Image& first);
  std::filesystem::path file_, temporary_;
  double seconds_;
  std::optional<Apng> apng_;  // or ffmpeg
  std::FILE *ffmpeg_ = nullptr, *words_ = nullptr;
};

/// All clips side by side, from their beginnings until the last one ends or, unless that is 0, for so
/// many seconds. False after Ctrl-C, which leaves no file.
bool write_video(const std::filesystem::path& file, std::span<const VideoClip> clips,
                 double longest = 0);

}  // namespace planet
