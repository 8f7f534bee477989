#include "apps/common/options/values.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>
#include <sstream>

#include "autograd/base/error.hpp"
#include "autograd/base/numbers.hpp"
#include "autograd/base/text.hpp"
#include "autograd/precision.hpp"
#include "nn/adam.hpp"
#include "rssm/config.hpp"

namespace planet {
namespace {

// "1_000_000" -> "1000000": an underscore must stand between two digits.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      out += text[i];
      continue;
    }
    const auto digit = [&](std::size_t j) { return text[j] >= '0' && text[j] <= '9'; };
    if (i == 0 || i + 1 == text.size() || !digit(i - 1) || !digit(i + 1)) return std::nullopt;
  }
  return out;
}

std::optional<double> number(std::string_view text) {
  const std::optional<std::string> plain = without_underscores(text);
  return plain ? parse_number(*plain) : std::nullopt;
}

// Whole numbers: digits, and forms such as 1e6 as long as a double holds them exactly.
template <class I>
void read_integer(std::string_view text, I& value) {
  const std::optional<std::string> plain = without_underscores(text);
  if (plain) {
    const char* end = plain->data() + plain->size();
    I exact{};
    if (const auto [stop, error] = std::from_chars(plain->data(), end, exact);
        error == std::errc{} && stop == end) {
      value = exact;
      return;
    }
    const std::optional<double> x = parse_number(*plain);
    constexpr double largest = 9007199254740992.0;  // 2^53
    if (x && *x == std::floor(*x) && std::abs(*x) <= largest &&
        *x >= static_cast<double>(std::numeric_limits<I>::min()) &&
        *x <= static_cast<double>(std::numeric_limits<I>::max())) {
      value = static_cast<I>(*x);
      return;
    }
  }
  fail("is '", text, "'; it is a whole number", std::is_signed_v<I> ? "" : " from 0 on",
       ", such as 50, 1e6 or 1_000_000");
}

struct Unit {
  std::string_view name;
  double factor;
};

// A number and its unit, "3m" -> 180; nothing when either part is wrong.
template <std::size_t N>
std::optional<double> with_unit(std::string_view text, const Unit (&units)[N]) {
  for (const Unit& unit : units) {
    if (!text.ends_with(unit.name) || text.size() == unit.name.size()) continue;
    std::string_view digits = text.substr(0, text.size() - unit.name.size());
    if (digits.ends_with(' ')) digits.remove_suffix(1);
    if (const char last = digits.empty() ? 'x' : digits.back();
        last != '.' && (last < '0' || last > '9'))
      continue;
    if (const std::optional<double> x = number(digits)) return *x * unit.factor;
  }
  return std::nullopt;
}

// "8:4 16:4": the two numbers of each entry.
template <class Pair, class First, class Second>
void read_pairs(std::string_view text, const char* rule, First Pair::*first, Second Pair::*second,
                std::vector<Pair>& value) {
  std::vector<Pair> pairs;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(" ,", at)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(" ,", at), text.size());
    const std::string_view word = text.substr(at, end - at);
    const std::size_t colon = word.find(':');
    require(colon != std::string_view::npos, "is '", text, rule);
    Pair pair{};
    try {
      read_value(word.substr(0, colon), pair.*first);
      read_value(word.substr(colon + 1), pair.*second);
    } catch (const Error&) {
      fail("is '", text, rule);
    }
    pairs.push_back(pair);
    at = end;
  }
  require(!pairs.empty(), "is '", text, rule);
  value = std::move(pairs);
}

constexpr Unit time_units[] = {{"ms", 1e-3}, {"s", 1},    {"m", 60},
                               {"min", 60},  {"h", 3600}, {"d", 86400}};
constexpr Unit size_units[] = {{"KiB", 1024.0},
                               {"MiB", 1048576.0},
                               {"GiB", 1073741824.0},
                               {"TiB", 1099511627776.0},
                               {"KB", 1e3},
                               {"kB", 1e3},
                               {"MB", 1e6},
                               {"GB", 1e9},
                               {"TB", 1e12},
                               {"B", 1},
                               {"K", 1e3},
                               {"M", 1e6},
                               {"G", 1e9},
                               {"T", 1e12}};

}  // namespace

void read_value(std::string_view text, int& value) { read_integer(text, value); }
void read_value(std::string_view text, std::int64_t& value) { read_integer(text, value); }
void read_value(std::string_view text, std::uint64_t& value) { read_integer(text, value); }

void read_value(std::string_view text, double& value) {
  const std::optional<double> x = number(text);
  require(x.has_value() && std::isfinite(*x), "is '", text,
          "'; it is a number, such as 0.001 or 1e-3");
  value = *x;
}

void read_value(std::string_view text, bool& value) {
  if (text == "true" || text == "yes" || text == "on" || text == "1") {
    value = true;
  } else if (text == "false" || text == "no" || text == "off" || text == "0") {
    value = false;
  } else {
    fail("is '", text, "'; it is true or false");
  }
}

void read_value(std::string_view text, std::string& value) { value = text; }

void read_value(std::string_view text, Duration& value) {
  if (text == "none") {
    value = {};
    return;
  }
  require(!number(text), "is '", text, "'; is that ", text, "s or ", text, "m?");
  const std::optional<double> seconds = with_unit(text, time_units);
  require(seconds && *seconds > 0 && *seconds < 1e10, "is '", text,
          "'; it is a time such as 90s, 3m or 2h, or none");
  value.seconds = *seconds;
}

void read_value(std::string_view text, Cadence& value) {
  if (text == "never" || text == "auto") {
    value = {0, 0, text == "auto"};
    return;
  }
  if (const std::optional<double> seconds = with_unit(text, time_units); seconds && *seconds > 0) {
    value = {0, *seconds};
    return;
  }
  const std::optional<double> episodes = number(text);
  require(episodes && *episodes >= 1 && *episodes <= 1e9 && *episodes == std::floor(*episodes),
          "is '", text,
          "'; it is a number of episodes such as 10, a time such as 60s, never, or auto");
  value = {static_cast<std::int64_t>(*episodes), 0};
}

void read_value(std::string_view text, Bytes& value) {
  if (text == "auto") {
    value = {};
    return;
  }
  std::optional<double> bytes = with_unit(text, size_units);
  if (!bytes) bytes = number(text);
  require(bytes && *bytes >= 1 && *bytes < 9e18, "is '", text,
          "'; it is a size such as 512MB or 2GiB, or auto");
  value.count = static_cast<std::uint64_t>(*bytes);
}

void read_value(std::string_view text, std::vector<ConvLayer>& value) {
  read_pairs(text, "'; it is channels:kernel of each layer, such as '8:4 16:4 32:4'",
             &ConvLayer::channels, &ConvLayer::kernel, value);
}

void read_value(std::string_view text, std::vector<RateDrop>& value) {
  if (text == "none") value.clear();
  else
    read_pairs(text, "'; it is updates:rate of each drop, such as '20000:5e-4 30000:1e-4', or none",
               &RateDrop::steps, &RateDrop::rate, value);
}

void read_value(std::string_view text, Precision& value) {
  const std::vector<std::string> words{"f32", "bf16"};
  require(std::find(words.begin(), words.end(), text) != words.end(), "is '", text,
          "'; it is one of ", join(words), did_you_mean(text, words));
  value = text == "bf16" ? Precision::bf16 : Precision::f32;
}

std::string write_value(std::int64_t value) { return std::to_string(value); }
std::string write_value(std::uint64_t value) { return std::to_string(value); }

std::string write_value(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

std::string write_value(bool value) { return value ? "true" : "false"; }
std::string write_value(const std::string& value) { return value; }

std::string write_value(const Duration& value) {
  if (value.seconds == 0) return "none";
  for (const auto& [unit, factor] : {std::pair{"h", 3600.0}, std::pair{"m", 60.0}}) {
    const double n = value.seconds / factor;
    if (n >= 1 && n == std::floor(n)) return write_value(n) + unit;
  }
  return write_value(value.seconds) + "s";
}

std::string write_value(const Cadence& value) {
  if (value.never()) return "never";
  if (value.automatic) return "auto";
  return value.seconds > 0 ? write_value(Duration{value.seconds}) : write_value(value.episodes);
}

std::string write_value(const Bytes& value) {
  return value.count == 0 ? "auto" : write_value(value.count);
}

std::string write_value(const std::vector<ConvLayer>& value) { return to_text(value); }

std::string write_value(const std::vector<RateDrop>& value) {
  std::string text;
  for (const RateDrop& drop : value)
    text += cat(text.empty() ? "" : " ", drop.steps, ":", write_value(drop.rate));
  return text.empty() ? "none" : text;
}

std::string write_value(const Precision& value) { return std::string(name(value)); }

std::string with_commas(std::int64_t value) {
  std::string text = std::to_string(value < 0 ? -value : value);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return (value < 0 ? "-" : "") + text;
}

std::string counted(std::int64_t n, std::string_view what) {
  return cat(with_commas(n), " ", what, n == 1 ? "" : "s");
}

std::string bytes_text(double bytes) {
  const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < std::size(units)) bytes /= 1024, ++unit;
  return fixed(bytes, unit == 0 || bytes >= 100 ? 0 : bytes >= 10 ? 1 : 2) + " " + units[unit];
}

std::string clock_text(double seconds) {
  const auto total = static_cast<std::int64_t>(std::max(0.0, seconds));
  char text[32];
  if (total < 3600) {
    std::snprintf(text, sizeof text, "%d:%02d", static_cast<int>(total / 60),
                  static_cast<int>(total % 60));
  } else {
    std::snprintf(text, sizeof text, "%lld:%02d:%02d", static_cast<long long>(total / 3600),
                  static_cast<int>(total / 60 % 60), static_cast<int>(total % 60));
  }
  return text;
}

std::string fixed(double value, int digits) {
  char text[64];
  if (std::abs(value) >= 1e15) std::snprintf(text, sizeof text, "%.6g", value);
  else std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string paragraph(const std::string& head, const std::string& words, std::size_t width) {
  std::string text = head;
  std::size_t column = head.size();
  std::istringstream in(words);
  for (std::string word; in >> word;) {
    const bool first = column == head.size();
    if (!first && column + 1 + word.size() > width) {
      text.append(1, '\n').append(head.size(), ' ');
      column = head.size();
    } else if (!first) {
      text += ' ', ++column;
    }
    text += word, column += word.size();
  }
  return text + "\n";
}

}  // namespace planet
