// Every window of 1..6 at every stride of 1..3, also those that leave gaps, with channels around
// the tiles' edges: integers exactly, real numbers within the rounding of their own sums.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "autograd/base/error.hpp"
#include "autograd/kernels/conv.hpp"
#include "support.hpp"

using namespace planet;
using namespace planet::test;
using kernels::ConvShape;
using kernels::Epilogue;

namespace {

/// One shape per window and stride, with varying odd image sizes, channels and batches.
std::vector<ConvShape> sweep() {
  constexpr std::ptrdiff_t channels[] = {1, 3, 8, 12, 16, 17, 33};
  std::vector<ConvShape> all;
  for (std::ptrdiff_t k = 1; k <= 6; ++k) {
    for (std::ptrdiff_t stride = 1; stride <= 3; ++stride) {
      const auto i = static_cast<std::ptrdiff_t>(all.size());
      const std::ptrdiff_t C = channels[i % 7], F = channels[(3 * i + 2) % 7];
      all.push_back({1 + i % 5, k + 3 + i % 4, k + 2 + i % 5, C, k, k, stride, F});
    }
  }
  return all;
}

/// A forward kernel, adjoint kernel or filter gradient with its operands in one order.
template <class T>
using Kernel = void (*)(const ConvShape&, const T* a, const T* b, T* out);
template <class T>
struct Case {
  Kernel<T> fast, naive;
  std::ptrdiff_t Sizes::*a, Sizes::*b, Sizes::*out;
};
template <class T>
constexpr Case<T> cases[] = {
    {[](const ConvShape& s, const T* x, const T* w, T* y) {
       kernels::conv2d(s, x, w, y, {true, nullptr, Activation::none});
     },
     [](const ConvShape& s, const T* x, const T* w, T* y) {
       kernels::conv2d_naive(s, x, w, y, {true, nullptr, Activation::none});
     },
     &Sizes::large, &Sizes::filter, &Sizes::small},
    {[](const ConvShape& s, const T* y, const T* w, T* x) {
       kernels::conv2d_adjoint(s, y, w, x, {true, nullptr, Activation::none});
     },
     [](const ConvShape& s, const T* y, const T* w, T* x) {
       kernels::conv2d_adjoint_naive(s, y, w, x, {true, nullptr, Activation::none});
     },
     &Sizes::small, &Sizes::filter, &Sizes::large},
    {[](const ConvShape& s, const T* y, const T* w, T* x) { kernels::conv2d_adjoint(s, y, w, x); },
     [](const ConvShape& s, const T* y, const T* w, T* x) {
       kernels::conv2d_adjoint_naive(s, y, w, x);
     },
     &Sizes::small, &Sizes::filter, &Sizes::large},
    {[](const ConvShape& s, const T* x, const T* y, T* dw) {
       kernels::conv2d_filter_gradient(s, x, y, dw);
     },
     kernels::conv2d_filter_gradient_naive<T>, &Sizes::large, &Sizes::small, &Sizes::filter},
};

}  // namespace

TEST_CASE_TEMPLATE("the three convolutions are exact on integers at every window and stride", T,
                   float, double) {
  for (const ConvShape& s : sweep()) {
    INFO(describe(s));
    const Sizes n(s);
    for (const Case<T>& c : cases<T>) {
      CAPTURE(&c - cases<T>);
      const auto a = integers<T>(n.*c.a, 1), b = integers<T>(n.*c.b, 2);
      auto out = integers<T>(n.*c.out, 3), expected = out;
      c.fast(s, a.data(), b.data(), out.data());
      c.naive(s, a.data(), b.data(), expected.data());
      CHECK(out == expected);
    }
  }
}

// Two orders of one sum of n terms differ by at most n roundings of s, the sum of |a b|. Each
// rounding is one of a partial sum, about s / sqrt(n) for random signs, and the roundings' own
// signs are practically random: together about s sqrt(n) / sqrt(n), one rounding of s for any n.
// The worst of ten thousand elements is a few times that.
TEST_CASE_TEMPLATE("the three convolutions are within rounding on real numbers", T, float, double) {
  for (const ConvShape& s : sweep()) {
    INFO(describe(s));
    const Sizes n(s);
    for (const Case<T>& c : cases<T>) {
      CAPTURE(&c - cases<T>);
      auto a = uniform<T>(n.*c.a, 4), b = uniform<T>(n.*c.b, 5);
      std::vector<T> out(static_cast<std::size_t>(n.*c.out)), expected = out, size = out;
      c.fast(s, a.data(), b.data(), out.data());
      c.naive(s, a.data(), b.data(), expected.data());
      for (T& v : a) v = std::abs(v);
      for (T& v : b) v = std::abs(v);
      c.naive(s, a.data(), b.data(), size.data());
      double worst = 0;  // in roundings of sum |a b|
      for (std::size_t i = 0; i < out.size(); ++i) {
        if (size[i] == 0 && out[i] == 0) continue;  // no window reaches this pixel
        const double error = static_cast<double>(std::abs(out[i] - expected[i]) / size[i]) /
                             static_cast<double>(std::numeric_limits<T>::epsilon());
        if (!(error <= worst)) worst = error;
      }
      CHECK(worst <= 4);
    }
  }
}

TEST_CASE("pixels that no window reaches get the bias, and its activation") {
  const ConvShape s{2, 8, 9, 3, 2, 2, 3, 4};  // windows at 0, 3, 6; row 2, 5 and column 8 are gaps
  const Sizes n(s);
  const auto y = uniform<float>(n.small, 1), w = uniform<float>(n.filter, 2);
  const std::vector<float> bias = {-1, 2, 0.5f};
  std::vector<float> x(static_cast<std::size_t>(n.large), 77.0f);
  kernels::conv2d_adjoint(s, y.data(), w.data(), x.data(), {false, bias.data(), Activation::relu});
  for (std::ptrdiff_t i = 0; i < s.N * s.H * s.W; ++i) {
    if (i / s.W % s.H % 3 != 2 && i % s.W % 3 != 2) continue;
    for (std::size_t c = 0; c < 3; ++c)
      CHECK(x[static_cast<std::size_t>(i) * 3 + c] == std::max(bias[c], 0.0f));
  }
}

TEST_CASE("a NaN reaches exactly the windows that cover it") {
  const ConvShape s{2, 9, 9, 5, 4, 4, 2, 17};
  const Sizes n(s);
  auto x = uniform<float>(n.large, 1);
  const auto w = uniform<float>(n.filter, 2);
  x[static_cast<std::size_t>(((0 * 9 + 4) * 9 + 4) * 5 + 4)] =
      std::nanf("");  // (4, 4), last channel
  std::vector<float> y(static_cast<std::size_t>(n.small));
  kernels::conv2d(s, x.data(), w.data(), y.data(), {false, nullptr, Activation::relu});
  for (std::ptrdiff_t i = 0; i < n.small; ++i) {
    const std::ptrdiff_t pixel = i / s.F, row = pixel / s.out_w() % s.out_h(),
                         col = pixel % s.out_w();
    const bool image = pixel < s.out_h() * s.out_w();
    const bool covered = image && row >= 1 && row <= 2 && col >= 1 && col <= 2;
    CHECK(std::isnan(y[static_cast<std::size_t>(i)]) == covered);
  }
}

TEST_CASE("every convolution of the sweep has the same bits at any thread count") {
  for (ConvShape s : sweep()) {
    s.N = 40;  // several tasks, several partial sums
    INFO(describe(s));
    const Sizes n(s);
    for (const Case<float>& c : cases<float>) {
      CAPTURE(&c - cases<float>);
      const auto a = uniform<float>(n.*c.a, 6), b = uniform<float>(n.*c.b, 7);
      CHECK(same_at_any_thread_count([&] {
        std::vector<float> out(static_cast<std::size_t>(n.*c.out));
        c.fast(s, a.data(), b.data(), out.data());
        return out;
      }));
    }
  }
}
