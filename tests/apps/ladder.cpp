// The five products of bench --ladder, which must differ in speed alone.
#include "apps/bench/ladder.hpp"

#include <doctest/doctest.h>

#include "tests/kernels/support.hpp"

using namespace planet;
using test::same_bits;
using test::uniform;

TEST_CASE("every rung of the ladder has the bits of the first") {
  const std::ptrdiff_t M = 101, N = 270, K = 131;
  const auto a = uniform<float>(M * K, 9), b = uniform<float>(K * N, 10);
  std::vector<float> first;
  for (const bench::Rung& rung : bench::gemm_ladder()) {
    CAPTURE(rung.name);
    std::vector<float> c(static_cast<std::size_t>(M * N), -1.0f);
    rung.multiply(M, N, K, a.data(), b.data(), c.data());
    if (first.empty()) first = c;
    CHECK(same_bits(c, first));
  }
  CHECK(bench::gemm_ladder().size() == 5);
}
