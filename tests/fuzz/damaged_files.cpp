// A few thousand damaged files for every reader: each is read, or refused in one line.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/fuzz/targets.hpp"
#include "tests/support/damaged.hpp"
#include "tests/support/scratch_folder.hpp"

namespace planet::test {
namespace {

std::vector<std::string> seeds_of(const FuzzTarget& target) {
  const std::filesystem::path folder =
      std::filesystem::path(PLANET_SOURCE_DIR "/tests/fuzz/corpus") / target.name;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry);
  std::ranges::sort(files);
  std::vector<std::string> seeds;
  for (const std::filesystem::path& file : files) seeds.push_back(read_bytes(file));
  return seeds;
}

}  // namespace

TEST_CASE("every reader reads its corpus and refuses what is damaged in one line") {
  Rng rng(1, Stream::test);
  for (const FuzzTarget& target : fuzz_targets()) {
    CAPTURE(target.name);
    const std::vector<std::string> seeds = seeds_of(target);
    REQUIRE(!seeds.empty());
    int whole = 0, read = 0;
    for (const std::string& seed : seeds) whole += accepted(target, seed);
    CHECK(whole > 0);
    for (int i = 0; i < 3000; ++i) {
      // The beginning of one and the end of another, then a few damages.
      const std::string &a = seeds[rng.below(seeds.size())], &b = seeds[rng.below(seeds.size())];
      const std::string bytes = rng.below(4) > 0 ? a
                                                 : a.substr(0, rng.below(a.size() + 1)) +
                                                       b.substr(rng.below(b.size() + 1));
      read += accepted(target, damaged(bytes, bytes.size(), rng));
    }
    CHECK(read < 3000);  // something was refused
  }
}

}  // namespace planet::test
