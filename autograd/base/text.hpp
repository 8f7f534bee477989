// Nearest-word suggestions: what an error message offers for a mistyped name.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace planet {

/// The number of single-letter edits (insert, delete, replace, swap of neighbours) from a to b.
int edit_distance(std::string_view a, std::string_view b);

/// The choice nearest to `word`, or "" when none is near: when more than a third of the letters
/// differ, and no choice begins with the word or with all but a fifth of it. In "train/return" the
/// part after the last slash is compared as well. Ties go to the first.
std::string nearest(std::string_view word, std::span<const std::string> choices);

/// " (did you mean 'pendulum_swingup'?)" or "": ready to append to a sentence.
std::string did_you_mean(std::string_view word, std::span<const std::string> choices);

/// "a, b, c".
std::string join(std::span<const std::string> words, std::string_view separator = ", ");

}  // namespace planet
