// PNG and APNG: another reader sees the pixels, every chunk has its CRC, a file appears whole.
#include "apps/common/files/png.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "apps/common/files/sheet.hpp"
#include "apps/common/files/zlib.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/philox.hpp"
#include "tests/envs/support.hpp"
#include "tests/support/png.hpp"

using namespace planet;
using test::contains;
using test::sentence;
using Bytes = std::vector<std::uint8_t>;

// If stb were visible outside the file that compiles it, these would be defined twice and nothing
// would link.
extern "C" {
int stbi_load_from_memory() { return 1; }
int stbi_zlib_compress() { return 2; }
int stbi_write_png_to_mem() { return 3; }
int stbi_failure_reason() { return 4; }
}

namespace {

Image noise(int w, int h, std::uint64_t seed) {
  Image image(w, h);
  Rng rng(seed, Stream::test);
  for (std::uint8_t& b : image.rgb) b = static_cast<std::uint8_t>(rng.below(256));
  return image;
}

/// A folder that is gone after the test.
struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("planet-png-" + std::to_string(::getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

// The chunks of a PNG, each with the CRC that its letters and data have.
struct Chunk {
  std::string type;
  Bytes data;
};
std::uint32_t u32(std::span<const std::uint8_t> b, std::size_t at = 0) {
  return std::uint32_t{b[at]} << 24 | std::uint32_t{b[at + 1]} << 16 |
         std::uint32_t{b[at + 2]} << 8 | std::uint32_t{b[at + 3]};
}
std::vector<Chunk> chunks_of(const Bytes& file) {
  const Bytes signature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  REQUIRE(std::equal(signature.begin(), signature.end(), file.begin()));
  std::vector<Chunk> chunks;
  std::span<const std::uint8_t> rest = std::span(file).subspan(8);
  while (!rest.empty()) {
    const std::size_t size = u32(rest);
    REQUIRE(rest.size() >= size + 12);
    const auto body = rest.subspan(4, 4 + size);
    CHECK(crc32(body) == u32(rest, 8 + size));
    chunks.push_back({{body.begin(), body.begin() + 4}, {body.begin() + 4, body.end()}});
    rest = rest.subspan(12 + size);
  }
  return chunks;
}
std::vector<std::string> types_of(const std::vector<Chunk>& chunks) {
  std::vector<std::string> types;
  for (const Chunk& chunk : chunks) types.push_back(chunk.type);
  return types;
}

// Every picture of an animation, put together as a browser does it: each part is read as a PNG of its own
// and laid over the picture before.
std::vector<Image> pictures_of(const Bytes& file) {
  std::vector<Image> pictures;
  std::array<std::uint32_t, 4> part{};
  Bytes head;
  for (const auto& [type, data] : chunks_of(file)) {
    if (type == "IHDR") head = data;
    if (type == "fcTL") part = {u32(data, 4), u32(data, 8), u32(data, 12), u32(data, 16)};
    if (type != "IDAT" && type != "fdAT") continue;
    Bytes png{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    const auto chunk = [&](std::string_view name, std::span<const std::uint8_t> bytes) {
      for (const int shift : {24, 16, 8, 0})
        png.push_back(static_cast<std::uint8_t>(bytes.size() >> shift));
      png.insert(png.end(), name.begin(), name.end());
      png.insert(png.end(), bytes.begin(), bytes.end());
      png.insert(png.end(), 4, 0);  // a CRC, which that reader does not check
    };
    for (std::size_t i = 0; i < 8; ++i)
      head[i] = static_cast<std::uint8_t>(part[i / 4] >> (24 - 8 * (i % 4)));
    chunk("IHDR", head);
    chunk("IDAT", std::span(data).subspan(type == "fdAT" ? 4 : 0));
    chunk("IEND", {});
    Image whole = pictures.empty() ? Image(static_cast<int>(part[0]), static_cast<int>(part[1]))
                                   : pictures.back();
    paste(test::decode_png(png), whole, static_cast<int>(part[2]), static_cast<int>(part[3]));
    pictures.push_back(std::move(whole));
  }
  return pictures;
}

}  // namespace

TEST_CASE("names of stb stay inside") {
  CHECK(stbi_load_from_memory() + stbi_zlib_compress() + stbi_write_png_to_mem() +
            stbi_failure_reason() ==
        10);
  CHECK_NOTHROW(encode_png(Image(2, 2)));  // and ours are used
}

TEST_CASE("a PNG comes back as it went") {
  Folder folder;
  for (const auto& [w, h] :
       {std::array{1, 1}, std::array{64, 64}, std::array{3, 50}, std::array{300, 2}}) {
    const Image image = noise(w, h, 3);
    CHECK(types_of(chunks_of(encode_png(image))) ==
          std::vector<std::string>{"IHDR", "IDAT", "IEND"});
    const auto file = folder.path / "a.png";
    write_png(file, image);
    CHECK(test::read_png(file) == image);
  }
  // Nothing but the file itself is left behind.
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("an invalid image and an unwritable path each get a sentence") {
  CHECK(contains(sentence([] { encode_png(Image(0, 5)); }), "each side is 1 to"));
  CHECK(contains(sentence([] { write_png("/nonexistent/a.png", Image(1, 1)); }),
                 "/nonexistent/a.png cannot be written"));
}

TEST_CASE("a file that cannot be finished leaves the old one alone") {
  Folder folder;
  const auto file = folder.path / "a.png";
  write_png(file, noise(4, 4, 1));
  std::filesystem::create_directories(folder.path / "b.png" / "occupied");
  CHECK_THROWS_AS(write_png(folder.path / "b.png", noise(4, 4, 2)), Error);  // a folder in the way
  CHECK(test::read_png(file) == noise(4, 4, 1));
  for (const auto& entry : std::filesystem::directory_iterator(folder.path))
    CHECK_FALSE(contains(entry.path().filename().string(), ".tmp-"));
}

TEST_CASE("an animation is a PNG with the chunk order of APNG") {
  const std::vector<Image> frames{noise(6, 4, 1), noise(6, 4, 2), noise(6, 4, 3)};
  const Bytes file = encode_apng(frames, 0.1);
  CHECK(test::decode_png(file) == frames[0]);  // what a viewer without animations shows
  const std::vector<Chunk> chunks = chunks_of(file);
  CHECK(types_of(chunks) == std::vector<std::string>{"IHDR", "acTL", "fcTL", "IDAT", "fcTL", "fdAT",
                                                     "fcTL", "fdAT", "IEND"});
  std::uint32_t sequence = 0, frame = 0;
  for (const auto& [type, data] : chunks) {
    if (type == "acTL") CHECK(u32(data) == 3);
    if (type == "fcTL" || type == "fdAT") CHECK(u32(data) == sequence++);
    if (type == "fcTL") {
      CHECK(u32(data, 4) == 6);
      CHECK(u32(data, 8) == 4);
      CHECK(u32(data, 20) == (100u << 16 | 1000u));  // 100 / 1000 s
      ++frame;
    }
    if (type == "fdAT")  // behind its number, what the frame's own PNG holds
      CHECK(Bytes(data.begin() + 4, data.end()) ==
            chunks_of(encode_png(frames[frame - 1]))[1].data);
  }
  CHECK(contains(sentence([] { encode_apng({}, 0.1); }), "at least one frame"));
  CHECK(contains(sentence([&] { encode_apng(frames, 0); }), "between 0 and 60"));
  const std::vector<Image> uneven{Image(2, 2), Image(3, 2)};
  CHECK(contains(sentence([&] { encode_apng(uneven, 0.1); }), "frame 1 is 3 x 2"));
}

TEST_CASE("an animation stores what changed, and all of it comes back") {
  std::vector<Image> frames{noise(20, 10, 1)};
  const auto change = [&](int x, int y) {
    frames.push_back(frames.back());
    frames.back().at(x, y)[1] ^= 1;
  };
  change(3, 4), change(19, 9), change(0, 0);
  frames.push_back(frames.back());  // equal to the last
  frames.push_back(noise(20, 10, 2));
  const Bytes file = encode_apng(frames, 0.1);
  CHECK(pictures_of(file) == frames);
  std::vector<std::uint32_t> areas;
  for (const auto& [type, data] : chunks_of(file))
    if (type == "fcTL") areas.push_back(u32(data, 4) * u32(data, 8));
  CHECK(areas == std::vector<std::uint32_t>{200, 1, 1, 1, 1, 200});
}
