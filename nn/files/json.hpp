// JSON, small and strict: the header of a safetensors file, run state, metrics, `eval --json`.
//
// The parser accepts exactly RFC 8259: no comments, no trailing commas, no NaN, no duplicate keys,
// no lone surrogates, no byte that is not UTF-8; nesting and the number of values are limited, so a
// hostile file costs neither the stack nor the memory. Integers keep all 64 bits. The writer
// prints the shortest digits that read back as the same double, in any locale.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace planet {

class Json {
 public:
  enum class Kind { null, boolean, integer, natural, real, string, array, object };
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;  // in the order of the file; keys are unique

  // ---- construction ----
  Json() = default;  // null
  Json(std::nullptr_t) {}
  template <class B>
  requires std::is_same_v<B, bool>  // and not a pointer, which converts to bool
  Json(B value) : value_(value) {}
  template <class N>
  requires(std::is_integral_v<N> && !std::is_same_v<N, bool>) Json(N value) {
    if constexpr (std::is_signed_v<N>) set_integer(static_cast<std::int64_t>(value));
    else set_natural(static_cast<std::uint64_t>(value));
  }
  Json(double value) : value_(value) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  static Json array() { return Json(Array{}); }
  static Json object() { return from_unique({}); }
  /// From members whose keys are known to be distinct (set() looks each one up).
  static Json from_unique(Object members) {
    Json j;
    j.value_ = std::move(members);
    return j;
  }
  /// An array of anything convertible to Json.
  template <class Range>
  static Json array_of(const Range& range) {
    Array a;
    for (const auto& x : range) a.emplace_back(x);
    return Json(std::move(a));
  }

  // ---- reading. Error: the value is of another kind ----
  Kind kind() const { return static_cast<Kind>(value_.index()); }
  bool is_null() const { return kind() == Kind::null; }
  bool is_number() const {
    return kind() == Kind::integer || kind() == Kind::natural || kind() == Kind::real;
  }
  bool is_string() const { return kind() == Kind::string; }
  bool is_array() const { return kind() == Kind::array; }
  bool is_object() const { return kind() == Kind::object; }
  std::string_view kind_name() const;  // "a string", for errors

  bool as_bool() const;
  double as_double() const;         // any number; null is not a number, so test is_null() first
  std::int64_t as_int64() const;    // a number written without fraction or exponent
  std::uint64_t as_uint64() const;  // the same, not negative
  const std::string& as_string() const;
  const Array& as_array() const;
  const Object& as_object() const;

  /// A member of an object; find() returns null when it is missing. Error of at(): there is no such
  /// key; gives the nearest.
  const Json* find(std::string_view key) const;
  const Json& at(std::string_view key) const;

  // ---- modification ----
  void push_back(Json value);              // to an array
  Json& set(std::string key, Json value);  // in an object: replaces or appends; returns *this

  bool operator==(const Json&) const = default;

  // ---- text ----
  struct Limits {
    int depth = 64;                   // nested arrays and objects
    std::size_t values = 10'000'000;  // values of any kind, all together
  };
  /// The text must be one JSON value and nothing else. Error: "NAME: byte 17: ...".
  static Json parse(std::string_view text, std::string_view name, Limits limits);
  static Json parse(std::string_view text, std::string_view name = "JSON") {
    return parse(text, name, Limits{});
  }
  /// On one line for indent 0, else one member per line. An infinity or a NaN is written as null.
  /// Error: a string that is not UTF-8.
  std::string dump(int indent = 0) const;

 private:
  // Unsigned only where int64 is too small, so that equal numbers are of one kind.
  void set_integer(std::int64_t v) { value_ = v; }
  void set_natural(std::uint64_t v) {
    if (v <= static_cast<std::uint64_t>(INT64_MAX)) value_ = static_cast<std::int64_t>(v);
    else value_ = v;
  }

  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array,
               Object>
      value_;
};

/// Length of the longest prefix of `text` that is UTF-8 (RFC 3629: no overlong forms, no
/// surrogates); text.size() when all of it is.
std::size_t valid_utf8_prefix(std::string_view text);

}  // namespace planet
