// Errors: one exception type, one way to build its sentence.
//
// Every message says what was wrong, where, and what would have been right; the programs print it
// as it is and leave with exit status 2. Next: text.hpp, nearest-word suggestions.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace planet {

/// The text with each control character as '?'. A sentence may quote a file that is no text, or a name
/// in which there is a line break: it stays one line, and no terminal obeys it.
inline std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == '\177') c = '?';
  return text;
}

/// Bad input of any kind: a shape, a file, a flag. The message is a full sentence for the user, on one
/// line.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& sentence) : std::runtime_error(one_line(sentence)) {}
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
