// The driver for clang's libFuzzer (tests/campaigns/fuzz.sh): TARGET=json fuzz_readers FOLDER
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/fuzz/targets.hpp"

namespace {

const planet::test::FuzzTarget& chosen() {
  const char* name = std::getenv("TARGET");
  for (const planet::test::FuzzTarget& target : planet::test::fuzz_targets())
    if (name != nullptr && std::string_view(name) == target.name) return target;
  std::fprintf(stderr, "fuzz_readers: TARGET is none of");
  for (const planet::test::FuzzTarget& target : planet::test::fuzz_targets())
    std::fprintf(stderr, " %s", target.name);
  std::fprintf(stderr, "\n");
  std::exit(2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const planet::test::FuzzTarget& target = chosen();
  accepted(target, {reinterpret_cast<const char*>(data), size});
  return 0;
}
