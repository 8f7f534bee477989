// One sentence, built from its parts only when something is wrong.
#include "autograd/base/error.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace planet;

TEST_CASE("cat streams its parts") {
  CHECK(cat("x is ", 3, " of ", 4.5, '!') == "x is 3 of 4.5!");
  CHECK(cat(std::string("a")) == "a");
}

TEST_CASE("fail and require throw Error with the whole sentence") {
  CHECK_THROWS_WITH_AS(fail("K is ", 0, "; it must be positive"), "K is 0; it must be positive",
                       Error);
  CHECK_THROWS_WITH_AS(require(false, "a", 1), "a1", Error);
  CHECK_NOTHROW(require(true, "never"));
  CHECK_THROWS_AS(fail("x"), std::runtime_error);  // handlers of the standard type catch ours
}

TEST_CASE("a sentence stays one line whatever it quotes") {
  CHECK_THROWS_WITH_AS(fail("the key 'a\nb\r\t\033[2J\177' is unknown"),
                       "the key 'a?b???[2J?' is unknown", Error);
  CHECK(one_line("\u00b1 1, ok") == "\u00b1 1, ok");
}

TEST_CASE("require fails for a comparison with NaN") {
  const double err = std::nan("");
  CHECK_THROWS_AS(require(err <= 1e-6, "error is ", err), Error);
}
