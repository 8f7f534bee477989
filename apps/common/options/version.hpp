// The version of this binary, for --version, command.txt and the metadata of checkpoints.
#pragma once

#include <string>

namespace planet {

/// "planet 0.2.0 (g++ 12.2.0, Release, -march=native, commit 1a2b3c4)".
std::string version_text();

}  // namespace planet
