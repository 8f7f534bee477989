#include "autograd/base/numbers.hpp"

#include <array>
#include <charconv>

#ifndef __cpp_lib_to_chars  // libc++, Apple's among them, has no from_chars for double
#include <cerrno>
#include <clocale>
#include <cmath>
#include <cstdlib>
#ifdef __APPLE__
#include <xlocale.h>
#endif
#endif

namespace planet {
namespace {

#ifdef __cpp_lib_to_chars
std::optional<double> read_whole(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}
#else
// strtod reads more than from_chars does: blanks, a plus sign and hexadecimal numbers.
std::optional<double> read_whole(std::string_view view) {
  static const locale_t c = newlocale(LC_ALL_MASK, "C", nullptr);
  const std::string text(view);
  if (text.find_first_not_of("0123456789.-+eEaAfFinNtyITY") != std::string::npos ||
      text.starts_with('+'))
    return std::nullopt;
  char* stop = nullptr;
  errno = 0;
  const double value = strtod_l(text.c_str(), &stop, c);
  if (text.empty() || stop != text.c_str() + text.size()) return std::nullopt;
  if (errno == ERANGE && (value == 0 || std::isinf(value))) return std::nullopt;
  return value;
}
#endif

}  // namespace

std::string number_text(double value) {
  std::array<char, 32> buffer{};  // sign, 17 digits, point, e-308
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::general, 17);
  return {buffer.data(), end.ptr};
}

std::optional<double> parse_number(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  return read_whole(text);
}

}  // namespace planet
