// The product against three loops, bit for bit: every edge around the tiles, every memory layout of
// the operands, every epilogue, every thread count.
#include "autograd/kernels/gemm.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "autograd/base/observer.hpp"
#include "support.hpp"

using namespace planet;
using namespace planet::test;
using kernels::Epilogue;
using kernels::MatrixView;

namespace {

/// Runs gemm and gemm_naive on one random problem; true when they agree bit for bit and nothing
/// beyond the N columns was touched.
template <class T>
bool agrees(std::ptrdiff_t M, std::ptrdiff_t N, std::ptrdiff_t K, bool transpose_a,
            bool transpose_b, Epilogue<T> epilogue = {}, std::ptrdiff_t gap = 0,
            std::ptrdiff_t a_gap = 0) {
  const std::ptrdiff_t lda = (transpose_a ? M : K) + a_gap, ldb = (transpose_b ? K : N) + gap;
  const auto a = uniform<T>((transpose_a ? K : M) * lda + 1, 1);
  const auto b = uniform<T>((transpose_b ? N : K) * ldb + 1, 2);
  const auto bias = uniform<T>(N + 1, 3);
  auto c = uniform<T>(M * (N + gap) + 1, 4);
  auto expected = c;
  if (epilogue.bias) epilogue.bias = bias.data();
  const auto A = transpose_a ? kernels::transposed(a.data(), lda) : kernels::rows(a.data(), lda);
  const auto B = transpose_b ? kernels::transposed(b.data(), ldb) : kernels::rows(b.data(), ldb);
  kernels::gemm(M, N, K, A, B, c.data(), N + gap, epilogue);
  kernels::gemm_naive(M, N, K, A, B, expected.data(), N + gap, epilogue);
  return same_bits(c, expected);
}

}  // namespace

TEST_CASE_TEMPLATE("gemm equals three loops bit for bit at every edge of the tiles", T, float,
                   double) {
  int wrong = 0;
  for (std::ptrdiff_t M : {0, 1, 2, 3, 5, 8, 11, 12, 13, 23, 24, 25, 37}) {
    for (std::ptrdiff_t N :
         {0, 1, 3, 7, 8, 9, 15, 16, 17, 24, 25, 31, 32, 33, 47, 50, 56, 57, 63, 64, 65, 90}) {
      for (std::ptrdiff_t K : {0, 1, 2, 3, 5, 18}) {
        for (int t = 0; t < 4; ++t) {
          if (!agrees<T>(M, N, K, t & 1, t & 2)) {
            ++wrong;
            CAPTURE(M);
            CAPTURE(N);
            CAPTURE(K);
            CAPTURE(t);
            CHECK_MESSAGE(wrong > 3, "differs from gemm_naive");
          }
        }
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("gemm equals three loops across blocks of k and of rows", T, float, double) {
  for (int t = 0; t < 4; ++t) {
    CAPTURE(t);
    for (std::ptrdiff_t K : {127, 128, 129, 300, 511, 512, 513, 1030})
      CHECK(agrees<T>(27, 41, K, t & 1, t & 2));
    CHECK(agrees<T>(200, 90, 70, t & 1, t & 2));
    CHECK(agrees<T>(390, 33, 20, t & 1, t & 2));    // more than one block of rows
    CHECK(agrees<T>(60, 300, 300, t & 1, t & 2));   // B is worth packing
    CHECK(agrees<T>(50, 130, 1024, t & 1, t & 2));  // rows 4 KiB apart: A is worth copying
    CHECK(agrees<T>(1, 200, 64, t & 1, t & 2));
    CHECK(agrees<T>(200, 1, 64, t & 1, t & 2));
  }
}

TEST_CASE_TEMPLATE("gemm epilogues: accumulate and bias and every activation", T, float, double) {
  const T marker = 0;
  for (Activation act : all_activations) {
    CAPTURE(name(act));
    for (bool accumulate : {false, true}) {
      for (const T* bias : {static_cast<const T*>(nullptr), &marker}) {
        for (std::ptrdiff_t K : {0, 7, 520}) {
          CHECK(agrees<T>(29, 45, K, false, false, {accumulate, bias, act}));
          CHECK(agrees<T>(13, 20, K, true, true, {accumulate, bias, act}));
        }
      }
    }
  }
}

TEST_CASE_TEMPLATE("gemm with exchanged roles and with copied columns", T, float, double) {
  const T marker = 0;
  for (Activation act : {Activation::none, Activation::relu, Activation::sigmoid}) {
    for (bool accumulate : {false, true}) {
      const Epilogue<T> epilogue{accumulate, accumulate ? nullptr : &marker, act};
      CHECK(agrees<T>(16, 64, 192, false, true, epilogue));  // few rows, B transposed
      CHECK(agrees<T>(5, 37, 90, false, true, epilogue, 3));
      CHECK(agrees<T>(70, 1, 100, true, false, epilogue));  // few columns, A transposed
      CHECK(agrees<T>(67, 2, 33, true, false, epilogue, 2));
      CHECK(agrees<T>(520, 70, 40, true, false, epilogue));  // rows of memory far apart
      CHECK(agrees<T>(61, 90, 600, true, true, epilogue, 0, 500));
    }
  }
}

TEST_CASE_TEMPLATE("gemm leaves the gaps between rows alone", T, float, double) {
  for (int t = 0; t < 4; ++t) {
    CHECK(agrees<T>(26, 35, 19, t & 1, t & 2, {}, 5, 3));
    CHECK(agrees<T>(26, 35, 19, t & 1, t & 2, {true, nullptr, Activation::tanh}, 1));
  }
}

TEST_CASE("gemm keeps a NaN in its row and an infinity in its column") {
  const std::ptrdiff_t M = 26, N = 37, K = 9;
  auto a = uniform<float>(M * K, 5), b = uniform<float>(K * N, 6);
  std::vector<float> c(static_cast<std::size_t>(M * N));
  a[4 * K + 2] = std::numeric_limits<float>::quiet_NaN();
  b[3 * N + 36] = std::numeric_limits<float>::infinity();  // the last column: next to the padding
  kernels::gemm(M, N, K, kernels::rows<float>(a.data(), K), kernels::rows<float>(b.data(), N),
                c.data(), N, {false, nullptr, Activation::relu});
  for (std::ptrdiff_t i = 0; i < M; ++i) {
    for (std::ptrdiff_t j = 0; j < N; ++j) {
      const float x = c[static_cast<std::size_t>(i * N + j)];
      CHECK(std::isnan(x) == (i == 4));
      if (i != 4 && j != 36) CHECK(std::isfinite(x));
    }
  }
}

TEST_CASE_TEMPLATE("gemm has the same bits at any thread count", T, float, double) {
  for (int t = 0; t < 4; ++t) {
    CHECK(same_at_any_thread_count([&] {
      const auto a = uniform<T>(300 * 310, 7), b = uniform<T>(310 * 320, 8);
      std::vector<T> c(300 * 320);
      kernels::gemm<T>(300, 320, 310,
                       t & 1 ? kernels::transposed(a.data(), 300) : kernels::rows(a.data(), 310),
                       t & 2 ? kernels::transposed(b.data(), 310) : kernels::rows(b.data(), 320),
                       c.data(), 320, {false, nullptr, Activation::tanh});
      return c;
    }));
  }
}

TEST_CASE("a product takes as many threads as its size pays for") {
  struct Taken : Observer {
    int threads = 0;
    void loop_begins(int n) override { threads = n; }
  };
  const int before = threads();
  const auto taken = [](std::ptrdiff_t M, std::ptrdiff_t N, std::ptrdiff_t K, int available) {
    set_threads(available);
    const auto a = uniform<float>(M * K, 1), b = uniform<float>(K * N, 2);
    std::vector<float> c(static_cast<std::size_t>(M * N));
    Taken observer;
    kernels::gemm<float>(M, N, K, kernels::rows(a.data(), K), kernels::rows(b.data(), N), c.data(),
                         N);
    return observer.threads;
  };
  if (set_threads(2); !loops_are_serial()) {
    for (const int available : {2, 8, 16}) {
      CAPTURE(available);
      CHECK(taken(16, 192, 64, available) == 1);  // a recurrent step of the preset tiny
      CHECK(taken(50, 600, 200, available) > 1);
      CHECK(taken(1000, 600, 200, available) == available);  // a thousand candidates
    }
  }
  set_threads(before);
}
