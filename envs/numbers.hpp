// States as text and back to the same bits, for trajectories and `play --state`.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/base/numbers.hpp"

namespace planet {

/// "x,y,..." with number_text.
std::string state_text(std::span<const double> state);
/// The reverse, for a state with these entries. Error, naming the entry: a wrong count, or a word
/// that is not a finite number.
std::vector<double> parse_state(std::string_view text, std::span<const std::string> names);

}  // namespace planet
