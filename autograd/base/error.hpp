// Errors: one exception type, one way to build its sentence.
//
// Every message says what was wrong, where, and what would have been right; the programs print it
// as it is and leave with exit status 2. Next: text.hpp, nearest-word suggestions.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace planet {

/// Bad input of any kind: a shape, a file, a flag. The message is a full sentence for the user.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The parts streamed one after the other: cat("x is ", 3) == "x is 3".
template <class... Parts>
std::string cat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

template <class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  throw Error(cat(parts...));
}

/// Throws Error with the given sentence unless `ok`. Never compiled out: a check costs nanoseconds.
template <class... Parts>
void require(bool ok, const Parts&... parts) {
  if (!ok) [[unlikely]]
    fail(parts...);
}

}  // namespace planet
