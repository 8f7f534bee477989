// The parser: one function per grammar rule of RFC 8259; each leaves pos_ just after what it read.
#include <algorithm>
#include <charconv>

#include "autograd/base/error.hpp"
#include "autograd/base/numbers.hpp"
#include "nn/files/json.hpp"

namespace planet {

namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Parser {
 public:
  Parser(std::string_view text, std::string_view name, Json::Limits limits)
      : text_(text), name_(name), limits_(limits) {}

  Json document() {
    const std::size_t good = valid_utf8_prefix(text_);
    if (good != text_.size()) bad(good, "this is not UTF-8");
    Json j = value(0);
    skip_space();
    if (pos_ != text_.size()) bad(pos_, "the value ended before this: ", found());
    return j;
  }

 private:
  template <class... Parts>
  [[noreturn]] void bad(std::size_t where, const Parts&... parts) const {
    fail(name_, ": byte ", where, ": ", parts...);
  }

  bool at_end() const { return pos_ == text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[pos_]; }
  bool is(char c) const { return !at_end() && text_[pos_] == c; }
  bool take(char c) {
    if (!is(c)) return false;
    ++pos_;
    return true;
  }
  void skip_space() {
    while (!at_end() && std::string_view(" \t\n\r").find(text_[pos_]) != std::string_view::npos)
      ++pos_;
  }
  std::string found() const {  // the text at pos_, for errors
    if (at_end()) return "the end of the text";
    const auto c = static_cast<unsigned char>(text_[pos_]);
    if (c > 0x20 && c < 0x7f) return std::string("'") + text_[pos_] + "'";
    constexpr const char* hex = "0123456789abcdef";
    return std::string("byte 0x") + hex[c >> 4] + hex[c & 15];
  }

  Json value(int depth);
  Json array(int depth);
  Json object(int depth);
  void check_unique(const Json::Object& members, const std::vector<std::size_t>& places) const;
  Json number();
  std::string string();
  void escape(std::string& out);
  std::uint32_t hex4();
  Json word(std::string_view expected, Json meaning);

  std::string_view text_, name_;
  Json::Limits limits_;
  std::size_t pos_ = 0;
  std::size_t values_ = 0;
};

Json Parser::value(int depth) {
  skip_space();
  if (++values_ > limits_.values) bad(pos_, "more than ", limits_.values, " values");
  const char c = peek();
  if (c == '{' || c == '[') {
    if (depth == limits_.depth) bad(pos_, "nested deeper than ", limits_.depth, " levels");
    return c == '{' ? object(depth + 1) : array(depth + 1);
  }
  if (c == '"') return Json(string());
  if (c == '-' || is_digit(c)) return number();
  if (c == 't') return word("true", true);
  if (c == 'f') return word("false", false);
  if (c == 'n') return word("null", nullptr);
  bad(pos_, "a value was expected, found ", found());
}

Json Parser::word(std::string_view expected, Json meaning) {
  if (text_.substr(pos_, expected.size()) != expected)
    bad(pos_, "a value was expected, and this is none of true, false and null");
  pos_ += expected.size();
  return meaning;
}

Json Parser::array(int depth) {
  ++pos_;
  Json::Array items;
  skip_space();
  if (take(']')) return Json(std::move(items));
  for (;;) {
    items.push_back(value(depth));
    skip_space();
    if (take(']')) return Json(std::move(items));
    if (!take(',')) bad(pos_, "',' or ']' was expected, found ", found());
  }
}

Json Parser::object(int depth) {
  ++pos_;
  Json::Object members;
  std::vector<std::size_t> places;
  Json result = Json::object();
  skip_space();
  if (take('}')) return result;
  for (;;) {
    skip_space();
    if (!is('"')) bad(pos_, "a key in double quotes was expected, found ", found());
    places.push_back(pos_);
    std::string key = string();
    skip_space();
    if (!take(':')) bad(pos_, "':' was expected after the key \"", key, "\", found ", found());
    members.emplace_back(std::move(key), value(depth));
    skip_space();
    if (take('}')) break;
    if (!take(',')) bad(pos_, "',' or '}' was expected, found ", found());
  }
  check_unique(members, places);
  return Json::from_unique(std::move(members));
}

void Parser::check_unique(const Json::Object& members,
                          const std::vector<std::size_t>& places) const {
  std::vector<std::size_t> order(members.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const int c = members[a].first.compare(members[b].first);
    return c != 0 ? c < 0 : a < b;
  });
  const auto twice = std::adjacent_find(
      order.begin(), order.end(),
      [&](std::size_t a, std::size_t b) { return members[a].first == members[b].first; });
  if (twice != order.end())
    bad(places[*(twice + 1)], "the key \"", members[*twice].first, "\" appears twice");
}

Json Parser::number() {
  const std::size_t begin = pos_;
  const bool negative = take('-');
  if (!is_digit(peek())) bad(pos_, "a digit was expected after '-', found ", found());
  if (take('0')) {
    if (is_digit(peek())) bad(begin, "a number must not start with a zero");
  }
  while (is_digit(peek())) ++pos_;
  bool whole = true;
  if (take('.')) {
    whole = false;
    if (!is_digit(peek())) bad(pos_, "a digit was expected after '.', found ", found());
    while (is_digit(peek())) ++pos_;
  }
  if (is('e') || is('E')) {
    whole = false;
    ++pos_;
    if (is('+') || is('-')) ++pos_;
    if (!is_digit(peek())) bad(pos_, "a digit was expected in the exponent, found ", found());
    while (is_digit(peek())) ++pos_;
  }
  const char* first = text_.data() + begin;
  const char* last = text_.data() + pos_;
  // -0 is a double: as an integer it would lose its sign. So is an integer beyond 64 bits.
  if (std::int64_t i = 0;
      whole && negative && std::from_chars(first, last, i).ec == std::errc{} && i)
    return Json(i);
  if (std::uint64_t n = 0; whole && !negative && std::from_chars(first, last, n).ec == std::errc{})
    return Json(n);
  const std::optional<double> x = parse_number({first, last});
  if (!x)
    bad(begin, "the number ", text_.substr(begin, std::min<std::size_t>(pos_ - begin, 40)),
        " is outside a double's range");
  return Json(*x);
}

std::string Parser::string() {
  const std::size_t begin = pos_++;
  std::string out;
  for (;;) {
    std::size_t end = pos_;
    while (end < text_.size() && text_[end] != '"' && text_[end] != '\\' &&
           static_cast<unsigned char>(text_[end]) >= 0x20)
      ++end;
    out.append(text_, pos_, end - pos_);
    pos_ = end;
    if (take('"')) return out;
    if (at_end()) bad(begin, "this string has no closing quote");
    if (!take('\\')) bad(pos_, "a control character must be escaped in a string: ", found());
    escape(out);
  }
}

void Parser::escape(std::string& out) {
  const std::size_t begin = pos_ - 1;
  constexpr std::string_view letters = "\"\\/bfnrt", meaning = "\"\\/\b\f\n\r\t";
  const std::size_t simple = at_end() ? std::string_view::npos : letters.find(text_[pos_]);
  if (simple != std::string_view::npos) {
    ++pos_;
    out += meaning[simple];
    return;
  }
  if (!take('u')) bad(begin, "there is no such escape: '\\' followed by ", found());
  std::uint32_t c = hex4();
  if (c >= 0xDC00 && c <= 0xDFFF) bad(begin, "half of a surrogate pair stands alone");
  if (c >= 0xD800 && c <= 0xDBFF) {
    const bool second = text_.substr(pos_, 2) == "\\u";
    if (second) pos_ += 2;
    const std::uint32_t low = second ? hex4() : 0;
    if (low < 0xDC00 || low > 0xDFFF) bad(begin, "half of a surrogate pair stands alone");
    c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
  }
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6));
    put(0x80 | (c & 0x3F));
  } else {
    if (c < 0x10000) {
      put(0xE0 | (c >> 12));
    } else {
      put(0xF0 | (c >> 18));
      put(0x80 | ((c >> 12) & 0x3F));
    }
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

std::uint32_t Parser::hex4() {
  std::uint32_t c = 0;
  for (int i = 0; i < 4; ++i, ++pos_) {
    const char d = peek();
    if (is_digit(d)) c = 16 * c + static_cast<std::uint32_t>(d - '0');
    else if (d >= 'a' && d <= 'f') c = 16 * c + static_cast<std::uint32_t>(d - 'a' + 10);
    else if (d >= 'A' && d <= 'F') c = 16 * c + static_cast<std::uint32_t>(d - 'A' + 10);
    else bad(pos_, "four hexadecimal digits must follow \\u, found ", found());
  }
  return c;
}

}  // namespace

Json Json::parse(std::string_view text, std::string_view name, Limits limits) {
  return Parser(text, name, limits).document();
}

std::size_t valid_utf8_prefix(std::string_view text) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;  // 0 continues nothing
  };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  std::size_t i = 0;
  while (i < text.size()) {
    const unsigned a = byte(i), b = byte(i + 1);
    std::size_t length = 0;
    if (a < 0x80) {
      length = 1;
    } else if (a >= 0xC2 && a <= 0xDF) {
      length = continues(i + 1) ? 2 : 0;
    } else if ((a & 0xF0) == 0xE0) {  // not overlong (E0 80..9F), not a surrogate (ED A0..BF)
      const bool ok = !(a == 0xE0 && b < 0xA0) && !(a == 0xED && b > 0x9F);
      length = ok && continues(i + 1) && continues(i + 2) ? 3 : 0;
    } else if (a >= 0xF0 && a <= 0xF4) {  // not overlong (F0 80..8F), not above U+10FFFF
      const bool ok = !(a == 0xF0 && b < 0x90) && !(a == 0xF4 && b > 0x8F);
      length = ok && continues(i + 1) && continues(i + 2) && continues(i + 3) ? 4 : 0;
    }
    if (length == 0) break;
    i += length;
  }
  return i;
}

}  // namespace planet
