#include "apps/common/files/zlib.hpp"

#include <array>

#include "apps/common/files/stb.hpp"
#include "autograd/base/error.hpp"

namespace planet {
namespace {

constexpr std::size_t stb_limit = std::size_t{1} << 30;  // stb counts in int

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t n = 0; n < 256; ++n) {
    std::uint32_t c = n;
    for (int k = 0; k < 8; ++k) c = (c & 1) != 0 ? 0xEDB88320U ^ (c >> 1) : c >> 1;
    table[n] = c;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> crc_table = make_crc_table();

}  // namespace

std::vector<std::uint8_t> deflate_raw(std::span<const std::uint8_t> bytes) {
  require(bytes.size() <= stb_limit, "deflate: ", bytes.size(), " bytes are too many, at most ",
          stb_limit);
  // stb emits no block for empty input, which decoders reject: one empty block.
  if (bytes.empty()) return {0x03, 0x00};
  // Without the 2 bytes of zlib's header and the 4 of its Adler sum.
  const std::vector<std::uint8_t> whole = stb::zlib_compress(bytes, 8);
  require(whole.size() >= 6, "deflate: out of memory for ", bytes.size(), " bytes");
  return {whole.begin() + 2, whole.end() - 4};
}

std::vector<std::uint8_t> inflate_raw(std::span<const std::uint8_t> deflated, std::size_t size) {
  require(deflated.size() <= stb_limit && size <= stb_limit, "inflate: ", deflated.size(),
          " bytes that should become ", size, " are too many, at most ", stb_limit);
  // No stream grows by more than a factor of 1032, so a false size cannot make us allocate more.
  require(size / 1032 <= deflated.size(), "inflate: ", deflated.size(), " bytes cannot hold ",
          size);
  // stb reads up to two bytes ahead (in a zlib stream, of the Adler sum); zeros take their place.
  std::vector<std::uint8_t> padded(deflated.begin(), deflated.end());
  padded.insert(padded.end(), 4, 0);
  std::vector<std::uint8_t> out(size);
  const int written = stb::inflate(padded, out);
  require(written >= 0, "inflate: the compressed data are damaged, or hold more than ", size,
          " bytes");
  require(static_cast<std::size_t>(written) == size, "inflate: the compressed data hold ", written,
          " bytes, not ", size);
  return out;
}

std::uint32_t crc32(std::span<const std::uint8_t> bytes, std::uint32_t before) {
  std::uint32_t c = ~before;
  for (const std::uint8_t byte : bytes) c = crc_table[(c ^ byte) & 0xFF] ^ (c >> 8);
  return ~c;
}

}  // namespace planet
