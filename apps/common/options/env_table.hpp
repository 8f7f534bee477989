// The registered tasks: the table of --list-envs, the same as JSON, and the page of their pictures.
#pragma once

#include <string>

#include "envs/raster.hpp"

namespace planet {

/// All tasks: a table of T, R, actions, the largest return and the score's two ends with the
/// oracle's budget; below it, task by task, what it is, its state vector, what train uses unless
/// told, and its options. No line is longer than `width`, as long as no single word is.
std::string env_table(std::size_t width = 100);

/// The same for programs: one JSON object per line and task, with numbers, strings and null alone.
std::string env_json();

/// Every task but those for tests, a row each: an episode of uniformly random actions at 64 pixels,
/// and its first picture at 32 and 16. The same bytes always (see envs/gallery.png).
Image env_gallery();

}  // namespace planet
