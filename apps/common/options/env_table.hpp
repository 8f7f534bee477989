// The registered tasks: the table of --list-envs for people, and as JSON for programs.
#pragma once

#include <string>

namespace planet {

/// All tasks: a table of T, R, actions, the largest return and the score's two ends with the
/// oracle's budget; below it, task by task, what it is, its state vector, what train uses unless
/// told, and its options. No line is longer than `width`, as long as no single word is.
std::string env_table(std::size_t width = 100);

/// The same for programs: one JSON object per line and task, with numbers, strings and null alone.
std::string env_json();

}  // namespace planet
