// Initial weights: their range, their moments, and that float and double agree.
#include "nn/init.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tests/support/scratch_folder.hpp"

using namespace planet;
using planet::test::contains;
using planet::test::error_of;

TEST_CASE("fans of a matrix and of a kernel") {
  CHECK(fans({3, 5}).in == 3);
  CHECK(fans({3, 5}).out == 5);
  CHECK(fans({4, 4, 3, 32}).in == 48);
  CHECK(fans({4, 4, 3, 32}).out == 512);
  CHECK(glorot_limit({48, 512}) == doctest::Approx(std::sqrt(6.0 / 560)).epsilon(1e-15));
  CHECK(contains(error_of([] { fans({3}); }), "[3] has no fans"));
}

// Each bound is 4 standard errors wide: a fair draw misses one of them once in 16,000 seeds.
TEST_CASE("Glorot weights have the range and the moments of their uniform distribution") {
  ParamStore store(Precision::f64);
  Rng rng(7, Stream::test);
  auto& w = store.add("w", {4, 4, 64, 128});
  init_glorot_uniform(w, rng);
  const double limit = std::sqrt(6.0 / (16 * (64 + 128)));
  const auto n = w.shape.size();
  CHECK(rng.position() == static_cast<std::uint64_t>(n));  // one draw per weight

  double sum = 0, sum2 = 0, largest = 0;
  std::array<double, 10> count{};
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    const double x = w.value<double>()[i];
    sum += x;
    sum2 += x * x;
    largest = std::max(largest, std::fabs(x));
    count[static_cast<std::size_t>((x + limit) / (2 * limit) * 10)] += 1;
  }
  const auto count_all = static_cast<double>(n);
  const double variance = limit * limit / 3;
  CHECK(largest <= limit);
  CHECK(largest > 0.999 * limit);
  CHECK(std::fabs(sum / count_all) < 4 * std::sqrt(variance / count_all));
  // Var(x^2) = E x^4 - (E x^2)^2 = limit^4 (1/5 - 1/9)
  CHECK(std::fabs(sum2 / count_all - variance) <
        4 * limit * limit * std::sqrt(4.0 / 45 / count_all));
  double chi2 = 0;
  for (const double c : count)
    chi2 += (c - count_all / 10) * (c - count_all / 10) / (count_all / 10);
  CHECK(chi2 < 33.7);  // 9 degrees of freedom, p = 1e-4
}

TEST_CASE("float and double weights of one seed differ by one rounding") {
  ParamStore f(Precision::f32);
  ParamStore d(Precision::f64);
  Rng rng_f(3, Stream::init), rng_d(3, Stream::init);
  auto& wf = f.add("w", {30, 40});
  auto& wd = d.add("w", {30, 40});
  init_glorot_uniform(wf, rng_f);
  init_glorot_uniform(wd, rng_d);
  for (std::ptrdiff_t i = 0; i < 1200; ++i)
    REQUIRE(wf.value<float>()[i] == static_cast<float>(wd.value<double>()[i]));
  CHECK(rng_f.position() == rng_d.position());
}

TEST_CASE("column blocks are drawn with their own fans and leave the others alone") {
  ParamStore store(Precision::f64);
  Rng rng(9, Stream::test);
  auto& w = store.add("w", {50, 30});
  init_glorot_uniform_columns(w, rng, 0, 20);
  init_constant_columns(w, 20, 25, 2.5);
  double largest = 0;
  for (std::ptrdiff_t r = 0; r < 50; ++r) {
    for (std::ptrdiff_t c = 0; c < 30; ++c) {
      const double x = w.value<double>()[r * 30 + c];
      if (c < 20) largest = std::max(largest, std::fabs(x));
      else CHECK(x == (c < 25 ? 2.5 : 0.0));
    }
  }
  CHECK(largest <= std::sqrt(6.0 / (50 + 20)));
  CHECK(largest > 0.98 * std::sqrt(6.0 / (50 + 20)));
  CHECK(contains(error_of([&] { init_constant_columns(w, 20, 31, 1.0); }),
                 "w [50,30] has no column block [20,31)"));
  init_constant(w, 1.5);
  CHECK(w.value<double>()[0] == 1.5);
  CHECK(w.value<double>()[50 * 30 - 1] == 1.5);
}
