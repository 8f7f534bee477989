// The only file of the product that includes stb, with all of its functions static.
#include "apps/common/files/stb.hpp"

#include <algorithm>
#include <memory>

#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG  // its inflate is what we want
#define STBI_NO_STDIO
#include <stb_image.h>

#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#include <stb_easy_font.h>
#include <stb_image_write.h>

namespace planet::stb {
namespace {

struct Free {
  void operator()(unsigned char* p) const { std::free(p); }
};
using StbBuffer = std::unique_ptr<unsigned char, Free>;

std::vector<std::uint8_t> copy(const StbBuffer& bytes, int size) {
  return bytes ? std::vector<std::uint8_t>(bytes.get(), bytes.get() + size)
               : std::vector<std::uint8_t>{};
}

// The font has printable ASCII alone and does not check its table index.
std::string printable(std::string text) {
  for (char& c : text)
    if (c < ' ' || c > '~') c = '?';
  return text;
}

}  // namespace

std::vector<std::uint8_t> zlib_compress(std::span<const std::uint8_t> bytes, int quality) {
  int size = 0;
  // stb only reads the data, although its signature does not say so.
  auto* data = const_cast<unsigned char*>(bytes.data());
  const StbBuffer out(stbi_zlib_compress(data, static_cast<int>(bytes.size()), &size, quality));
  return copy(out, size);
}

int inflate(std::span<const std::uint8_t> deflated, std::span<std::uint8_t> out) {
  return stbi_zlib_decode_noheader_buffer(
      reinterpret_cast<char*>(out.data()), static_cast<int>(out.size()),
      reinterpret_cast<const char*>(deflated.data()), static_cast<int>(deflated.size()));
}

std::vector<std::uint8_t> png_encode(int width, int height, const std::uint8_t* rgb) {
  int size = 0;
  const StbBuffer out(stbi_write_png_to_mem(rgb, 3 * width, width, height, 3, &size));
  return copy(out, size);
}

std::vector<Rect> text_rects(const std::string& text) {
  struct Vertex {
    float x, y, z;
    unsigned char color[4];
  };
  // stb says about 270 bytes per letter; at most some 20 quads of four vertices of 16 bytes.
  std::vector<Vertex> vertices(4 * 24 * (text.size() + 1));
  std::string letters = printable(text);
  const int quads = stb_easy_font_print(0, 0, letters.data(), nullptr, vertices.data(),
                                        static_cast<int>(vertices.size() * sizeof(Vertex)));
  std::vector<Rect> out;
  for (int q = 0; q < quads; ++q) {
    const Vertex& first = vertices[static_cast<std::size_t>(4 * q)];
    const Vertex& opposite = vertices[static_cast<std::size_t>(4 * q + 2)];
    out.push_back({static_cast<int>(first.x), static_cast<int>(first.y),
                   static_cast<int>(opposite.x), static_cast<int>(opposite.y)});
  }
  return out;
}

int text_width(const std::string& text) {
  std::string letters = printable(text);
  return stb_easy_font_width(letters.data());
}

}  // namespace planet::stb
