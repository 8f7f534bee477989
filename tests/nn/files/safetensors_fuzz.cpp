// Thousands of damaged files: each one loads with exactly the contents of its bytes, or is a
// planet::Error, and none makes the reader allocate more than a file of a few hundred bytes needs.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

#include "nn/files/checkpoint.hpp"
#include "nn/init.hpp"
#include "tests/nn/allocation_watch.hpp"
#include "tests/support/damaged.hpp"
#include "tests/support/scratch_folder.hpp"

using namespace planet;

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
    const std::string bytes = test::damaged(valid, 8 + header_length, rng);
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
