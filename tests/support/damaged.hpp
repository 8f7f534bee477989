// Files as a disk, a network or an enemy leaves them.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "autograd/base/philox.hpp"

namespace planet::test {

/// One to four damages: a bit flipped, two bytes swapped, a byte replaced, a piece removed or
/// doubled, the end cut off. Three in four hit the header, where the rules are.
inline std::string damaged(std::string bytes, std::size_t header_end, Rng& rng) {
  const auto place = [&] {
    const std::size_t begin = rng.below(4) || bytes.size() <= header_end ? 0 : header_end;
    const std::size_t end = begin == 0 ? std::min(header_end, bytes.size()) : bytes.size();
    return begin + rng.below(end - begin);
  };
  const std::uint64_t damages = 1 + rng.below(4);
  for (std::uint64_t k = 0; k < damages && !bytes.empty(); ++k) {
    const std::size_t i = place(), j = place();
    constexpr std::string_view letters = "0123456789-{}[]\",:.eE \\/untf\xff";
    switch (rng.below(6)) {
      case 0:
        bytes[i] = static_cast<char>(bytes[i] ^ (1 << rng.below(8)));
        break;
      case 1:
        std::swap(bytes[i], bytes[j]);
        break;
      case 2:
        bytes[i] = letters[rng.below(letters.size())];
        break;
      case 3:
        bytes.erase(i, 1 + rng.below(8));
        break;
      case 4:
        bytes.insert(i, bytes.substr(j, 1 + rng.below(8)));
        break;
      default:
        bytes.resize(i);
        break;
    }
  }
  return bytes;
}

}  // namespace planet::test
