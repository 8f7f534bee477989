#include "apps/common/files/png.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <string_view>

#include "apps/common/files/stb.hpp"
#include "apps/common/files/zlib.hpp"
#include "autograd/base/error.hpp"

namespace planet {
namespace {

using Bytes = std::vector<std::uint8_t>;
using ByteSpan = std::span<const std::uint8_t>;

constexpr int max_side = 16384;
constexpr std::uint64_t max_pixels = std::uint64_t{1} << 26;
constexpr std::uintmax_t max_file = std::uintmax_t{1} << 28;
constexpr std::array<std::uint8_t, 8> signature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

std::uint32_t read_u32(ByteSpan bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | std::uint32_t{bytes[3]};
}

void append_u32(Bytes& out, std::uint32_t v) {
  for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<std::uint8_t>(v >> shift));
}

void append_u16(Bytes& out, std::uint32_t v) {
  out.push_back(static_cast<std::uint8_t>(v >> 8));
  out.push_back(static_cast<std::uint8_t>(v));
}

// ---- chunks: length, four letters, data, CRC over letters and data

struct Chunk {
  std::string type;
  ByteSpan data;
};

std::vector<Chunk> split_chunks(ByteSpan file, const std::string& name) {
  require(file.size() >= signature.size() &&
              std::equal(signature.begin(), signature.end(), file.begin()),
          name, " is not a PNG: it does not begin with PNG's signature");
  std::vector<Chunk> chunks;
  ByteSpan rest = file.subspan(signature.size());
  while (chunks.empty() || chunks.back().type != "IEND") {
    require(rest.size() >= 12, name, " is cut short: ", rest.size(),
            " bytes are left where a chunk should begin");
    const std::size_t size = read_u32(rest);
    require(size <= rest.size() - 12, name, " is cut short: a chunk of ", size, " bytes, and ",
            rest.size() - 12, " are left");
    const ByteSpan body = rest.subspan(4, 4 + size);
    const std::string type(body.begin(), body.begin() + 4);
    require(crc32(body) == read_u32(rest.subspan(8 + size)), name,
            " is damaged: the CRC of its chunk ", type, " does not match");
    chunks.push_back({type, body.subspan(4)});
    rest = rest.subspan(12 + size);
  }
  return chunks;
}

void append_chunk(Bytes& out, std::string_view type, ByteSpan data) {
  Bytes body(type.begin(), type.end());
  body.insert(body.end(), data.begin(), data.end());
  append_u32(out, static_cast<std::uint32_t>(data.size()));
  out.insert(out.end(), body.begin(), body.end());
  append_u32(out, crc32(body));
}

// ---- files

void write_atomically(const std::filesystem::path& path, ByteSpan bytes) {
  std::filesystem::path part = path;
  part += cat(".part-", ::getpid());
  {
    std::ofstream out(part, std::ios::binary | std::ios::trunc);
    require(out.good(), "cannot write ", path.string(), ": its folder is missing or not writable");
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out.good()) {
      std::error_code ignored;
      std::filesystem::remove(part, ignored);
      fail("cannot write ", path.string(), ": the disk is full or the device failed");
    }
  }
  std::error_code error;
  std::filesystem::rename(part, path, error);
  if (error) {
    std::error_code ignored;
    std::filesystem::remove(part, ignored);
    fail("cannot write ", path.string(), ": ", error.message());
  }
}

}  // namespace

std::vector<std::uint8_t> encode_png(const Image& image) {
  require(
      image.width >= 1 && image.height >= 1 && image.width <= max_side && image.height <= max_side,
      "a PNG of ", image.width, " x ", image.height, " pixels; each side is 1 to ", max_side);
  require(image.rgb.size() ==
              static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) * 3,
          "an image of ", image.width, " x ", image.height, " pixels holds ", image.rgb.size(),
          " bytes");
  Bytes out = stb::png_encode(image.width, image.height, image.rgb.data());
  require(!out.empty(), "a PNG of ", image.width, " x ", image.height, " pixels: out of memory");
  return out;
}

Image decode_png(std::span<const std::uint8_t> file, const std::string& name) {
  const std::vector<Chunk> chunks = split_chunks(file, name);
  require(chunks.front().type == "IHDR" && chunks.front().data.size() == 13, name,
          " is damaged: its first chunk is not a picture's head");
  const std::uint32_t width = read_u32(chunks.front().data);
  const std::uint32_t height = read_u32(chunks.front().data.subspan(4));
  require(width >= 1 && height >= 1 && width <= max_side && height <= max_side &&
              std::uint64_t{width} * height <= max_pixels,
          name, " is ", width, " x ", height, " pixels; each side is 1 to ", max_side,
          " and there are at most ", max_pixels);
  stb::Decoded decoded = stb::png_decode(file);
  require(decoded.error.empty(), name, " cannot be decoded: ", decoded.error);
  Image image;
  image.width = decoded.width;
  image.height = decoded.height;
  image.rgb = std::move(decoded.rgb);
  return image;
}

void write_png(const std::filesystem::path& path, const Image& image) {
  write_atomically(path, encode_png(image));
}

Image read_png(const std::filesystem::path& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  require(!error, "cannot read ", path.string(), ": ", error.message());
  require(size <= max_file, path.string(), " has ", size, " bytes; a PNG here has at most ",
          max_file);
  Bytes bytes(static_cast<std::size_t>(size));
  std::ifstream in(path, std::ios::binary);
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  require(in.good(), "cannot read ", path.string());
  return decode_png(bytes, path.string());
}

// An APNG is a PNG with a count (acTL) before its data, a head (fcTL) before each frame, and the
// data of the second and later frames in chunks of another name (fdAT) that begin with a number.
std::vector<std::uint8_t> encode_apng(std::span<const Image> frames, double seconds) {
  require(!frames.empty(), "an animation needs at least one frame");
  require(seconds > 0 && seconds < 60, "an animation's frames are ", seconds,
          " s apart; that lies between 0 and 60");
  const auto milliseconds = static_cast<std::uint32_t>(std::lround(seconds * 1000));
  Bytes out;
  std::uint32_t sequence = 0;
  for (std::size_t k = 0; k < frames.size(); ++k) {
    const Image& frame = frames[k];
    require(frame.width == frames[0].width && frame.height == frames[0].height,
            "an animation's frames have one size: frame ", k, " is ", frame.width, " x ",
            frame.height, ", the first ", frames[0].width, " x ", frames[0].height);
    const Bytes still = encode_png(frame);
    const std::vector<Chunk> chunks = split_chunks(still, "a frame");
    if (k == 0) {
      out.assign(signature.begin(), signature.end());
      append_chunk(out, "IHDR", chunks.front().data);
      Bytes count;
      append_u32(count, static_cast<std::uint32_t>(frames.size()));
      append_u32(count, 0);  // for ever
      append_chunk(out, "acTL", count);
    }
    Bytes head;
    append_u32(head, sequence++);
    append_u32(head, static_cast<std::uint32_t>(frame.width));
    append_u32(head, static_cast<std::uint32_t>(frame.height));
    append_u32(head, 0);  // at the left
    append_u32(head, 0);  // and top
    append_u16(head, std::max<std::uint32_t>(1, milliseconds));
    append_u16(head, 1000);
    append_u16(head, 0);  // leave the frame as it is, replace what was there
    append_chunk(out, "fcTL", head);
    for (const Chunk& chunk : chunks) {
      if (chunk.type != "IDAT") continue;
      Bytes data;
      if (k > 0) append_u32(data, sequence++);
      data.insert(data.end(), chunk.data.begin(), chunk.data.end());
      append_chunk(out, k == 0 ? "IDAT" : "fdAT", data);
    }
  }
  append_chunk(out, "IEND", {});
  return out;
}

void write_apng(const std::filesystem::path& path, std::span<const Image> frames, double seconds) {
  write_atomically(path, encode_apng(frames, seconds));
}

}  // namespace planet
