// Numbers to text and back, without loss and independent of the locale.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace planet {

/// 17 significant digits: the shortest fixed count that always returns the same double.
std::string number_text(double value);
/// All of `text` as a number (blanks around it are allowed), or nothing. Reads "nan" and "inf".
std::optional<double> parse_number(std::string_view text);

}  // namespace planet
