// Products of bfloat16 numbers against their contract (autograd/kernels/bf16.hpp), bit for bit: an
// oracle in ten lines, the emulation in both of its ways, matrix tiles where there are any, and the
// four products built on them.
#include "autograd/kernels/bf16.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <thread>
#include <utility>
#include <vector>

#include "support.hpp"

using namespace planet;
using namespace planet::test;
using namespace planet::kernels;

namespace {

// ---- the oracle ---------------------------------------------------------------------------------

float flushed(float x) { return std::abs(x) < std::numeric_limits<float>::min() ? x * 0 : x; }

/// c after one k tile: the pairs (a[k], b[k]), at most 32 of them.
float after_tile(float c, const std::vector<std::pair<float, float>>& tile) {
  float chain[2] = {0, 0};  // even, odd
  for (std::size_t k = 0; k < tile.size(); ++k)
    chain[k % 2] = flushed(
        std::fma(round_to_bf16(tile[k].first), round_to_bf16(tile[k].second), chain[k % 2]));
  return flushed(flushed(c) + flushed(chain[0] + chain[1]));
}

/// A sum whose terms come one after the other; k tiles end by themselves, or where a row ends.
class Sum {
 public:
  explicit Sum(float start) : c_(start) {}
  void add(float a, float b) {
    tile_.emplace_back(a, b);
    if (tile_.size() == 32) end_tile();
  }
  void end_tile() {
    if (!tile_.empty()) c_ = after_tile(c_, tile_);
    tile_.clear();
  }
  float value() {
    end_tile();
    return c_;
  }

 private:
  float c_;
  std::vector<std::pair<float, float>> tile_;
};

// Numbers as they are, of very different sizes, and such that products and sums are near 2^-126.
enum class Kind { plain, wide, tiny };
std::vector<float> numbers(std::ptrdiff_t n, std::uint64_t seed, Kind kind) {
  Rng rng(seed, Stream::test);
  std::vector<float> x(static_cast<std::size_t>(n));
  for (float& v : x) {
    v = static_cast<float>(rng.normal());
    const int size = kind == Kind::wide   ? static_cast<int>(rng.below(17)) - 8
                     : kind == Kind::tiny ? -60 - static_cast<int>(rng.below(7))
                                          : 0;
    v = std::ldexp(v, size);
  }
  return x;
}

float at(const std::vector<float>& x, std::ptrdiff_t i) { return x[static_cast<std::size_t>(i)]; }

}  // namespace

TEST_CASE("a float is rounded to the nearest bfloat16 number") {
  const float ulp = std::ldexp(1.0f, -7);
  CHECK(round_to_bf16(1) == 1);
  CHECK(round_to_bf16(1 + ulp / 2) == 1);                // a tie, to even
  CHECK(round_to_bf16(1 + 3 * ulp / 2) == 1 + 2 * ulp);  // a tie, to even
  CHECK(round_to_bf16(std::nextafter(1 + ulp / 2, 2.0f)) == 1 + ulp);
  CHECK(round_to_bf16(-3.14159274f) == -3.140625f);
  CHECK(round_to_bf16(std::numeric_limits<float>::max()) == std::numeric_limits<float>::infinity());
  CHECK(round_to_bf16(-std::numeric_limits<float>::infinity()) ==
        -std::numeric_limits<float>::infinity());
  CHECK(std::isnan(round_to_bf16(std::numeric_limits<float>::quiet_NaN())));
  CHECK(std::isnan(round_to_bf16(std::bit_cast<float>(0x7F80'0001u))));  // would round to infinity
  const float smallest = std::numeric_limits<float>::min();
  CHECK(round_to_bf16(smallest) == smallest);
  CHECK(round_to_bf16(std::nextafter(smallest, 0.0f)) == 0);
  CHECK(std::signbit(round_to_bf16(-smallest / 4)));
}

TEST_CASE("both ways of emulation and the matrix tiles equal the oracle") {
  INFO("implementation: ", bf16_implementation());
  if (!kernels::detail::has_amx()) MESSAGE("no AMX here: the matrix tiles were not compared");
  constexpr std::ptrdiff_t n = 32, tiles = 3;
  for (const Kind kind : {Kind::plain, Kind::wide, Kind::tiny}) {
    for (const auto& [rows, columns] : {std::pair{32, 32}, {5, 32}, {16, 17}, {17, 3}, {32, 16}}) {
      CAPTURE(static_cast<int>(kind));
      CAPTURE(rows);
      CAPTURE(columns);
      const auto a = numbers(tiles * n * n, 1, kind), b = numbers(tiles * n * n, 2, kind);
      auto start = numbers(n * n, 3, kind);
      if (kind == Kind::tiny)
        for (float& x : start) x = std::ldexp(x, -64);
      // [tile][row][k] and [tile][k][column] as pairs.
      struct alignas(64) Tiles {
        Bf16Pair p[tiles * bf16_tile_pairs];
      };
      std::vector<Tiles> packed(2);
      for (std::ptrdiff_t t = 0; t < tiles; ++t)
        for (std::ptrdiff_t i = 0; i < n; ++i)
          for (std::ptrdiff_t p = 0; p < n / 2; ++p) {
            packed[0].p[t * bf16_tile_pairs + i * n / 2 + p] =
                bf16_pair(at(a, (t * n + i) * n + 2 * p), at(a, (t * n + i) * n + 2 * p + 1));
            packed[1].p[t * bf16_tile_pairs + p * n + i] =
                bf16_pair(at(b, (t * n + 2 * p) * n + i), at(b, (t * n + 2 * p + 1) * n + i));
          }
      std::vector<Bf16Operands> list;
      for (std::ptrdiff_t t = 0; t < tiles; ++t)
        list.push_back({packed[0].p + t * bf16_tile_pairs, packed[1].p + t * bf16_tile_pairs});

      std::vector<float> expected;
      for (std::ptrdiff_t i = 0; i < rows; ++i)
        for (std::ptrdiff_t j = 0; j < columns; ++j) {
          Sum sum(at(start, i * n + j));
          for (std::ptrdiff_t k = 0; k < tiles * n; ++k)
            sum.add(at(a, (k / n * n + i) * n + k % n), at(b, k * n + j));
          expected.push_back(sum.value());
        }
      const auto result = [&](auto add) {
        struct alignas(64) Block {
          float c[n * n];
        } block;
        std::copy(start.begin(), start.end(), block.c);
        add(block.c);
        std::vector<float> out;
        for (std::ptrdiff_t i = 0; i < rows; ++i)
          out.insert(out.end(), block.c + i * n, block.c + i * n + columns);
        return out;
      };
      for (const bool explicitly : {false, true})
        CHECK(same_bits(result([&](float* c) {
                          kernels::detail::add_emulated(list, rows, columns, c, explicitly);
                        }),
                        expected));
      if (kernels::detail::has_amx())
        CHECK(same_bits(result([&](float* c) { Bf16Products().add(list, rows, columns, c); }),
                        expected));
    }
  }
}

TEST_CASE("gemm of bfloat16 numbers equals the oracle") {
  struct Size {
    std::ptrdiff_t M, N, K;
  };
  for (const auto& [M, N, K] :
       {Size{1, 1, 1}, {16, 192, 64}, {33, 31, 95}, {70, 40, 33}, {5, 90, 0}}) {
    for (int layout = 0; layout < 4; ++layout) {
      for (const bool accumulate : {false, true}) {
        INFO(M, " x ", K, " x ", N, ", layout ", layout, ", accumulate ", accumulate);
        const auto a = uniform<float>(M * K + 1, 1), b = uniform<float>(K * N + 1, 2),
                   bias = uniform<float>(N, 3);
        const bool ta = layout & 1, tb = layout & 2;
        auto c = uniform<float>(M * (N + 3), 4), expected = c;
        const Epilogue<float> epilogue{accumulate, accumulate ? nullptr : bias.data(),
                                       Activation::relu};
        gemm<float>(M, N, K, ta ? transposed(a.data(), M) : rows(a.data(), K),
                    tb ? transposed(b.data(), K) : rows(b.data(), N), c.data(), N + 3, epilogue,
                    Precision::bf16);
        for (std::ptrdiff_t i = 0; i < M; ++i)
          for (std::ptrdiff_t j = 0; j < N; ++j) {
            float& to = expected[static_cast<std::size_t>(i * (N + 3) + j)];
            Sum sum(accumulate ? to : 0.0f);
            for (std::ptrdiff_t k = 0; k < K; ++k)
              sum.add(at(a, ta ? k * M + i : i * K + k), at(b, tb ? j * K + k : k * N + j));
            const float y = epilogue.bias ? sum.value() + at(bias, j) : sum.value();
            to = y < 0 ? 0 : y;
          }
        CHECK(same_bits(c, expected));
      }
    }
  }
}

TEST_CASE("what does not change is packed once and only while that is said") {
  constexpr std::ptrdiff_t K = 70, N = 90;
  auto b = uniform<float>(K * N, 1), other = uniform<float>(K * N, 2);
  const auto product = [](const std::vector<float>& B, std::ptrdiff_t M = 5) {
    const auto a = uniform<float>(M * K, 3);
    std::vector<float> c(static_cast<std::size_t>(M * N));
    gemm<float>(M, N, K, rows(a.data(), K), rows(B.data(), N), c.data(), N, {}, Precision::bf16);
    return c;
  };
  const auto first = product(b), wide = product(b, 129), others = product(other);
  CHECK(begin_constants(b.data(), K * N));
  CHECK(!begin_constants(other.data(), K * N));
  std::vector<std::vector<float>> all(7);
  parallel_for(7, [&](std::ptrdiff_t i) { all[static_cast<std::size_t>(i)] = product(b); });
  for (const auto& c : all) CHECK(same_bits(c, first));
  CHECK(same_bits(product(other), others));
  b.front() = other.front() = 3;  // the promise is broken
  CHECK(same_bits(product(b), first));
  CHECK(!same_bits(product(b, 129), wide));  // many rows
  CHECK(!same_bits(product(other), others));
  end_constants();
  CHECK(same_bits(product(b), product(std::vector<float>(b))));
  CHECK(!same_bits(product(b), first));
  CHECK(begin_constants(b.data(), K * N));  // what was packed before does not count
  CHECK(same_bits(product(b), product(std::vector<float>(b))));
  end_constants();
}

// Agents that plan beside each other: the range of one ends and begins anew while another still reads.
TEST_CASE("packed weights stay whole while another thread's range ends") {
  constexpr std::ptrdiff_t M = 128, K = 90, N = 70;
  const auto a = uniform<float>(M * K, 1), w = uniform<float>(2 * K * N, 2);
  const auto product = [&](std::ptrdiff_t which) {
    std::vector<float> c(static_cast<std::size_t>(M * N));
    gemm<float>(M, N, K, rows(a.data(), K), rows(w.data() + which * K * N, N), c.data(), N, {},
                Precision::bf16);
    return c;
  };
  const std::vector<float> right[] = {product(0), product(1)};
  std::atomic<int> wrong{0};
  const auto agent = [&](std::ptrdiff_t first) {
    for (int i = 0; i < 500; ++i) {
      const bool began = begin_constants(w.data(), 2 * K * N);
      for (const std::ptrdiff_t which : {first, 1 - first})
        if (!same_bits(product(which), right[which])) ++wrong;
      if (began) end_constants();
    }
  };
  std::thread beside(agent, 1);
  agent(0);
  beside.join();
  CHECK(wrong.load() == 0);
}

namespace {

// N, H, W, C, kh, kw, stride, F
constexpr ConvShape rounded_shapes[] = {
    {2, 9, 11, 3, 4, 4, 2, 8},   {3, 15, 15, 8, 4, 4, 2, 16}, {37, 6, 6, 16, 4, 4, 2, 40},
    {2, 5, 5, 6, 5, 5, 2, 20},   {33, 9, 9, 3, 6, 6, 2, 16},  {2, 7, 8, 5, 3, 2, 1, 7},
    {1, 9, 9, 3, 2, 2, 3, 5},    {2, 13, 9, 1, 3, 3, 4, 1},   {1, 8, 8, 33, 3, 3, 1, 40},
    {70, 5, 6, 34, 3, 4, 2, 33},
};

// The definitions, with the k tiles that the contract names.
void oracle_conv(const ConvShape& s, const std::vector<float>& large, const std::vector<float>& w,
                 std::vector<float>& small) {
  for (std::ptrdiff_t o = 0; o < s.N * s.out_h() * s.out_w() * s.F; ++o) {
    const std::ptrdiff_t f = o % s.F, j = o / s.F % s.out_w(), i = o / s.F / s.out_w() % s.out_h(),
                         n = o / s.F / s.out_w() / s.out_h();
    Sum sum(0);
    for (std::ptrdiff_t a = 0; a < s.kh; ++a, s.kh == s.H && s.kw == s.W ? void() : sum.end_tile())
      for (std::ptrdiff_t k = 0; k < s.kw * s.C; ++k)
        sum.add(at(large, ((n * s.H + i * s.stride + a) * s.W + j * s.stride) * s.C + k),
                at(w, (a * s.kw * s.C + k) * s.F + f));
    small[static_cast<std::size_t>(o)] = sum.value();
  }
}

void oracle_adjoint(const ConvShape& s, const std::vector<float>& small,
                    const std::vector<float>& w, std::vector<float>& large) {
  for (std::ptrdiff_t o = 0; o < s.N * s.H * s.W * s.C; ++o) {
    const std::ptrdiff_t c = o % s.C, x = o / s.C % s.W, y = o / s.C / s.W % s.H,
                         n = o / s.C / s.W / s.H;
    Sum sum(0);
    for (std::ptrdiff_t i = 0; i < s.out_h(); ++i)
      for (std::ptrdiff_t j = 0; j < s.out_w(); ++j) {
        const std::ptrdiff_t a = y - i * s.stride, b = x - j * s.stride;
        if (a < 0 || a >= s.kh || b < 0 || b >= s.kw) continue;
        for (std::ptrdiff_t f = 0; f < s.F; ++f)
          sum.add(at(small, ((n * s.out_h() + i) * s.out_w() + j) * s.F + f),
                  at(w, ((a * s.kw + b) * s.C + c) * s.F + f));
        sum.end_tile();
      }
    large[static_cast<std::size_t>(o)] = sum.value();
  }
}

// One partial sum for each 32 images here; chunks are folded in order.
void oracle_filter(const ConvShape& s, const std::vector<float>& large,
                   const std::vector<float>& small, std::vector<float>& dw) {
  const bool dense = s.kh == s.H && s.kw == s.W;
  for (std::ptrdiff_t o = 0; o < s.kh * s.kw * s.C * s.F; ++o) {
    const std::ptrdiff_t f = o % s.F, c = o / s.F % s.C, b = o / s.F / s.C % s.kw,
                         a = o / s.F / s.C / s.kw;
    float total = 0;
    float& to = dw[static_cast<std::size_t>(o)];
    Sum whole(to);  // a dense one is a product, and continues what is there
    for (std::ptrdiff_t g = 0; g < s.N; g += 32) {
      Sum sum(0);
      for (std::ptrdiff_t i = 0; i < s.out_h(); ++i)
        for (std::ptrdiff_t j = 0; j < s.out_w(); ++j, sum.end_tile())
          for (std::ptrdiff_t n = g; n < std::min(g + 32, s.N); ++n)
            (dense ? whole : sum)
                .add(at(large, ((n * s.H + i * s.stride + a) * s.W + j * s.stride + b) * s.C + c),
                     at(small, ((n * s.out_h() + i) * s.out_w() + j) * s.F + f));
      total = g == 0 ? sum.value() : total + sum.value();
    }
    to = dense ? whole.value() : to + total;
  }
}

}  // namespace

TEST_CASE("the three convolutions of bfloat16 numbers equal the oracle") {
  for (const ConvShape& s : rounded_shapes) {
    INFO(describe(s));
    const Sizes n(s);
    const auto x = uniform<float>(n.large, 1), y = uniform<float>(n.small, 2),
               w = uniform<float>(n.filter, 3);
    std::vector<float> small(y.size()), expected = small;
    conv2d(s, x.data(), w.data(), small.data(), {}, Precision::bf16);
    oracle_conv(s, x, w, expected);
    CHECK(same_bits(small, expected));

    std::vector<float> large(x.size(), 7), sums(x.size());
    conv2d_adjoint(s, y.data(), w.data(), large.data(), {}, Precision::bf16);
    oracle_adjoint(s, y, w, sums);
    CHECK(same_bits(large, sums));

    auto dw = uniform<float>(n.filter, 4), gradient = dw;
    conv2d_filter_gradient(s, x.data(), y.data(), dw.data(), Precision::bf16);
    oracle_filter(s, x, y, gradient);
    CHECK(same_bits(dw, gradient));
  }
}

// Whatever the order: two roundings of 2^-9 of each of at most K products, whose factors are at most
// 1, and those of the sum.
TEST_CASE("convolutions of bfloat16 numbers are within their rounding of those of floats") {
  for (const ConvShape& s : rounded_shapes) {
    INFO(describe(s));
    const Sizes n(s);
    const auto x = uniform<float>(n.large, 1), y = uniform<float>(n.small, 2),
               w = uniform<float>(n.filter, 3), bias = uniform<float>(s.C + s.F, 4);
    for (const bool accumulate : {false, true}) {
      const Epilogue<float> epilogue{accumulate, accumulate ? nullptr : bias.data(),
                                     Activation::tanh};
      const auto check = [&](std::vector<float> exact, std::ptrdiff_t K, auto product) {
        std::vector<float> rounded = exact;
        product(exact.data(), Precision::f32);
        product(rounded.data(), Precision::bf16);
        float worst = 0;
        for (std::size_t i = 0; i < exact.size(); ++i)
          if (const float error = std::abs(exact[i] - rounded[i]); !(error <= worst)) worst = error;
        CHECK(worst > 0);
        CHECK(worst <= static_cast<float>(K) * 0x1p-8f * 1.01f);
      };
      check(uniform<float>(n.small, 5), s.kh * s.kw * s.C,
            [&](float* to, Precision p) { conv2d(s, x.data(), w.data(), to, epilogue, p); });
      check(uniform<float>(n.large, 6), s.kh * s.kw * s.F, [&](float* to, Precision p) {
        conv2d_adjoint(s, y.data(), w.data(), to, epilogue, p);
      });
    }
  }
}

TEST_CASE("products of bfloat16 numbers have the same bits at any thread count") {
  const ConvShape s{70, 14, 14, 5, 4, 4, 2, 18};
  const Sizes n(s);
  const auto x = uniform<float>(n.large, 1), w = uniform<float>(n.filter, 2),
             y = uniform<float>(n.small, 3);
  CHECK(same_at_any_thread_count([&] {
    std::vector<float> out(y.size() + x.size() + w.size());
    conv2d(s, x.data(), w.data(), out.data(), {}, Precision::bf16);
    conv2d_adjoint(s, y.data(), w.data(), out.data() + y.size(), {}, Precision::bf16);
    conv2d_filter_gradient(s, x.data(), y.data(), out.data() + y.size() + x.size(),
                           Precision::bf16);
    return out;
  }));
  CHECK(same_at_any_thread_count([&] {
    std::vector<float> out(200 * 300);
    gemm<float>(200, 300, 70, rows(x.data(), 70), rows(x.data(), 300), out.data(), 300, {},
                Precision::bf16);
    return out;
  }));
}
