#include "apps/common/report/video.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "apps/common/console/interrupt.hpp"
#include "apps/common/files/sheet.hpp"
#include "apps/common/options/command.hpp"
#include "apps/common/options/values.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/index.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace fs = std::filesystem;
namespace {

constexpr int line = 12;           // height of a line of text, pixels
constexpr double quickest = 0.04;  // seconds between two pictures of a video, at least
const Rgb backdrop{0.16, 0.16, 0.16}, empty_bar{0.30, 0.30, 0.30};

void fill(Image& image, int left, int top, int width, int height, const Rgb& color) {
  if (width < 1 || height < 1) return;
  Image block(width, height);
  draw_border(block, color, std::max(width, height));
  paste(block, image, left, top);
}

std::ptrdiff_t last_row(const VideoClip& clip) { return clip.episode->rows() - 1; }

// The sum of the rewards up to row t.
double sum_to(const Episode& e, std::ptrdiff_t t) {
  double sum = 0;
  for (std::ptrdiff_t i = 1; i <= t; ++i) sum += static_cast<double>(e.reward[index(i)]);
  return sum;
}

struct Range {
  double low = 0, high = 0;  // of all sums of an episode; 0 is among them
};
Range range_of_sums(const Episode& e) {
  Range r;
  double sum = 0;
  for (std::ptrdiff_t t = 1; t < e.rows(); ++t) {
    sum += static_cast<double>(e.reward[index(t)]);
    r = {std::min(r.low, sum), std::max(r.high, sum)};
  }
  return r;
}

// A bar between the shares `from` and `to` of its length.
void bar(Image& image, int top, int height, double from, double to, const Rgb& color) {
  const auto at = [&](double share) {
    return static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * image.width));
  };
  fill(image, 0, top, image.width, height, empty_bar);
  const auto [left, right] = std::minmax({at(from), at(to)});
  fill(image, left, top, std::max(1, right - left), height, color);
}

// A clip with its texts: title and return so far above, a name above each picture.
Image video_tile(const VideoClip& clip, std::ptrdiff_t t, int side) {
  const int n = static_cast<int>(clip.episode->image_size), scale = std::max(1, side / n);
  const Image row = clip_row(clip, t, scale);
  const std::string sum = "return " + fixed(sum_to(*clip.episode, t), 1);
  const int width = std::max({row.width, text_width(clip.title), text_width(sum)});
  Image out(width, row.height + 3 * line);
  fill(out, 0, 0, out.width, out.height, backdrop);
  draw_text(out, 0, 2, clip.title);
  draw_text(out, 0, line + 2, sum);
  draw_text(out, 0, 2 * line + 2, "true");
  if (!clip.believed.empty()) draw_text(out, (n + 1) * scale, 2 * line + 2, "model");
  paste(row, out, 0, 3 * line);
  return out;
}

bool moves_by_itself(const fs::path& file) {
  return file.extension() == ".png" || file.extension() == ".apng";
}

}  // namespace

double seconds_per_row(const RunConfig& config) {
  const EnvSpec& spec = env_spec(config.env);
  const double seconds =
      spec.dt * (config.action_repeat > 0 ? config.action_repeat : spec.action_repeat);
  return seconds > 0 ? seconds : 0.1;
}

Image episode_bars(const Episode& e, std::ptrdiff_t t, int width, int unit) {
  const int A = static_cast<int>(e.action_size), step = 3 * unit;
  Image out(width, (A + 1) * step);
  fill(out, 0, 0, out.width, out.height, backdrop);
  const Range r = range_of_sums(e);
  const double whole = std::max(r.high - r.low, 1e-300);
  bar(out, unit, 2 * unit, -r.low / whole, (sum_to(e, t) - r.low) / whole, palette::goal);
  for (int a = 0; a < A; ++a) {
    const auto u = static_cast<double>(e.action[index(t * A + a)]);
    bar(out, (a + 1) * step + unit, 2 * unit, 0.5, 0.5 + 0.5 * u, palette::tip);
  }
  return out;
}

Image clip_row(const VideoClip& clip, std::ptrdiff_t t, int scale) {
  const Episode& e = *clip.episode;
  const int n = static_cast<int>(e.image_size);
  const bool model = !clip.believed.empty();
  const int width = (model ? 2 * n + 1 : n) * scale;
  const Image bars = episode_bars(e, t, width, std::max(1, n * scale / 32));
  Image out(width, n * scale + bars.height);
  const std::span<const std::uint8_t> all(e.image);
  const Image truth(n, n, all.subspan(index(t) * e.frame_bytes(), e.frame_bytes()));
  paste(enlarge(truth, scale), out, 0, 0);
  if (model) paste(enlarge(clip.believed[index(t)], scale), out, (n + 1) * scale, 0);
  paste(bars, out, 0, n * scale);
  return out;
}

Image video_frame(std::span<const VideoClip> clips, double seconds) {
  require(!clips.empty(), "a video needs at least one episode");
  const int side = clips.size() <= 2 ? 192 : 96;
  const auto columns =
      static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(clips.size()))));
  std::vector<SheetRow> rows;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    if (i % columns == 0) rows.emplace_back();
    // A hair later, so that 3 times 0.04 is not before 0.12.
    const auto t = static_cast<std::ptrdiff_t>(seconds / clips[i].seconds + 1e-6);
    rows.back().images.push_back(video_tile(clips[i], std::min(t, last_row(clips[i])), side));
  }
  SheetOptions options;
  options.scale = 1;
  options.gap = 8;
  return contact_sheet(rows, options);
}

bool write_video(const fs::path& file, std::span<const VideoClip> clips, double longest) {
  double step = 60, all = 0;
  for (const VideoClip& clip : clips) {
    step = std::min(step, clip.seconds);
    all = std::max(all, clip.seconds * static_cast<double>(last_row(clip)));
  }
  step = longest > 0 ? 0.1 : std::max(step, quickest);
  if (longest > 0) all = std::min(all, longest);
  VideoFile video(file, step);
  Image first;
  for (std::ptrdiff_t k = 0; static_cast<double>(k) * step <= all + 1e-6; ++k) {
    if (interrupted()) return false;
    Image frame = video_frame(clips, static_cast<double>(k) * step);
    if (k == 0) first = Image(frame.width, frame.height);
    // A return with more digits may be wider than the picture was.
    Image same(first.width, first.height);
    fill(same, 0, 0, same.width, same.height, backdrop);
    paste(frame, same, 0, 0);
    video.add(same);
  }
  video.commit();
  return true;
}

// ---- files -------------------------------------------------------------------------------------

void VideoFile::check(const std::string& flag, const fs::path& file) {
  if (moves_by_itself(file)) return;
  const std::string ending = file.extension().string();
  require(ending == ".gif" || ending == ".mp4", flag, " is '", file.string(),
          "'; the name of a video ends in .png or .apng or, where ffmpeg is installed, in .gif or "
          ".mp4");
  require(std::system("command -v ffmpeg >/dev/null 2>&1") == 0, flag, " is '", file.string(),
          "', and a ", ending,
          " is written by ffmpeg, which is not installed; name it *.png, which "
          "moves in every browser");
}

VideoFile::VideoFile(const fs::path& file, double seconds) : file_(file), seconds_(seconds) {
  check("the video", file);
  if (moves_by_itself(file)) apng_.emplace(seconds);
}

VideoFile::~VideoFile() {
  if (ffmpeg_ != nullptr) pclose(ffmpeg_);
  if (words_ != nullptr) std::fclose(words_);
  std::error_code gone;
  if (!temporary_.empty()) fs::remove(temporary_, gone);
}

// It writes beside the file, under the name that a killed process's leftovers have.
void VideoFile::start_ffmpeg(const Image& first) {
  temporary_ = file_;
  temporary_ += cat(".tmp-", getpid(), "-0");
  words_ = std::tmpfile();
  require(words_ != nullptr, "no temporary file can be made; is the disk full?");
  const bool gif = file_.extension() == ".gif";
  const std::string how =
      gif ? "-filter_complex 'split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=none' -f gif"
          : "-vf 'pad=ceil(iw/2)*2:ceil(ih/2)*2' -pix_fmt yuv420p -movflags +faststart -f mp4";
  ffmpeg_ = popen(cat("exec ffmpeg -loglevel error -nostdin -y -f rawvideo -pixel_format rgb24 "
                      "-video_size ",
                      first.width, "x", first.height, " -framerate ", 1 / seconds_, " -i pipe:0 ",
                      how, " ", shell_quoted("file:" + temporary_.string()), " 2>&", fileno(words_))
                      .c_str(),
                  "w");
  require(ffmpeg_ != nullptr, "ffmpeg cannot be started");
}

void VideoFile::add(const Image& frame) {
  if (apng_) return apng_->add(frame);
  if (ffmpeg_ == nullptr) start_ffmpeg(frame);
  std::fwrite(frame.rgb.data(), 1, frame.rgb.size(), ffmpeg_);  // commit() sees what became of it
}

void VideoFile::commit() {
  if (apng_) return write_atomically(file_, apng_->file());
  require(ffmpeg_ != nullptr, "an animation needs at least one frame");
  const int status = pclose(std::exchange(ffmpeg_, nullptr));
  char sentence[200] = {};
  std::rewind(words_);
  if (std::fgets(sentence, sizeof sentence, words_) == nullptr) sentence[0] = 0;
  std::string said = sentence;
  while (said.ends_with("\n")) said.pop_back();
  require(status == 0, file_.string(),
          " was not written; ffmpeg says: ", said.empty() ? "nothing" : said);
  write_text_atomically(file_, read_text(temporary_, std::size_t{1} << 31));
}

}  // namespace planet
