// Numbers as text and back, without loss and whatever the locale says.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace planet {

/// 17 significant digits: the shortest fixed count that always returns the same double.
std::string number_text(double value);
/// The whole of `text` as a number (blanks around it allowed), or nothing. "nan" and "inf" are
/// read.
std::optional<double> parse_number(std::string_view text);

}  // namespace planet
