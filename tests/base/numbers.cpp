// Numbers as text and back; the same text is a number with every standard library.
#include "autograd/base/numbers.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autograd/base/philox.hpp"

using namespace planet;

TEST_CASE("a number survives being written as text bit for bit") {
  Rng rng(4, Stream::test);
  for (int k = 0; k < 2000; ++k) {
    const double x = rng.normal() * std::pow(10, rng.uniform(-320, 300));  // subnormal ones, too
    CHECK(parse_number(number_text(x)) == x);
  }
  CHECK(number_text(0.1) == "0.10000000000000001");
  CHECK(parse_number(number_text(std::numeric_limits<double>::denorm_min())) ==
        std::numeric_limits<double>::denorm_min());
  CHECK(parse_number(number_text(std::numeric_limits<double>::max())) ==
        std::numeric_limits<double>::max());
}

TEST_CASE("a number may have blanks around it and a sign, and no other text") {
  CHECK(parse_number(" +1.5e3\t") == 1500);
  CHECK(parse_number("-.5") == -0.5);
  CHECK(std::isinf(*parse_number("inf")));
  CHECK(std::isnan(*parse_number("nan")));
  for (const char* text : {"", " ", "+", "1 2", "+-1", "++1", "+ 1", "1,5", "0x10", "0x1p3", "1e",
                           "1e+", "1e999", "-1e999", "1e-400", "one", "1f", "--1", "1_000"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_number(text).has_value());
  }
}
