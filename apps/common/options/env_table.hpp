// The registered tasks: the table of --list-envs for people, and as JSON for programs.
#pragma once

#include <string>

namespace planet {

/// All tasks: a table of T, R, actions, the largest return and the score's two ends with the
/// oracle's budget; below it, for each task, its description, its state vector, train's defaults
/// and its options. No line is longer than `width` unless a single word is.
std::string env_table(std::size_t width = 100);

/// The same for programs: one JSON object per task, each on a line, of numbers, strings and null.
std::string env_json();

}  // namespace planet
