// Numbers as text and back, without loss and whatever the locale says.
//
// A double written with 17 significant digits is read back to the same bits; trajectories and
// `play --state` rest on it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace planet {

/// 17 significant digits: the shortest fixed count that always returns the same double.
std::string number_text(double value);
/// The whole of `text` as a number (blanks around it allowed), or nothing. "nan" and "inf" are
/// read.
std::optional<double> parse_number(std::string_view text);

/// "x,y,..." with number_text.
std::string state_text(std::span<const double> state);
/// The reverse, for a state with these entries. Error: a wrong count, a word that is not a finite
/// number; the sentence names the entry.
std::vector<double> parse_state(std::string_view text, std::span<const std::string> names);

}  // namespace planet
