// JSON: what is accepted, what is refused and where, and that writing and reading are inverse.
#include "nn/files/json.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "autograd/base/philox.hpp"
#include "tests/support/scratch_folder.hpp"

using namespace planet;
using planet::test::contains;
using planet::test::error_of;

namespace {

std::string parse_error(std::string_view text) {
  return error_of([&] { Json::parse(text); });
}

}  // namespace

TEST_CASE("JSON values of every kind are read") {
  const Json j = Json::parse(R"( {"a": [1, -2, 3.5, 1e2, -0], "b": {"c": null, "d": [true, false]},
    "big": 18446744073709551615, "small": -9223372036854775808, "e": "", "f": [], "g": {} } )");
  CHECK(j.at("a").as_array()[0].as_int64() == 1);
  CHECK(j.at("a").as_array()[1].as_double() == -2);
  CHECK(j.at("a").as_array()[2].as_double() == 3.5);
  CHECK(j.at("a").as_array()[3].as_double() == 100);
  CHECK(std::signbit(j.at("a").as_array()[4].as_double()));
  CHECK(j.at("b").at("c").is_null());
  CHECK(j.at("b").at("d").as_array()[0].as_bool());
  CHECK(j.at("big").as_uint64() == UINT64_MAX);
  CHECK(j.at("small").as_int64() == INT64_MIN);
  CHECK(j.at("e").as_string().empty());
  CHECK(j.find("nothing") == nullptr);
}

TEST_CASE("JSON escapes and UTF-8") {
  const Json j = Json::parse(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude00é€😀")");
  CHECK(j.as_string() == "\"\\/\b\f\n\r\tA\u00e9\u20ac\U0001F600\u00e9\u20ac\U0001F600");
  CHECK(Json::parse(j.dump()) == j);
  CHECK(Json(std::string("a\0b", 3)).dump() == R"("a\u0000b")");
  CHECK(Json("\"\\\b\f\n\r\t\v\x1f").dump() == R"("\"\\\b\f\n\r\t\u000b\u001f")");
}

TEST_CASE("every malformed JSON text has its sentence and its place") {
  const struct {
    std::string_view text, error;
  } cases[] = {
      {"", "byte 0: a value was expected, found the end of the text"},
      {"  ", "byte 2: a value was expected"},
      {"{", "byte 1: a key in double quotes was expected, found the end of the text"},
      {"[1,]", "byte 3: a value was expected, found ']'"},
      {"[1 2]", "byte 3: ',' or ']' was expected, found '2'"},
      {R"({"a":1,})", "byte 7: a key in double quotes was expected, found '}'"},
      {R"({"a" 1})", "byte 5: ':' was expected after the key \"a\", found '1'"},
      {R"({"a":1 "b":2})", "byte 7: ',' or '}' was expected"},
      {R"({a:1})", "byte 1: a key in double quotes was expected, found 'a'"},
      {R"({"a":1,"b":2,"a":3})", "byte 13: the key \"a\" appears twice"},
      {R"({"a":1,"\u0061":3})", "byte 7: the key \"a\" appears twice"},
      {"1 2", "byte 2: the value ended before this: '2'"},
      {"[1]\x01", "byte 3: the value ended before this: byte 0x01"},
      {"NaN", "byte 0: a value was expected, found 'N'"},
      {"Infinity", "byte 0: a value was expected, found 'I'"},
      {"-Infinity", "byte 1: a digit was expected after '-', found 'I'"},
      {"nan", "byte 0: a value was expected, and this is none of true, false and null"},
      {"tru", "none of true, false and null"},
      {"01", "byte 0: a number must not start with a zero"},
      {"+1", "byte 0: a value was expected, found '+'"},
      {".5", "byte 0: a value was expected, found '.'"},
      {"1.", "byte 2: a digit was expected after '.', found the end of the text"},
      {"1e", "byte 2: a digit was expected in the exponent"},
      {"1e+", "byte 3: a digit was expected in the exponent"},
      {"0x10", "byte 1: the value ended before this: 'x'"},
      {"1e999", "byte 0: the number 1e999 is outside a double's range"},
      {"'a'", "byte 0: a value was expected, found '''"},
      {"// c\n1", "byte 0: a value was expected, found '/'"},
      {R"("abc)", "byte 0: this string has no closing quote"},
      {"\"a\nb\"", "byte 2: a control character must be escaped in a string: byte 0x0a"},
      {R"("\x41")", "byte 1: there is no such escape: '\\' followed by 'x'"},
      {R"("\u12g4")", "byte 5: four hexadecimal digits must follow \\u, found 'g'"},
      {R"("\ud800")", "byte 1: half of a surrogate pair stands alone"},
      {R"("\ud800\u0041")", "byte 1: half of a surrogate pair stands alone"},
      {R"("\udc00")", "byte 1: half of a surrogate pair stands alone"},
      {"\"\xff\"", "byte 1: this is not UTF-8"},
      {"\"\xc0\xaf\"", "byte 1: this is not UTF-8"},          // overlong '/'
      {"\"\xed\xa0\x80\"", "byte 1: this is not UTF-8"},      // a surrogate
      {"\"\xf4\x90\x80\x80\"", "byte 1: this is not UTF-8"},  // above U+10FFFF
      {"\"\xe2\x82", "byte 1: this is not UTF-8"},            // cut short
      {"\xef\xbb\xbf{}", "byte 0: a value was expected, found byte 0xef"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const std::string error = parse_error(c.text);
    CAPTURE(error);
    CHECK(contains(error, c.error));
    CHECK(error.starts_with("JSON: byte "));
  }
}

TEST_CASE("JSON nesting and the number of values are limited") {
  const std::string deep(100'000, '[');
  CHECK(contains(parse_error(deep), "byte 64: nested deeper than 64 levels"));
  const std::string ok = std::string(64, '[') + std::string(64, ']');
  CHECK(parse_error(ok) == "");
  const auto limited = [&](std::string_view text) {
    return error_of([&] { Json::parse(text, "x", {.depth = 2, .values = 4}); });
  };
  CHECK(limited("[1,2,3]") == "");
  CHECK(contains(limited("[1,2,3,4]"), "x: byte 7: more than 4 values"));
  CHECK(limited("[[1]]") == "");
  CHECK(contains(limited("[[[1]]]"), "nested deeper than 2"));
}

TEST_CASE("JSON numbers survive writing and reading bit for bit") {
  Rng rng(1, Stream::test);
  for (int i = 0; i < 20000; ++i) {
    const PhiloxCounter words = rng.block(rng.take(1));
    const std::uint64_t bits = (std::uint64_t{words[0]} << 32) | words[1];
    const auto x = std::bit_cast<double>(bits);
    if (!std::isfinite(x)) continue;
    const Json back = Json::parse(Json(x).dump());
    REQUIRE(back.kind() == Json::Kind::real);
    REQUIRE(std::bit_cast<std::uint64_t>(back.as_double()) == bits);
    REQUIRE(Json::parse(Json(bits).dump()).as_uint64() == bits);
    const auto with_sign = static_cast<std::int64_t>(bits);
    REQUIRE(Json::parse(Json(with_sign).dump()).as_int64() == with_sign);
  }
  CHECK(Json(3.0).dump() == "3.0");
  CHECK(Json(-0.0).dump() == "-0.0");
  CHECK(Json(0.1).dump() == "0.1");
  CHECK(Json(1e300).dump() == "1e+300");
  CHECK(Json(5e-324).dump() == "5e-324");
  CHECK(Json(std::numeric_limits<double>::quiet_NaN()).dump() == "null");
  CHECK(Json(-std::numeric_limits<double>::infinity()).dump() == "null");
}

TEST_CASE("JSON objects keep their order and are written on one line or indented") {
  Json j = Json::object();
  j.set("z", 1).set("a", Json::array_of(std::vector<double>{1, 2.5})).set("s", "x\ny");
  j.set("o", Json::object().set("k", nullptr)).set("e", Json::object());
  j.set("z", true);  // replaced in its place
  CHECK(j.dump() == R"({"z": true, "a": [1.0, 2.5], "s": "x\ny", "o": {"k": null}, "e": {}})");
  CHECK(j.dump(2) ==
        "{\n  \"z\": true,\n  \"a\": [1.0, 2.5],\n  \"s\": \"x\\ny\",\n  \"o\": {\n    \"k\": "
        "null\n  },\n  \"e\": {}\n}");
  CHECK(Json::parse(j.dump(2)) == j);
  Json list = Json::array();
  list.push_back(j);
  list.push_back(2);
  CHECK(Json::parse(list.dump(1)) == list);
  CHECK(contains(error_of([] { Json("\xff").dump(); }), "not UTF-8"));
}

TEST_CASE("reading JSON as the wrong kind is an error that shows the value") {
  const Json j = Json::parse(R"({"steps": "12", "rate": 1.5, "n": -1, "list": []})");
  CHECK(error_of([&] { j.at("steps").as_int64(); }) ==
        "JSON: an integer of 64 bits was expected, this is a string: \"12\"");
  CHECK(contains(error_of([&] { j.at("rate").as_int64(); }), "this is a number: 1.5"));
  CHECK(contains(error_of([&] { j.at("n").as_uint64(); }), "not negative"));
  CHECK(contains(error_of([&] { j.at("list").as_double(); }), "this is an array"));
  CHECK(contains(error_of([&] { Json().as_double(); }), "this is null"));
  CHECK(contains(error_of([&] { j.at("rates"); }), "no key \"rates\" (did you mean 'rate'?)"));
  CHECK(contains(error_of([&] { j.at("list").find("x"); }), "an object was expected"));
}
