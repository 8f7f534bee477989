// The one conversion between our sizes and the standard library's.
//
// Sizes and indices are signed here (std::ptrdiff_t), so that differences and downward loops are
// safe. The standard library's are unsigned.
#pragma once

#include <cstddef>

namespace planet {

/// A size or an index that is known not to be negative, for a container.
constexpr std::size_t index(std::ptrdiff_t n) { return static_cast<std::size_t>(n); }

}  // namespace planet
