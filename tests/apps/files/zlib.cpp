// Deflate, inflate and CRC-32: round trips, known bytes, and streams that lie.
#include "apps/common/files/zlib.hpp"

#include <doctest/doctest.h>

#include <string>

#include "autograd/base/error.hpp"
#include "autograd/base/philox.hpp"
#include "tests/envs/support.hpp"

using namespace planet;
using test::contains;
using test::sentence;
using Bytes = std::vector<std::uint8_t>;

namespace {

Bytes of(const std::string& text) { return {text.begin(), text.end()}; }

}  // namespace

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

TEST_CASE("inflate reads streams of other programs") {
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
