#include "nn/files/json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"

namespace planet {

// ---- reading and modification
// ----------------------------------------------------------------------

std::string_view Json::kind_name() const {
  constexpr std::array<std::string_view, 8> names = {
      "null",     "true or false", "an integer", "an integer beyond 63 bits",
      "a number", "a string",      "an array",   "an object"};
  return names[value_.index()];
}

namespace {

[[noreturn]] void wrong_kind(const Json& j, std::string_view wanted) {
  std::string text = j.is_array() || j.is_object() ? "" : ": " + j.dump();
  if (text.size() > 60) text = text.substr(0, 60) + "...";
  fail("JSON: ", wanted, " was expected, this is ", j.kind_name(), text);
}

}  // namespace

bool Json::as_bool() const {
  if (const bool* b = std::get_if<bool>(&value_)) return *b;
  wrong_kind(*this, "true or false");
}

double Json::as_double() const {
  if (const double* x = std::get_if<double>(&value_)) return *x;
  if (const auto* i = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*i);
  if (const auto* n = std::get_if<std::uint64_t>(&value_)) return static_cast<double>(*n);
  wrong_kind(*this, "a number");
}

std::int64_t Json::as_int64() const {
  if (const auto* i = std::get_if<std::int64_t>(&value_)) return *i;
  wrong_kind(*this, "an integer of 64 bits");
}

std::uint64_t Json::as_uint64() const {
  if (const auto* n = std::get_if<std::uint64_t>(&value_)) return *n;
  const auto* i = std::get_if<std::int64_t>(&value_);
  if (i && *i >= 0) return static_cast<std::uint64_t>(*i);
  wrong_kind(*this, "an integer that is not negative");
}

const std::string& Json::as_string() const {
  if (const auto* s = std::get_if<std::string>(&value_)) return *s;
  wrong_kind(*this, "a string");
}

const Json::Array& Json::as_array() const {
  if (const auto* a = std::get_if<Array>(&value_)) return *a;
  wrong_kind(*this, "an array");
}

const Json::Object& Json::as_object() const {
  if (const auto* o = std::get_if<Object>(&value_)) return *o;
  wrong_kind(*this, "an object");
}

const Json* Json::find(std::string_view key) const {
  const Object& o = as_object();
  const auto m = std::find_if(o.begin(), o.end(), [&](const Member& x) { return x.first == key; });
  return m == o.end() ? nullptr : &m->second;
}

const Json& Json::at(std::string_view key) const {
  if (const Json* j = find(key)) return *j;
  std::vector<std::string> keys;
  for (const Member& m : as_object()) keys.push_back(m.first);
  fail("JSON: there is no key \"", key, "\"", did_you_mean(key, keys));
}

void Json::push_back(Json value) {
  if (!is_array()) wrong_kind(*this, "an array");
  std::get<Array>(value_).push_back(std::move(value));
}

Json& Json::set(std::string key, Json value) {
  if (Json* old = const_cast<Json*>(find(key))) *old = std::move(value);
  else std::get<Object>(value_).emplace_back(std::move(key), std::move(value));
  return *this;
}

// ---- writing -----------------------------------------------------------------------------------

namespace {

template <class N>
void write_number(std::string& out, N x) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), x).ptr;
  out.append(digits.data(), end);
}

void write_real(std::string& out, double x) {
  if (!std::isfinite(x)) {
    out += "null";  // JSON has no other representation
    return;
  }
  const std::size_t begin = out.size();
  write_number(out, x);
  if (out.find_first_of(".e", begin) == std::string::npos) out += ".0";  // a real, not an integer
}

void write_string(std::string& out, const std::string& s) {
  require(valid_utf8_prefix(s) == s.size(), "JSON: byte ", valid_utf8_prefix(s),
          " of a string to be written is not UTF-8");
  constexpr const char* hex = "0123456789abcdef";
  out += '"';
  for (const char c : s) {
    constexpr std::string_view special = "\"\\\b\f\n\r\t", letter = "\"\\bfnrt";
    const std::size_t i = special.find(c);
    const auto byte = static_cast<unsigned char>(c);
    if (i != std::string_view::npos) (out += '\\') += letter[i];
    else if (byte < 0x20) ((out += "\\u00") += hex[byte >> 4]) += hex[byte & 15];
    else out += c;
  }
  out += '"';
}

bool is_plain(const Json& j) { return !j.is_array() && !j.is_object(); }

void write(std::string& out, const Json& j, int indent, int level);

// Opening bracket, items (each on its own line if indented), closing bracket.
template <class Items, class WriteItem>
void write_list(std::string& out, const char* brackets, const Items& items, int indent, int level,
                WriteItem write_item) {
  const auto new_line = [&](int depth) {
    if (indent > 0) (out += '\n').append(static_cast<std::size_t>(indent * depth), ' ');
  };
  out += brackets[0];
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i) out += indent > 0 ? "," : ", ";
    new_line(level + 1);
    write_item(items[i]);
  }
  if (!items.empty()) new_line(level);
  out += brackets[1];
}

void write(std::string& out, const Json& j, int indent, int level) {
  switch (j.kind()) {
    case Json::Kind::null:
      out += "null";
      return;
    case Json::Kind::boolean:
      out += j.as_bool() ? "true" : "false";
      return;
    case Json::Kind::integer:
      write_number(out, j.as_int64());
      return;
    case Json::Kind::natural:
      write_number(out, j.as_uint64());
      return;
    case Json::Kind::real:
      write_real(out, j.as_double());
      return;
    case Json::Kind::string:
      write_string(out, j.as_string());
      return;
    case Json::Kind::array: {
      const Json::Array& a = j.as_array();  // a list of plain values stays on one line
      const int step = std::all_of(a.begin(), a.end(), is_plain) ? 0 : indent;
      write_list(out, "[]", a, step, level, [&](const Json& x) { write(out, x, step, level + 1); });
      return;
    }
    case Json::Kind::object:
      write_list(out, "{}", j.as_object(), indent, level, [&](const Json::Member& m) {
        write_string(out, m.first);
        out += ": ";
        write(out, m.second, indent, level + 1);
      });
      return;
  }
}

}  // namespace

std::string Json::dump(int indent) const {
  std::string out;
  write(out, *this, indent, 0);
  return out;
}

}  // namespace planet
