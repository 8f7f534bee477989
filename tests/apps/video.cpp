// Videos: what is drawn in them, and what becomes of their files.
#include "apps/common/report/video.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

#include "autograd/base/error.hpp"
#include "nn/files/atomic_file.hpp"
#include "tests/apps/programs.hpp"
#include "tests/support/png.hpp"

using namespace planet;
using namespace planet::test;

namespace {

using Color = std::array<int, 3>;
Color pixel(const Image& image, int x, int y) {
  const auto p = image.at(x, y);
  return {p[0], p[1], p[2]};
}

const bool ffmpeg_is_here = std::system("command -v ffmpeg >/dev/null 2>&1") == 0;

// Three rows of 16 pixels; rewards 1 and -3, actions 0.5 and -1.
Episode three_rows() {
  Episode e;
  std::vector<std::uint8_t> frame(16 * 16 * 3, 10);
  e.begin(16, 1, frame.data());
  for (const auto& [action, reward] : {std::pair{0.5f, 1.0}, std::pair{-1.0f, -3.0}}) {
    frame[0] = static_cast<std::uint8_t>(frame[0] + 50);
    e.append(&action, reward, frame.data());
  }
  return e;
}

std::size_t frames_in(const fs::path& file) {
  const std::string text = text_of(file);
  std::size_t n = 0;
  for (std::size_t at = 0; (at = text.find("fcTL", at)) != std::string::npos; at += 4) ++n;
  return n;
}

}  // namespace

TEST_CASE("a row of a video has both pictures, the sum of the rewards and the action") {
  const Episode e = three_rows();
  VideoClip clip{"", &e, {}, 0.1};
  for (int t = 0; t < 3; ++t) {
    clip.believed.emplace_back(16, 16);
    clip.believed.back().at(0, 0)[2] = static_cast<std::uint8_t>(200 + t);
  }
  // 16 + 1 + 16 pixels wide; a bar has two rows and one above it. The sums go from -2 to 1.
  const Image second = clip_row(clip, 1), third = clip_row(clip, 2);
  REQUIRE(second.width == 33);
  REQUIRE(second.height == 16 + 6);
  CHECK(pixel(second, 0, 0) == Color{60, 10, 10});
  CHECK(pixel(second, 17, 0) == Color{0, 0, 201});
  const Color green{51, 204, 115}, yellow{255, 230, 64}, empty{77, 77, 77};
  for (const auto& [image, row, color, from, to] :
       {std::tuple{&second, 17, green, 22, 33}, std::tuple{&third, 17, green, 0, 22},
        std::tuple{&second, 20, yellow, 17, 25}, std::tuple{&third, 20, yellow, 0, 17}})
    for (int x = 0; x < 33; ++x) {
      CAPTURE(x);
      CAPTURE(row);
      CHECK(pixel(*image, x, row) == (x >= from && x < to ? color : empty));
    }
  // Enlarged, every pixel is a square.
  CHECK(pixel(clip_row(clip, 1, 4), 3, 3) == Color{60, 10, 10});
  CHECK(pixel(clip_row(clip, 1, 4), 17 * 4, 3) == Color{0, 0, 201});
}

TEST_CASE("clips of several lengths share a clock and stay on their last row") {
  const Episode e = three_rows();
  const VideoClip quick{"quick", &e, {}, 0.1}, slow{"slow", &e, {}, 0.25};
  const Scratch scratch;
  const std::vector<VideoClip> both{quick, slow};
  REQUIRE(write_video(scratch / "v.png", both));
  CHECK(frames_in(scratch / "v.png") == 6);  // 0, 0.1 ... 0.5
  REQUIRE(write_video(scratch / "v.png", both, 0.3));
  CHECK(frames_in(scratch / "v.png") == 4);
  CHECK(video_frame(both, 0.5) == video_frame(both, 7));
  CHECK(video_frame(both, 0.2) != video_frame(both, 0.25));
  CHECK(read_png(scratch / "v.png") == video_frame(both, 0));
}

TEST_CASE("play, eval and dream write videos") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  REQUIRE(run(scratch, "train", smallest(path)).status == 0);
  const auto wrote = [&](const std::string& program, const Args& args, const std::string& file) {
    const Result r = run(scratch, program, args + Args{"--video", file});
    INFO(r.err);
    CHECK(r.status == 0);
    CHECK(has(r.err, "wrote " + file + "\n"));
    return read_png(scratch / file);
  };
  // 16 pixels twelvefold, twice, with a gap.
  CHECK(wrote("play", {"run"}, "a.png").width >= 33 * 12);
  CHECK(frames_in(scratch / "a.png") == 11);
  CHECK(wrote("play", {"--policy", "zero", "--env-option", "time_limit=20"}, "b.apng").height >
        192);
  CHECK(frames_in(scratch / "b.apng") == 11);
  CHECK(wrote("eval", {"run"}, "c.png").width >= 2 * 33 * 12);
  CHECK(wrote("play", {"run", "run"}, "d.png").width >= 2 * 33 * 12);
  CHECK(wrote("dream", {"run", "--episode-count", "1"}, "e.png").width > 3 * 128);
  CHECK(frames_in(scratch / "e.png") == 11);
  // The same episode, with or without a video.
  CHECK(run(scratch, "play", {"run"}).out == run(scratch, "play", {"run", "--video", "a.png"}).out);
}

TEST_CASE("what cannot be a video is said before anything is played") {
  const Scratch scratch;
  REQUIRE(run(scratch, "train", smallest(scratch / "run")).status == 0);
  const auto says = [&](const std::string& line, const std::string& words) {
    const Result r =
        run(scratch, "/bin/bash", {"-c", cat("B=", PLANET_BINARY_DIR, "/bin; ", line)});
    CAPTURE(line);
    INFO(r.err);
    CHECK(r.status == 2);
    CHECK(r.out == "");
    CHECK(has(r.err, words));
  };
  const std::string names = "ends in .png or .apng or, where ffmpeg is installed, in .gif or .mp4";
  says("$B/play run --video x.avi", "play: --video is 'x.avi'; the name of a video " + names);
  says("$B/eval run --video x", names);
  says("$B/dream run --video x.webm", names);
  says("PATH=/nowhere; $B/play run --video x.gif",
       "a .gif is written by ffmpeg, which is not installed; name it *.png");
  says("$B/play run run", "2 agents are played side by side in a video; give --video FILE");
  says("$B/play run run --video x.png --policy zero", "only --video, --seed and --threads");
  says("$B/play --policy keys --video x.png", "leave --trajectory, --frames, --video");
  says("$B/eval --oracle --env pendulum_swingup --video x.png",
       "play --policy oracle --video x.png");
  // An ffmpeg that fails.
  write_text_atomically(scratch / "ffmpeg", "#!/bin/sh\necho it is broken >&2\nexit 1\n");
  fs::permissions(scratch / "ffmpeg", fs::perms::owner_all);
  const Result r = run(scratch, "/bin/bash",
                       {"-c", cat("PATH=", scratch.path().string(), ":$PATH; ", PLANET_BINARY_DIR,
                                  "/bin/play run --video x.mp4")});
  CHECK(r.status == 2);
  CHECK(has(r.err, "x.mp4 was not written; ffmpeg says: it is broken"));
  for (const auto& entry : fs::directory_iterator(scratch.path()))
    CHECK(!entry.path().filename().string().starts_with("x."));
}

TEST_CASE("ffmpeg writes the other kinds of videos" * doctest::skip(!ffmpeg_is_here)) {
  const Scratch scratch;
  const std::string name = "it's $(1)";
  for (const auto& [ending, begins, at] :
       {std::tuple{".gif", "GIF89a", 0u}, std::tuple{".mp4", "ftyp", 4u}}) {
    const Result r =
        run(scratch, "play",
            {"--policy", "zero", "--env-option", "time_limit=20", "--video", name + ending});
    INFO(r.err);
    CHECK(r.status == 0);
    CHECK(text_of(scratch / (name + ending)).substr(at).starts_with(begins));
  }
}
