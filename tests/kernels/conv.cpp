// The three convolution kernels against the seven loops of their definition. On small integers all
// sums are exact, so any order of additions must give the same bits; on real numbers conv2d
// promises the naive order itself.
#include "autograd/kernels/conv.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "autograd/base/error.hpp"
#include "support.hpp"

using namespace planet;
using namespace planet::test;
using kernels::ConvShape;
using kernels::Epilogue;

namespace {

// N, H, W, C, kh, kw, stride, F
constexpr ConvShape shapes[] = {
    {2, 9, 11, 3, 4, 4, 2, 8},     // a first encoder layer
    {3, 15, 15, 8, 4, 4, 2, 16},   // rows and columns that no window reaches
    {5, 6, 6, 16, 4, 4, 2, 32},    // 2 x 2 windows
    {7, 5, 5, 6, 5, 5, 2, 20},     // one window: a plain product
    {2, 14, 14, 16, 6, 6, 2, 32},  // decoder layers
    {1, 32, 32, 3, 6, 6, 2, 16},
    {2, 7, 8, 5, 3, 2, 1, 7},   // kh != kw, H != W, odd channels
    {2, 8, 7, 2, 1, 1, 1, 3},   // 1 x 1
    {1, 9, 9, 3, 2, 2, 3, 5},   // gaps between windows
    {2, 13, 9, 1, 3, 3, 4, 1},  // one channel each way
    {1, 8, 8, 33, 3, 3, 1, 40},
    {1, 4, 300, 2, 3, 3, 1, 4},   // rows longer than a block of windows
    {40, 12, 12, 3, 4, 4, 1, 9},  // more than one partial sum of the filter's gradient
    {4, 5, 8, 13, 1, 4, 1, 520},  // so many filters that their gradient copies the windows
    {1, 3, 3, 2, 3, 3, 1, 2},
};

}  // namespace

TEST_CASE_TEMPLATE("conv2d equals its definition", T, float, double) {
  for (const ConvShape& s : shapes) {
    INFO(describe(s));
    const Sizes n(s);
    const auto x = uniform<T>(n.large, 1), w = uniform<T>(n.filter, 2), bias = uniform<T>(s.F, 3);
    for (Activation act : all_activations) {
      for (bool accumulate : {false, true}) {
        const Epilogue<T> epilogue{accumulate, accumulate ? nullptr : bias.data(), act};
        auto y = uniform<T>(n.small, 4), expected = y;
        kernels::conv2d(s, x.data(), w.data(), y.data(), epilogue);
        kernels::conv2d_naive(s, x.data(), w.data(), expected.data(), epilogue);
        CHECK(same_bits(y, expected));
      }
    }
  }
}

TEST_CASE_TEMPLATE("conv2d_adjoint equals its definition", T, float, double) {
  for (const ConvShape& s : shapes) {
    INFO(describe(s));
    const Sizes n(s);
    const auto y = integers<T>(n.small, 1), w = integers<T>(n.filter, 2),
               bias = integers<T>(s.C, 3);
    for (Activation act : all_activations) {
      for (int e = 0; e < 4; ++e) {
        const Epilogue<T> epilogue{(e & 1) != 0, e & 2 ? bias.data() : nullptr, act};
        auto x = integers<T>(n.large, 4), expected = x;
        kernels::conv2d_adjoint(s, y.data(), w.data(), x.data(), epilogue);
        kernels::conv2d_adjoint_naive(s, y.data(), w.data(), expected.data(), epilogue);
        for (T& v : x) v += T(0);  // -0 and 0 are the same sum
        for (T& v : expected) v += T(0);
        CHECK(same_bits(x, expected));
      }
    }
  }
}

TEST_CASE_TEMPLATE("conv2d_adjoint of pictures equals its definition at any number of them", T,
                   float, double) {
  for (std::ptrdiff_t N : {1, 7, 8, 9, 16, 17, 33, 64, 65, 130}) {
    for (std::ptrdiff_t window : {4, 6}) {
      const ConvShape s{N, 11, 9, 3, window, window, 2, 5};  // a row and a column left over
      INFO(describe(s));
      const Sizes n(s);
      const auto y = uniform<T>(n.small, 1), w = uniform<T>(n.filter, 2), bias = uniform<T>(s.C, 3);
      for (Activation act : {Activation::none, Activation::relu, Activation::tanh}) {
        const Epilogue<T> epilogue{false, bias.data(), act};
        std::vector<T> x(static_cast<std::size_t>(n.large + 1), T(7)), one = x;
        kernels::conv2d_adjoint(s, y.data(), w.data(), x.data(), epilogue);
        ConvShape alone = s;  // an image's result does not depend on the rest of the batch
        alone.N = 1;
        for (std::ptrdiff_t i = 0; i < N; ++i)
          kernels::conv2d_adjoint(alone, y.data() + i * n.small / N, w.data(),
                                  one.data() + i * n.large / N, epilogue);
        CHECK(same_bits(x, one));
        CHECK(x.back() == T(7));
      }
      const auto whole = integers<T>(n.small, 1), taps = integers<T>(n.filter, 2);
      std::vector<T> x(static_cast<std::size_t>(n.large)), expected = x;
      kernels::conv2d_adjoint(s, whole.data(), taps.data(), x.data());
      kernels::conv2d_adjoint_naive(s, whole.data(), taps.data(), expected.data());
      for (T& v : x) v += T(0);
      for (T& v : expected) v += T(0);
      CHECK(same_bits(x, expected));
    }
  }
}

TEST_CASE_TEMPLATE("conv2d_filter_gradient equals its definition and adds", T, float, double) {
  for (const ConvShape& s : shapes) {
    INFO(describe(s));
    const Sizes n(s);
    const auto x = integers<T>(n.large, 1), y = integers<T>(n.small, 2);
    auto dw = integers<T>(n.filter, 3), expected = dw;
    kernels::conv2d_filter_gradient(s, x.data(), y.data(), dw.data());
    kernels::conv2d_filter_gradient_naive(s, x.data(), y.data(), expected.data());
    for (T& v : dw) v += T(0);
    for (T& v : expected) v += T(0);
    CHECK(same_bits(dw, expected));
  }
}

TEST_CASE("conv2d and conv2d_adjoint are each other's adjoint") {
  for (const ConvShape& s : shapes) {
    INFO(describe(s));
    const Sizes n(s);
    const auto x = uniform<double>(n.large, 1), w = uniform<double>(n.filter, 2),
               y = uniform<double>(n.small, 3);
    std::vector<double> cx(static_cast<std::size_t>(n.small)),
        cy(static_cast<std::size_t>(n.large)), dw(static_cast<std::size_t>(n.filter));
    kernels::conv2d(s, x.data(), w.data(), cx.data());
    kernels::conv2d_adjoint(s, y.data(), w.data(), cy.data());
    kernels::conv2d_filter_gradient(s, x.data(), y.data(), dw.data());
    const auto dot = [](const std::vector<double>& a, const std::vector<double>& b) {
      double sum = 0;
      for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
      return sum;
    };
    const double left = dot(cx, y);
    CHECK(dot(x, cy) == doctest::Approx(left).epsilon(1e-11));  // <A x, y> = <x, A^T y>
    CHECK(dot(dw, w) == doctest::Approx(left).epsilon(1e-11));  // the product is linear in w, too
  }
}

TEST_CASE("convolutions have the same bits at any thread count") {
  const ConvShape s{70, 14, 14, 5, 4, 4, 2, 18};
  const Sizes n(s);
  const auto x = uniform<float>(n.large, 1), w = uniform<float>(n.filter, 2),
             y = uniform<float>(n.small, 3);
  CHECK(same_at_any_thread_count([&] {
    std::vector<float> out(static_cast<std::size_t>(n.small));
    kernels::conv2d(s, x.data(), w.data(), out.data());
    return out;
  }));
  CHECK(same_at_any_thread_count([&] {
    std::vector<float> out(static_cast<std::size_t>(n.large));
    kernels::conv2d_adjoint(s, y.data(), w.data(), out.data(), {false, nullptr, Activation::elu});
    return out;
  }));
  CHECK(same_at_any_thread_count([&] {
    std::vector<float> out(static_cast<std::size_t>(n.filter));
    kernels::conv2d_filter_gradient(s, x.data(), y.data(), out.data());
    return out;
  }));
}

TEST_CASE("an empty batch and an image smaller than the window change nothing") {
  std::vector<float> x(100, 1.0f), w(100, 1.0f), y(100, 7.0f);
  const ConvShape empty{0, 4, 4, 1, 3, 3, 1, 1};
  kernels::conv2d(empty, x.data(), w.data(), y.data());
  kernels::conv2d_filter_gradient(empty, x.data(), y.data(), w.data());
  CHECK(y == std::vector<float>(100, 7.0f));
  CHECK(w == std::vector<float>(100, 1.0f));
}
