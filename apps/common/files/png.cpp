#include "apps/common/files/png.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "apps/common/files/stb.hpp"
#include "apps/common/files/zlib.hpp"
#include "autograd/base/error.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace {

using ByteVector = std::vector<std::uint8_t>;
using ByteSpan = std::span<const std::uint8_t>;

constexpr std::array<std::uint8_t, 8> signature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

std::uint32_t read_u32(ByteSpan bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | std::uint32_t{bytes[3]};
}

void append_u32(ByteVector& out, std::uint32_t v) {
  for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<std::uint8_t>(v >> shift));
}

void append_u16(ByteVector& out, std::uint32_t v) {
  out.push_back(static_cast<std::uint8_t>(v >> 8));
  out.push_back(static_cast<std::uint8_t>(v));
}

// A chunk: the length of its data, a type of four letters, the data, and a CRC over type and data.

// The data of the first chunk of this type in a file that encode_png wrote.
ByteSpan find_chunk(ByteSpan file, std::string_view type) {
  for (ByteSpan rest = file.subspan(signature.size()); !rest.empty();) {
    const std::size_t size = read_u32(rest);
    if (std::equal(type.begin(), type.end(), rest.begin() + 4)) return rest.subspan(8, size);
    rest = rest.subspan(12 + size);
  }
  fail("an encoded picture has no chunk ", type);
}

void append_chunk(ByteVector& out, std::string_view type, ByteSpan data) {
  ByteVector body(type.begin(), type.end());
  body.insert(body.end(), data.begin(), data.end());
  append_u32(out, static_cast<std::uint32_t>(data.size()));
  out.insert(out.end(), body.begin(), body.end());
  append_u32(out, crc32(body));
}

}  // namespace

std::vector<std::uint8_t> encode_png(const Image& image) {
  require(image.width >= 1 && image.height >= 1 && image.width <= max_image_side &&
              image.height <= max_image_side,
          "a PNG of ", image.width, " x ", image.height, " pixels; each side is 1 to ",
          max_image_side);
  require(image.rgb.size() ==
              static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) * 3,
          "an image of ", image.width, " x ", image.height, " pixels holds ", image.rgb.size(),
          " bytes");
  ByteVector out = stb::png_encode(image.width, image.height, image.rgb.data());
  require(!out.empty(), "a PNG of ", image.width, " x ", image.height, " pixels: out of memory");
  return out;
}

void write_png(const std::filesystem::path& path, const Image& image) {
  write_atomically(path, encode_png(image));
}

namespace {

struct Rectangle {
  int left, top, right, bottom;
};

// The pixels in which two pictures of one size differ; of equal ones a single pixel, because no frame
// is empty.
Rectangle changed(const Image& before, const Image& now) {
  Rectangle r{now.width, now.height, 0, 0};
  for (int y = 0; y < now.height; ++y)
    for (int x = 0; x < now.width; ++x)
      if (!std::ranges::equal(before.at(x, y), now.at(x, y)))
        r = {std::min(r.left, x), std::min(r.top, y), std::max(r.right, x + 1),
             std::max(r.bottom, y + 1)};
  return r.right == 0 ? Rectangle{0, 0, 1, 1} : r;
}

Image cut(const Image& image, const Rectangle& r) {
  Image out(r.right - r.left, r.bottom - r.top);
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x)
      std::ranges::copy(image.at(r.left + x, r.top + y), out.at(x, y).begin());
  return out;
}

}  // namespace

Apng::Apng(double seconds) {
  require(seconds > 0 && seconds < 60, "an animation's frames are ", seconds,
          " s apart; that lies between 0 and 60");
  milliseconds_ =
      std::max<std::uint32_t>(1, static_cast<std::uint32_t>(std::lround(seconds * 1000)));
}

// An APNG is a PNG with a frame count (acTL) before its data, a control chunk (fcTL) before each
// frame, and the data of the second and later frames in chunks of another type (fdAT) that begin
// with a sequence number.
void Apng::add(const Image& frame) {
  const bool first = frames_ == 0;
  require(first || (frame.width == last_.width && frame.height == last_.height),
          "an animation's frames have one size: frame ", frames_, " is ", frame.width, " x ",
          frame.height, ", the first ", last_.width, " x ", last_.height);
  const Rectangle part = first ? Rectangle{0, 0, frame.width, frame.height} : changed(last_, frame);
  const ByteVector still = encode_png(first ? frame : cut(frame, part));
  if (first) {
    head_.assign(signature.begin(), signature.end());
    append_chunk(head_, "IHDR", find_chunk(still, "IHDR"));
  }
  ByteVector control;
  append_u32(control, sequence_++);
  append_u32(control, static_cast<std::uint32_t>(part.right - part.left));
  append_u32(control, static_cast<std::uint32_t>(part.bottom - part.top));
  append_u32(control, static_cast<std::uint32_t>(part.left));
  append_u32(control, static_cast<std::uint32_t>(part.top));
  append_u16(control, milliseconds_);
  append_u16(control, 1000);
  append_u16(control, 0);  // dispose: none; blend: replace
  append_chunk(chunks_, "fcTL", control);
  ByteVector data;
  if (!first) append_u32(data, sequence_++);
  const ByteSpan pixels = find_chunk(still, "IDAT");
  data.insert(data.end(), pixels.begin(), pixels.end());
  append_chunk(chunks_, first ? "IDAT" : "fdAT", data);
  last_ = frame;
  ++frames_;
}

ByteVector Apng::file() const {
  require(frames_ > 0, "an animation needs at least one frame");
  ByteVector out = head_;
  ByteVector count;
  append_u32(count, static_cast<std::uint32_t>(frames_));
  append_u32(count, 0);  // repeated for ever
  append_chunk(out, "acTL", count);
  out.insert(out.end(), chunks_.begin(), chunks_.end());
  append_chunk(out, "IEND", {});
  return out;
}

ByteVector encode_apng(std::span<const Image> frames, double seconds) {
  Apng out(seconds);
  for (const Image& frame : frames) out.add(frame);
  return out.file();
}

void write_apng(const std::filesystem::path& path, std::span<const Image> frames, double seconds) {
  write_atomically(path, encode_apng(frames, seconds));
}

}  // namespace planet
