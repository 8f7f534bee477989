// Every reader of the project, fed with bytes that may be anything.
//
// The same list is driven by clang's libFuzzer (libfuzzer.cpp, for hours) and by a few thousand
// damaged files in the tests (damaged_files.cpp).
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace planet::test {

struct FuzzTarget {
  const char* name;  // of its folder in corpus/, too
  /// Reads the bytes and throws Error where they are no such file. What was accepted is written and
  /// read once more, and must come back as it was.
  void (*read)(const std::string& bytes);
};
std::span<const FuzzTarget> fuzz_targets();

/// Were the bytes accepted? Ends the process where a refusal is anything but an Error of one line.
bool accepted(const FuzzTarget& target, std::string_view bytes);

}  // namespace planet::test
