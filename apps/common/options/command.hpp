// Commands that are printed to be pasted into a shell: with the path of the program, as the one that
// prints them was called, and with quotes where they are needed.
#pragma once

#include <string>
#include <vector>

namespace planet {

/// Says how this process was called, once, before any command is printed: by the name or path
/// `binary`, which is one program or, `all`, holds every program (build/release/bin/train; mine).
void called_as(const std::string& binary, bool all);

/// "build/release/bin/eval runs/a" where this is build/release/bin/train, "./mine eval runs/a" where
/// it is ./mine. A binary that was found on PATH is named by its path: eval, play and compare are
/// names of other people's commands too.
std::string command(const std::string& program, const std::vector<std::string>& words);

/// The word as a shell reads it back.
std::string shell_quoted(const std::string& word);

}  // namespace planet
