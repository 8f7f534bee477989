// PNG and deflate: round trips, known bytes, files that lie, and files that appear whole.
#include "apps/common/files/png.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include "apps/common/files/zlib.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/philox.hpp"
#include "tests/envs/support.hpp"

using namespace planet;
using test::contains;
using test::sentence;
using Bytes = std::vector<std::uint8_t>;

// If our stb were visible outside apps/common/files/stb.cpp, these would be defined twice and nothing would
// link.
extern "C" {
int stbi_load_from_memory() { return 1; }
int stbi_zlib_compress() { return 2; }
int stbi_write_png_to_mem() { return 3; }
int stbi_failure_reason() { return 4; }
}

namespace {

Bytes of(const std::string& text) { return {text.begin(), text.end()}; }

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

void refresh_crc(Bytes& file, std::size_t chunk) {
  const std::size_t size = std::size_t{file[chunk]} << 24 | std::size_t{file[chunk + 1]} << 16 |
                           std::size_t{file[chunk + 2]} << 8 | file[chunk + 3];
  const std::uint32_t crc = crc32(std::span(file).subspan(chunk + 4, size + 4));
  for (std::size_t k = 0; k < 4; ++k)
    file[chunk + 8 + size + k] = static_cast<std::uint8_t>(crc >> (24 - 8 * k));
}

}  // namespace

TEST_CASE("names of stb stay inside") {
  CHECK(stbi_load_from_memory() + stbi_zlib_compress() + stbi_write_png_to_mem() +
            stbi_failure_reason() ==
        10);
  CHECK_NOTHROW(decode_png(encode_png(Image(2, 2)), "two"));  // and ours are used
}

TEST_CASE("crc32 of the published check string") {
  CHECK(crc32(of("123456789")) == 0xCBF43926);
  CHECK(crc32({}) == 0);
  CHECK(crc32(of("56789"), crc32(of("1234"))) == 0xCBF43926);
}

TEST_CASE("deflate and inflate are inverse for every kind of data") {
  Rng rng(1, Stream::test);
  for (const std::size_t size : {0U, 1U, 2U, 3U, 4U, 5U, 258U, 259U, 1000U, 40000U, 300000U}) {
    for (int kind = 0; kind < 3; ++kind) {
      Bytes bytes(size);
      for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<std::uint8_t>(kind == 0   ? 7
                                             : kind == 1 ? i / 50 % 11
                                                         : rng.below(256));
      const Bytes packed = deflate_raw(bytes);
      CHECK(inflate_raw(packed, size) == bytes);
      if (kind < 2 && size >= 1000) CHECK(packed.size() < size / 4);
      CHECK(packed.size() <= size + 16 + size / 1000);
    }
  }
}

TEST_CASE("inflate reads what other programs write") {
  // Python: zlib.compressobj(9, zlib.DEFLATED, -15) on b"planet" * 20 (fixed codes), and stored.
  const Bytes fixed{0x2b, 0xc8, 0x49, 0xcc, 0x4b, 0x2d, 0x29, 0xa0, 0x3b, 0x09, 0x00};
  std::string text;
  for (int k = 0; k < 20; ++k) text += "planet";
  CHECK(inflate_raw(fixed, 120) == of(text));
  const Bytes stored{0x01, 0x03, 0x00, 0xfc, 0xff, 'a', 'b', 'c'};
  CHECK(inflate_raw(stored, 3) == of("abc"));
}

TEST_CASE("damaged deflate streams are refused with a sentence") {
  const Bytes packed = deflate_raw(of("the quick brown fox jumps over the lazy dog"));
  CHECK(contains(sentence([&] { inflate_raw(packed, 42); }), "more than 42"));
  CHECK(contains(sentence([&] { inflate_raw(packed, 44); }), "hold 43 bytes, not 44"));
  CHECK(contains(sentence([&] { inflate_raw(packed, 1u << 29); }), "cannot hold"));
  CHECK_THROWS_AS(inflate_raw({}, 5), Error);
  Rng rng(2, Stream::test);
  int read = 0;
  for (int k = 0; k < 20000; ++k) {  // none may crash; most are refused
    Bytes bad = packed;
    for (std::uint64_t n = 1 + rng.below(3); n > 0; --n)
      bad[rng.below(bad.size())] ^= static_cast<std::uint8_t>(1 + rng.below(255));
    bad.resize(1 + rng.below(bad.size()));
    const std::string said = sentence([&] { inflate_raw(bad, 43); });
    if (said.empty()) ++read;
    else CHECK(contains(said, "inflate: "));
  }
  CHECK(read < 2000);
}

TEST_CASE("a PNG comes back as it went") {
  Folder folder;
  for (const auto& [w, h] :
       {std::array{1, 1}, std::array{64, 64}, std::array{3, 50}, std::array{300, 2}}) {
    const Image image = noise(w, h, 3);
    CHECK(decode_png(encode_png(image), "memory") == image);
    const auto file = folder.path / "a.png";
    write_png(file, image);
    CHECK(read_png(file) == image);
  }
  // Nothing but the file itself is left behind.
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("grey and palette and transparent PNGs are read as RGB") {
  // 2 x 1 pixels each, written by another program (Pillow): grey 0 255; palette red blue; RGBA.
  const Bytes grey{0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00,
                   0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00,
                   0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0xd1, 0x49, 0x9c, 0x28};
  Bytes file = grey;
  const Bytes raw{0, 0, 255};  // filter 0, two grey pixels
  const auto chunk = [&](const std::string& type, const Bytes& data) {
    const std::size_t at = file.size();
    for (const int shift : {24, 16, 8, 0})
      file.push_back(static_cast<std::uint8_t>(data.size() >> shift));
    file.insert(file.end(), type.begin(), type.end());
    file.insert(file.end(), data.begin(), data.end());
    file.resize(file.size() + 4);
    refresh_crc(file, at);
  };
  refresh_crc(file, 8);
  const auto zlib = [](const Bytes& data) {  // head, deflate, Adler-32
    Bytes out{0x78, 0x9c};
    const Bytes body = deflate_raw(data);
    out.insert(out.end(), body.begin(), body.end());
    std::uint32_t a = 1, b = 0;
    for (const std::uint8_t v : data) a = (a + v) % 65521, b = (b + a) % 65521;
    for (const std::uint32_t v : {b >> 8, b, a >> 8, a})
      out.push_back(static_cast<std::uint8_t>(v));
    return out;
  };
  chunk("IDAT", zlib(raw));
  chunk("IEND", {});
  CHECK(decode_png(file, "grey").rgb == Bytes{0, 0, 0, 255, 255, 255});

  file.resize(33);
  file[25] = 3;  // palette
  refresh_crc(file, 8);
  chunk("PLTE", {255, 0, 0, 0, 0, 255});
  chunk("IDAT", zlib({0, 0, 1}));
  chunk("IEND", {});
  CHECK(decode_png(file, "palette").rgb == Bytes{255, 0, 0, 0, 0, 255});

  file.resize(33);
  file[25] = 6;  // RGBA
  refresh_crc(file, 8);
  chunk("IDAT", zlib({0, 1, 2, 3, 0, 4, 5, 6, 255}));
  chunk("IEND", {});
  CHECK(decode_png(file, "rgba").rgb == Bytes{1, 2, 3, 4, 5, 6});
}

TEST_CASE("files that are no PNG get a sentence each") {
  const Bytes good = encode_png(noise(8, 8, 1));
  const auto text = [](const Bytes& file) { return sentence([&] { decode_png(file, "x.png"); }); };
  CHECK(text(good).empty());
  CHECK(contains(text({}), "x.png is not a PNG"));
  CHECK(contains(text(of("GIF89a, honestly")), "x.png is not a PNG"));
  for (std::size_t size = 8; size < good.size(); ++size) {
    const Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK(contains(text(cut), "cut short"));
  }
  Bytes bad = good;
  bad[45] ^= 1;  // in the pixel data
  CHECK(contains(text(bad), "the CRC of its chunk IDAT"));
  bad = good;
  bad[16] = 0x7f;  // a width of two thousand million
  refresh_crc(bad, 8);
  CHECK(contains(text(bad), "each side is 1 to 16384"));
  bad = good;
  bad[19] = 0;  // a width of zero
  refresh_crc(bad, 8);
  CHECK(contains(text(bad), "0 x 8 pixels"));
  bad = good;
  bad[24] = 5;  // a depth that does not exist
  refresh_crc(bad, 8);
  CHECK(contains(text(bad), "cannot be decoded"));
  CHECK(
      contains(sentence([] { read_png("/nonexistent/a.png"); }), "cannot read /nonexistent/a.png"));
  CHECK(contains(sentence([] { write_png("/nonexistent/a.png", Image(1, 1)); }), "cannot write"));
  CHECK(contains(sentence([] { encode_png(Image(0, 5)); }), "each side is 1 to"));
}

TEST_CASE("no flipped bit behind a fresh CRC crashes the reader") {
  Rng rng(5, Stream::test);
  const Bytes good = encode_png(noise(12, 9, 2));
  int decoded = 0;
  for (int k = 0; k < 20000; ++k) {
    Bytes bad = good;
    const std::size_t data = 33;  // IDAT's chunk
    for (std::uint64_t n = 1 + rng.below(4); n > 0; --n) {
      const std::size_t at =
          rng.below(5) == 0 ? 24 + rng.below(5) : 41 + rng.below(good.size() - 57);
      bad[at] ^= static_cast<std::uint8_t>(1u << rng.below(8));
    }
    refresh_crc(bad, 8);
    refresh_crc(bad, data);
    try {
      const Image image = decode_png(bad, "fuzz");
      CHECK(image.rgb.size() == static_cast<std::size_t>(image.width * image.height * 3));
      ++decoded;
    } catch (const Error&) {
    }
  }
  CHECK(decoded > 0);
  CHECK(decoded < 20000);
}

TEST_CASE("a file that cannot be finished leaves the old one alone") {
  Folder folder;
  const auto file = folder.path / "a.png";
  write_png(file, noise(4, 4, 1));
  std::filesystem::create_directories(folder.path / "b.png" / "occupied");
  CHECK_THROWS_AS(write_png(folder.path / "b.png", noise(4, 4, 2)), Error);  // a folder in the way
  CHECK(read_png(file) == noise(4, 4, 1));
  for (const auto& entry : std::filesystem::directory_iterator(folder.path))
    CHECK_FALSE(contains(entry.path().filename().string(), ".part-"));
}

TEST_CASE("an animation is a PNG whose chunks follow each other as APNG asks") {
  const std::vector<Image> frames{noise(6, 4, 1), noise(6, 4, 2), noise(6, 4, 3)};
  const Bytes file = encode_apng(frames, 0.1);
  CHECK(decode_png(file, "animation") == frames[0]);  // an old viewer's view
  std::vector<std::string> types;
  std::uint32_t sequence = 0;
  for (std::size_t at = 8; at < file.size();) {
    const auto u32 = [&](std::size_t k) {
      return std::uint32_t{file[k]} << 24 | std::uint32_t{file[k + 1]} << 16 |
             std::uint32_t{file[k + 2]} << 8 | std::uint32_t{file[k + 3]};
    };
    const std::uint32_t size = u32(at);
    types.emplace_back(file.begin() + static_cast<std::ptrdiff_t>(at) + 4,
                       file.begin() + static_cast<std::ptrdiff_t>(at) + 8);
    if (types.back() == "acTL") CHECK(u32(at + 8) == 3);
    if (types.back() == "fcTL" || types.back() == "fdAT") CHECK(u32(at + 8) == sequence++);
    if (types.back() == "fcTL") {
      CHECK(u32(at + 12) == 6);
      CHECK(u32(at + 16) == 4);
      CHECK(u32(at + 28) == (100u << 16 | 1000u));  // 100 / 1000 s
    }
    at += 12 + size;
  }
  CHECK(types == std::vector<std::string>{"IHDR", "acTL", "fcTL", "IDAT", "fcTL", "fdAT", "fcTL",
                                          "fdAT", "IEND"});
  CHECK(contains(sentence([] { encode_apng({}, 0.1); }), "at least one frame"));
  CHECK(contains(sentence([&] { encode_apng(frames, 0); }), "between 0 and 60"));
  const std::vector<Image> uneven{Image(2, 2), Image(3, 2)};
  CHECK(contains(sentence([&] { encode_apng(uneven, 0.1); }), "frame 1 is 3 x 2"));
}
