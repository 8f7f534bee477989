#include "envs/numbers.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"

namespace planet {

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
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::string state_text(std::span<const double> state) {
  std::vector<std::string> words;
  for (const double value : state) words.push_back(number_text(value));
  return join(words, ",");
}

std::vector<double> parse_state(std::string_view text, std::span<const std::string> names) {
  std::vector<double> out;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    const std::optional<double> value = parse_number(word);
    const std::string entry = out.size() < names.size() ? names[out.size()] : "one more entry";
    require(value && std::isfinite(*value), "the state's ", entry, " is '", word,
            "', which is not a finite number");
    out.push_back(*value);
    begin = end + 1;
  }
  require(out.size() == names.size(), "a state has ", names.size(), " entries (", join(names),
          "), this one has ", out.size());
  return out;
}

}  // namespace planet
