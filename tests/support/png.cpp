#include "tests/support/png.hpp"

#include <cstdlib>
#include <string>

#include "autograd/base/error.hpp"
#include "nn/files/atomic_file.hpp"

#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#include <stb_image.h>

namespace planet::test {

Image decode_png(std::span<const std::uint8_t> file) {
  int width = 0, height = 0, channels = 0;
  unsigned char* pixels = stbi_load_from_memory(file.data(), static_cast<int>(file.size()), &width,
                                                &height, &channels, 3);
  require(pixels != nullptr, "not a PNG: ", stbi_failure_reason());
  const auto size = static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3;
  const Image image(width, height, {pixels, size});
  std::free(pixels);
  return image;
}

Image read_png(const std::filesystem::path& path) {
  const std::string file = read_text(path);
  return decode_png({reinterpret_cast<const std::uint8_t*>(file.data()), file.size()});
}

}  // namespace planet::test
