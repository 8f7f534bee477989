// Memory for large arrays: aligned, usable to its last byte, and in large pages where Linux grants
// them.
#include "autograd/base/memory.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>

using namespace planet;

namespace {

// The flags that Linux keeps for the mapping that holds p; empty where there are none to read.
std::string mapping_flags(const void* p) {
  std::ifstream in("/proc/self/smaps");
  const auto at = reinterpret_cast<std::uintptr_t>(p);
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    std::size_t dash = 0;
    if (line.find('-') < line.find(' ') && line.find(':') > line.find(' ')) {
      const std::uintptr_t begin = std::stoull(line, &dash, 16);
      inside = begin <= at && at < std::stoull(line.substr(dash + 1), nullptr, 16);
    } else if (inside && line.starts_with("VmFlags:")) {
      return line + " ";
    }
  }
  return "";
}

}  // namespace

TEST_CASE("memory is aligned to 64 bytes and usable to its last byte, at any size") {
  for (const std::size_t bytes : {0u, 1u, 64u, 4095u, 3u << 20, (8u << 20) + 1}) {
    void* const p = take_memory(bytes);
    CHECK(reinterpret_cast<std::uintptr_t>(p) % 64 == 0);
    std::memset(p, 1, bytes);
    give_memory(p);
  }
}

TEST_CASE("only large allocations ask Linux for large pages") {
  constexpr std::size_t large = std::size_t{64} << 20;
  void* const p = take_memory(large);
  const std::string flags = mapping_flags(static_cast<char*>(p) + large / 2);
  give_memory(p);
  if (flags.empty()) return;  // another system, or one without this information
  CHECK(flags.find(" hg ") != std::string::npos);
  void* const small = take_memory(1000);
  CHECK(mapping_flags(small).find(" hg ") == std::string::npos);
  give_memory(small);
}

TEST_CASE("AlignedVector is aligned, and compares and moves like any vector") {
  AlignedVector<float> x(1000, 2.0f);
  CHECK(reinterpret_cast<std::uintptr_t>(x.data()) % 64 == 0);
  AlignedVector<float> y = x;
  CHECK(x == y);
  const float* const where = x.data();
  y = std::move(x);
  CHECK(y.data() == where);
}
