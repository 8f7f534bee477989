// Thousands of damaged files: each one loads with exactly the contents of its bytes, or is a
// planet::Error, and none makes the reader allocate more than a file of a few hundred bytes needs.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

#include "autograd/base/philox.hpp"
#include "nn/files/checkpoint.hpp"
#include "nn/init.hpp"
#include "tests/nn/allocation_watch.hpp"
#include "tests/support/scratch_folder.hpp"

using namespace planet;

namespace {

// One to four damages: a bit flipped, two bytes swapped, a byte replaced, a piece removed or
// doubled, the end cut off. Three in four hit the header, where the rules are.
std::string damaged(std::string bytes, std::size_t header_end, Rng& rng) {
  const auto place = [&] {
    const std::size_t begin = rng.below(4) || bytes.size() <= header_end ? 0 : header_end;
    const std::size_t end = begin == 0 ? std::min(header_end, bytes.size()) : bytes.size();
    return begin + rng.below(end - begin);
  };
  const std::uint64_t damages = 1 + rng.below(4);
  for (std::uint64_t k = 0; k < damages && !bytes.empty(); ++k) {
    const std::size_t i = place(), j = place();
    constexpr std::string_view letters = "0123456789-{}[]\",:.eE \\/untf\xff";
    switch (rng.below(6)) {
      case 0:
        bytes[i] = static_cast<char>(bytes[i] ^ (1 << rng.below(8)));
        break;
      case 1:
        std::swap(bytes[i], bytes[j]);
        break;
      case 2:
        bytes[i] = letters[rng.below(letters.size())];
        break;
      case 3:
        bytes.erase(i, 1 + rng.below(8));
        break;
      case 4:
        bytes.insert(i, bytes.substr(j, 1 + rng.below(8)));
        break;
      default:
        bytes.resize(i);
        break;
    }
  }
  return bytes;
}

}  // namespace

TEST_CASE("damaged safetensors files load equal or throw, and never half") {
  const test::ScratchFolder folder;
  ParamStore store(Precision::f32);
  Rng init(1, Stream::init);
  for (const char* name : {"a/weight", "b/weight"})
    init_glorot_uniform(store.add(name, {3, 4}), init);
  store.add("a/bias", {4});
  const auto path = folder / "x.safetensors";
  save_params(path, store, {{"env", "pendulum"}, {"steps", "12"}});
  const std::string valid = test::read_bytes(path);
  std::uint64_t header_length = 0;
  std::memcpy(&header_length, valid.data(), 8);

  Rng rng(2, Stream::test);
  const auto n = static_cast<std::size_t>(store.size());
  int loaded = 0, refused = 0;
  test::largest_request = 0;
  for (int i = 0; i < 6000; ++i) {
    CAPTURE(i);
    const std::string bytes = damaged(valid, 8 + header_length, rng);
    test::write_bytes(path, bytes);
    std::fill(store.values<float>(), store.values<float>() + n, 0.125f);
    try {
      load_params(path, store);
      ++loaded;  // the damage hit the data, the metadata, a space, or undid itself
      const SafetensorsFile file(path);
      for (const Param& p : store.params()) {
        const std::vector<float> x = file.read<float>(p.name);
        REQUIRE(std::equal(x.begin(), x.end(), p.value<float>()));
      }
    } catch (const Error& e) {
      ++refused;
      REQUIRE(std::string_view(e.what()).starts_with(path.string()));
      for (std::size_t k = 0; k < n; ++k) REQUIRE(store.values<float>()[k] == 0.125f);
    }  // anything else, std::bad_alloc too, fails the test
  }
  CHECK(test::largest_request > 100);  // it was counted
  CHECK(test::largest_request < 64 * 1024);
  CHECK(loaded > 100);
  CHECK(refused > 3000);

  test::write_bytes(path, valid);  // every possible cut, one by one
  for (std::size_t length = 0; length < valid.size(); ++length) {
    std::filesystem::resize_file(path, length);
    CAPTURE(length);
    CHECK_THROWS_AS(load_params(path, store), Error);
    if (length + 1 < valid.size()) test::write_bytes(path, valid);
  }
}
