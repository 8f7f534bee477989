// Intervals against numbers that stand in every table.
#include "apps/common/report/statistics.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "autograd/base/error.hpp"

using namespace planet;

TEST_CASE("the t distribution has the quantiles of the table") {
  // The column "0.975" of any table of Student's t, three decimals.
  constexpr std::array<std::pair<int, double>, 12> table{{{1, 12.706},
                                                          {2, 4.303},
                                                          {3, 3.182},
                                                          {4, 2.776},
                                                          {5, 2.571},
                                                          {6, 2.447},
                                                          {7, 2.365},
                                                          {9, 2.262},
                                                          {10, 2.228},
                                                          {19, 2.093},
                                                          {30, 2.042},
                                                          {120, 1.980}}};
  for (const auto& row : table) {
    INFO(row.first);
    CHECK(std::abs(student_95(row.first) - row.second) <= 0.0005);
  }
  // Two closed forms: Cauchy's distribution, and n = 2.
  CHECK(student_two_sided(1, 1) == doctest::Approx(0.5).epsilon(1e-14));
  CHECK(student_two_sided(1.5, 2) == doctest::Approx(1.5 / std::sqrt(2 + 2.25)).epsilon(1e-14));
  CHECK_THROWS_AS(student_95(0), Error);
}

TEST_CASE("an interval by hand") {
  // 1 2 3 6: mean 3, squares 4 + 1 + 0 + 9 = 14, s^2 = 14/3, s/sqrt(4) = 1.080123, t(3) = 3.182446.
  const std::array<double, 4> x{1, 2, 3, 6};
  const Interval i = mean_interval(x);
  CHECK(i.mean == 3);
  REQUIRE(i.half);
  CHECK(*i.half == doctest::Approx(3.182446 * 1.080123).epsilon(1e-6));
  CHECK(i.low() == doctest::Approx(3 - *i.half));
  CHECK(i.high() == doctest::Approx(3 + *i.half));
}

TEST_CASE("one number has a mean and no interval") {
  const std::array<double, 1> x{7.5};
  const Interval i = mean_interval(x);
  CHECK(i.mean == 7.5);
  CHECK(!i.half);
  CHECK(i.low() == 7.5);
  CHECK_THROWS_AS(mean_interval({}), Error);
}
