// Philox4x32-10 against the known answers that its authors publish with Random123, and the way Rng
// lays out its counter and key.
#include "autograd/base/philox.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <set>

using namespace planet;

// Random123, tests/kat_vectors: counter, key -> output. Ten rounds of everything, at compile time.
static_assert(philox4x32_10({0, 0, 0, 0}, {0, 0}) ==
              PhiloxCounter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});

TEST_CASE("Philox gives the three known answers of Random123") {
  constexpr std::uint32_t ones = 0xffffffff;
  struct Known {
    PhiloxCounter counter;
    PhiloxKey key;
    PhiloxCounter output;
  };
  for (const auto& [counter, key, output] :
       {Known{{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        Known{{ones, ones, ones, ones},
              {ones, ones},
              {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        Known{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},  // the digits of pi
              {0xa4093822, 0x299f31d0},
              {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}}) {
    CHECK(philox4x32_10(counter, key) == output);
  }
}

TEST_CASE("every bit of counter and key changes about half of the output bits") {
  const PhiloxCounter counter{1, 2, 3, 4};
  const PhiloxKey key{5, 6};
  const PhiloxCounter before = philox4x32_10(counter, key);
  double flipped_in_all = 0;
  for (unsigned bit = 0; bit < 192; ++bit) {
    PhiloxCounter c = counter;
    PhiloxKey k = key;
    (bit < 128 ? c[bit / 32] : k[(bit - 128) / 32]) ^= 1u << bit % 32;
    const PhiloxCounter after = philox4x32_10(c, k);
    int flipped = 0;
    for (std::size_t w = 0; w < 4; ++w) flipped += std::popcount(after[w] ^ before[w]);
    CAPTURE(bit);
    CHECK(flipped >= 36);  // 64 expected, standard deviation sqrt(32): five of them
    CHECK(flipped <= 92);
    flipped_in_all += flipped;
  }
  CHECK(flipped_in_all / 192 == doctest::Approx(64).epsilon(0.03));  // 4.7 standard errors
}

TEST_CASE("an Rng's counter is position then substream then stream and its key is the seed") {
  const Rng rng(0x0123456789ABCDEF, Stream::replay, 7);
  CHECK(rng.key() == PhiloxKey{0x89ABCDEF, 0x01234567});
  CHECK(rng.block(0x100000002) ==
        philox4x32_10({2, 1, 7, static_cast<std::uint32_t>(Stream::replay)}, rng.key()));
  // Checkpoints and published results depend on these stream numbers, so they must not change.
  CHECK(static_cast<int>(Stream::init) == 1);
  CHECK(static_cast<int>(Stream::replay) == 5);
  CHECK(static_cast<int>(Stream::test) == 13);
}

TEST_CASE("streams and substreams and seeds share no block") {
  std::set<PhiloxCounter> seen;
  std::size_t count = 0;
  for (std::uint64_t seed : {0ull, 1ull, 2ull, 1ull << 32, 1ull << 63}) {
    for (std::uint32_t stream = 1; stream <= 13; ++stream) {
      for (std::uint32_t substream : {0u, 1u, 2u, 1u << 31}) {
        const Rng rng(seed, static_cast<Stream>(stream), substream);
        for (std::uint64_t p : {0ull, 1ull, 2ull, 0xFFFFFFFFull, 1ull << 32, 1ull << 63}) {
          seen.insert(rng.block(p));
          ++count;
        }
      }
    }
  }
  CHECK(seen.size() == count);  // 1560 of 2^128: a collision is a fault, not chance
}
