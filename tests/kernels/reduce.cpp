// Sums against long double, their error bounds, their bits at any thread count, and the edges.
#include "autograd/kernels/reduce.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "autograd/kernels/math.hpp"
#include "support.hpp"

using namespace planet;
using namespace planet::test;

namespace {

template <class T>
long double exact_sum(const std::vector<T>& x) {
  long double sum = 0;
  for (T v : x) sum += v;
  return sum;
}

constexpr std::ptrdiff_t lengths[] = {0,  1,    2,    15,   16,   17,   31,    32,
                                      33, 1000, 4095, 4096, 4097, 9000, 100003};

}  // namespace

TEST_CASE_TEMPLATE("sum of integers is exact at every length", T, float, double) {
  for (std::ptrdiff_t n : lengths) {
    CAPTURE(n);
    const auto x = integers<T>(n, 1);
    CHECK(kernels::sum(x.data(), n) == static_cast<T>(exact_sum(x)));
    double squares = 0;
    for (T v : x) squares += static_cast<double>(v) * static_cast<double>(v);
    CHECK(kernels::sum_of_squares(x.data(), n) == squares);
  }
}

TEST_CASE("the error of a sum does not grow with its length") {
  const std::ptrdiff_t n = 10'000'000;
  const std::vector<float> x(static_cast<std::size_t>(n), 0.1f);
  const double exact = static_cast<double>(exact_sum(x));
  float one_by_one = 0;
  for (float v : x) one_by_one += v;
  // A chunk of 4096 is 256 additions per lane; 4 more fold the lanes and 12 the 2442 chunks.
  const double bound = (256 + 4 + 12) * 0x1p-24;
  CHECK(std::abs(kernels::sum(x.data(), n) - exact) / exact <= bound);
  CHECK(std::abs(one_by_one - exact) / exact >= 1e-2);  // the error without lanes and tree
  float row = 0;
  kernels::row_sums(x.data(), 1, n, &row);
  CHECK(std::abs(row - exact) / exact <= bound);
}

TEST_CASE_TEMPLATE("rows and columns of integers are exact", T, float, double) {
  for (std::ptrdiff_t rows : {0, 1, 3, 64, 65, 700}) {
    for (std::ptrdiff_t cols : {1, 3, 16, 17, 200, 5000}) {
      if (rows * cols > 400000) continue;
      CAPTURE(rows);
      CAPTURE(cols);
      const auto a = integers<T>(rows * cols, 2), b = integers<T>(rows * cols, 3);
      std::vector<T> by_row(static_cast<std::size_t>(rows)), expected_row(by_row.size());
      std::vector<T> distance(by_row.size()), expected_distance(by_row.size());
      auto by_column = integers<T>(cols, 4), expected_column = by_column;
      for (std::ptrdiff_t r = 0; r < rows; ++r) {
        for (std::ptrdiff_t c = 0; c < cols; ++c) {
          const T x = a[static_cast<std::size_t>(r * cols + c)];
          const T d = x - b[static_cast<std::size_t>(r * cols + c)];
          expected_row[static_cast<std::size_t>(r)] += x;
          expected_column[static_cast<std::size_t>(c)] += x;
          expected_distance[static_cast<std::size_t>(r)] += d * d / 2;
        }
      }
      kernels::row_sums(a.data(), rows, cols, by_row.data());
      kernels::add_column_sums(a.data(), rows, cols, by_column.data());
      kernels::half_squared_distance_rows(a.data(), b.data(), rows, cols, distance.data());
      CHECK(by_row == expected_row);
      CHECK(by_column == expected_column);
      CHECK(distance == expected_distance);
    }
  }
}

TEST_CASE_TEMPLATE("activate_backward_and_sum has the bits of one after the other", T, float,
                   double) {
  for (const std::ptrdiff_t cols : {1, 3, 15, 16, 33, 5000}) {
    for (const std::ptrdiff_t rows : {1, 2, 63, 65, 3000}) {
      if (rows * cols > 400000) continue;
      CAPTURE(rows);
      CAPTURE(cols);
      const auto y = uniform<T>(rows * cols, 1), dy = uniform<T>(rows * cols, 2);
      for (const Activation act : {Activation::none, Activation::relu, Activation::tanh}) {
        auto dz = dy, expected_dz = dy, alone = dy;
        auto db = uniform<T>(cols, 3), expected_db = db;
        kernels::activate_backward_and_sum(act, y.data(), dz.data(), rows, cols, db.data());
        kernels::activate_backward_and_sum<T>(act, y.data(), alone.data(), rows, cols, nullptr);
        kernels::activate_backward(act, y.data(), dy.data(), expected_dz.data(), rows * cols);
        kernels::add_column_sums(expected_dz.data(), rows, cols, expected_db.data());
        CHECK(same_bits(dz, expected_dz));
        CHECK(same_bits(alone, expected_dz));
        CHECK(same_bits(db, expected_db));
      }
    }
  }
}

TEST_CASE_TEMPLATE("sums have the same bits at any thread count", T, float, double) {
  const auto x = uniform<T>(700 * 301, 5), y = uniform<T>(700 * 301, 6);
  CHECK(same_at_any_thread_count([&] {
    std::vector<T> out(700 * 3 + 2 + 301);
    out[0] = kernels::sum(x.data(), 700 * 301);
    out[1] = static_cast<T>(kernels::sum_of_squares(x.data(), 700 * 301));
    kernels::row_sums(x.data(), 700, 301, &out[2]);
    kernels::half_squared_distance_rows(x.data(), y.data(), 700, 301, &out[702]);
    kernels::log_sum_exp_rows(x.data(), 700, 301, &out[1402]);
    kernels::add_column_sums(x.data(), 700, 301, &out[2102]);
    return out;
  }));
}

TEST_CASE_TEMPLATE("log_sum_exp_rows neither overflows nor loses small terms", T, float, double) {
  constexpr T infinity = std::numeric_limits<T>::infinity();
  const auto row = [](std::vector<T> x) {
    T y;
    kernels::log_sum_exp_rows(x.data(), 1, static_cast<std::ptrdiff_t>(x.size()), &y);
    return y;
  };
  const auto x = uniform<T>(301, 7, -3, 3);
  long double sum = 0;
  for (T v : x) sum += std::exp(static_cast<long double>(v));
  CHECK(row(x) == doctest::Approx(static_cast<double>(std::log(sum))).epsilon(1e-6));
  CHECK(row({T(1e4), T(1e4)}) == doctest::Approx(1e4 + std::log(2.0)));
  CHECK(row({T(-1e4), T(-1e4)}) == doctest::Approx(-1e4 + std::log(2.0)));
  CHECK(row({T(0), T(-1e4)}) == T(0));
  CHECK(row({T(3)}) == T(3));
  CHECK(row({}) == -infinity);
  CHECK(row({-infinity, -infinity}) == -infinity);
  CHECK(row({-infinity, T(1)}) == T(1));
  CHECK(row({infinity, T(1)}) == infinity);
  CHECK(std::isnan(row({std::numeric_limits<T>::quiet_NaN(), T(1)})));
  CHECK(std::isnan(row({T(1), std::numeric_limits<T>::quiet_NaN(), infinity})));
}

TEST_CASE_TEMPLATE("all_finite finds one bad number anywhere", T, float, double) {
  for (std::ptrdiff_t n : {0, 1, 17, 5000}) {
    std::vector<T> x(static_cast<std::size_t>(n), std::numeric_limits<T>::max());
    CHECK(kernels::all_finite(x.data(), n));
    for (std::size_t at : {std::size_t{0}, x.size() / 2, x.size() - 1}) {
      if (x.empty()) break;
      for (T bad : {std::numeric_limits<T>::infinity(), -std::numeric_limits<T>::infinity(),
                    std::numeric_limits<T>::quiet_NaN()}) {
        auto y = x;
        y[at] = bad;
        CHECK(!kernels::all_finite(y.data(), n));
      }
    }
  }
}
