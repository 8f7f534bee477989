// The gradient checker is checked: a correct op, and the same op with one mistake at a time. Each
// mistake must be rejected with the sentence that names it.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "autograd/gradcheck.hpp"

namespace planet {
namespace {

enum class Bug {
  none,
  wrong_sign,
  factor_two,
  assigns,
  adds_to_nothing,
  assigns_in_part,
  missing_term,
  missing_gradient,
  swapped_arguments,
  nan_result,
  infinite_result_nearby,
  nan_gradient,
  first_row_only,
  broadcast_not_reduced,
  writes_noise,
  writes_value,
  loses_one_of_two,
  float_result,
  float_gradient,
  float_assigns,
  inference_only,
};

// y = a b + a^2 + w + m      da += dy (b + 2a)    db += dy a    dw += sum over rows of dy
// a, b [R,C], w [C] under every row, m [R,C] noise without a gradient
template <Bug bug>
struct Planted {
  static constexpr std::string_view name = "planted";
  static constexpr int arity = 4;
  static constexpr std::array<bool, 4> differentiable = {true, true, true, false};
  static Shape shape(Shapes in, const NoAttr&) { return in[0]; }

  template <class T>
  static void forward(const Call<T>& c) {
    const T *a = c.x(0), *b = c.x(1), *w = c.x(2), *m = c.x(3);
    const std::ptrdiff_t columns = c.shape().last();
    for (std::ptrdiff_t i = 0; i < c.shape().size(); ++i) {
      T y = a[i] * b[i] + a[i] * a[i] + w[i % columns] + m[i];
      if (bug == Bug::nan_result && i == 5) y = std::numeric_limits<T>::quiet_NaN();
      if (bug == Bug::infinite_result_nearby && a[i] != static_cast<T>(static_cast<float>(a[i])))
        y = std::numeric_limits<T>::infinity();  // only at the points of the differences
      if (bug == Bug::float_result && sizeof(T) == 4) y *= T(1.001);
      if (bug == Bug::inference_only && !c.dx(0)) y *= 1 + std::numeric_limits<T>::epsilon();
      c.y()[i] = y;
    }
    if (bug == Bug::writes_value) const_cast<T*>(a)[0] = 0;
  }

  template <class T>
  static void backward(const Call<T>& c) {
    const T *a = c.x(0), *b = c.x(1);
    T* dy = c.dy();
    if (bug == Bug::float_gradient && sizeof(T) == 4) dy[3] *= T(1.001);
    if (bug == Bug::loses_one_of_two) return lose_one(c);
    const std::ptrdiff_t n = c.shape().size(), columns = c.shape().last();
    if (const auto da = c.sink(0)) {
      for (std::ptrdiff_t i = 0; i < n; ++i) {
        T d = dy[i] * (b[i] + 2 * a[i]);
        if (bug == Bug::missing_term) d = dy[i] * b[i];
        if (bug == Bug::factor_two) d *= 2;
        if (bug == Bug::swapped_arguments) d = dy[i] * a[i];
        bool add = da.add;
        if (bug == Bug::assigns || (bug == Bug::float_assigns && sizeof(T) == 4)) add = false;
        if (bug == Bug::adds_to_nothing) add = true;
        if (bug == Bug::assigns_in_part && !add && i == 5) continue;
        da.p[i] = (add ? da.p[i] : 0) + d;
      }
    }
    if (T* db = c.dx(1); db && bug != Bug::missing_gradient) {
      for (std::ptrdiff_t i = 0; i < n; ++i) {
        T d = dy[i] * a[i];
        if (bug == Bug::wrong_sign) d = -d;
        if (bug == Bug::swapped_arguments) d = dy[i] * (b[i] + 2 * a[i]);
        db[i] += d;
      }
    }
    if (T* dw = c.dx(2)) {
      const std::ptrdiff_t m = bug == Bug::first_row_only ? columns : n;
      for (std::ptrdiff_t i = 0; i < m; ++i)
        dw[bug == Bug::broadcast_not_reduced ? i : i % columns] += dy[i];
      if (bug == Bug::nan_gradient) dw[2] = std::numeric_limits<T>::quiet_NaN();
    }
    if (bug == Bug::writes_noise)
      for (std::ptrdiff_t i = 0; i < n; ++i) c.dx(3)[i] += dy[i];
  }

  // Both gradients are read before either is written: wrong when they are the same memory.
  template <class T>
  static void lose_one(const Call<T>& c) {
    const T *a = c.x(0), *b = c.x(1), *dy = c.dy();
    for (std::ptrdiff_t i = 0; i < c.shape().size(); ++i) {
      const T da = c.dx(0)[i] + dy[i] * (b[i] + 2 * a[i]), db = c.dx(1)[i] + dy[i] * a[i];
      c.dx(0)[i] = da;
      c.dx(1)[i] = db;
      c.dx(2)[i % c.shape().last()] += dy[i];
    }
  }

  static constexpr std::array examples = {
      Example<>{"three rows", {{{3, 4}, -2, 2}, {{3, 4}, -2, 2}, {{4}}, {{3, 4}}}}};
};

template <class Op>
GradReport verdict() {
  const auto reports = gradcheck_op<Op, std::tuple<Op>>();
  REQUIRE(reports.size() == 1);
  return reports[0];
}

template <class Op>
void rejected(const std::string& sentence) {
  const GradReport r = verdict<Op>();
  INFO("expected: ", sentence);
  INFO("the checker said: ", r.failure);
  CHECK_FALSE(r.ok);
  CHECK(r.failure.find(sentence) != std::string::npos);
}

// An op of one input, to plant a bad example in.
enum class Bad {
  nothing,
  vacuous,
  hidden_kink,
  kink_out_of_range,
  no_reason,
  wrong_count,
  too_large,
  throws
};

template <Bad bad>
struct BadExample {
  static constexpr std::string_view name = "bad_example";
  static constexpr int arity = 1;
  static Shape shape(Shapes in, const NoAttr&) {
    require(bad != Bad::throws, "x is ", in[0], ", which does not fit");
    return in[0];
  }
  template <class T>
  static void forward(const Call<T>& c) {
    for (std::ptrdiff_t i = 0; i < c.shape().size(); ++i) {
      const T x = c.x(0)[i];
      c.y()[i] = bad == Bad::vacuous ? x * T(1e-4) : x > 0 ? 2 * x : x;
    }
  }
  template <class T>
  static void backward(const Call<T>& c) {
    for (std::ptrdiff_t i = 0; i < c.shape().size(); ++i)
      c.dx(0)[i] += c.dy()[i] * (bad == Bad::vacuous ? T(1e-4) : c.x(0)[i] > 0 ? T(2) : T(1));
  }
  static constexpr auto make() {
    Example<> e{"an example", {{{8}, -1, 1, 0}}};
    if (bad == Bad::hidden_kink) e.inputs.list[0] = {{8}, -1e-5, 1e-5};
    if (bad == Bad::kink_out_of_range) e.inputs.list[0] = {{8}, 1, 2, 0};
    if (bad == Bad::no_reason) e.tolerance = 1e-3;
    if (bad == Bad::wrong_count) e.inputs.count = 2;
    if (bad == Bad::too_large) e.inputs.list[0] = {{61}, -1, 1, 0};
    return std::array<Example<>, 1>{e};
  }
  static constexpr auto examples = make();
};

}  // namespace

TEST_CASE("the op without a mistake passes") {
  const GradReport r = verdict<Planted<Bug::none>>();
  CHECK_MESSAGE(r.ok, r.failure);
  CHECK(r.derivatives == 12 + 12 + 4 + 12 + 4);  // and again with one variable as a and b
  CHECK(r.worst > 0);
  CHECK(r.worst < 1e-8);
  CHECK(r.float_error > 0);
  CHECK(verdict<BadExample<Bad::nothing>>().ok);
}

TEST_CASE("a wrong derivative is rejected by name") {
  rejected<Planted<Bug::wrong_sign>>("it has the wrong sign");
  rejected<Planted<Bug::factor_two>>("all of it is 2 times what it should be");
  rejected<Planted<Bug::missing_term>>("a term is missing or wrong");
  rejected<Planted<Bug::missing_gradient>>("backward adds nothing to it");
  rejected<Planted<Bug::swapped_arguments>>("inputs 0 and 1 have each other's gradient");
  rejected<Planted<Bug::first_row_only>>("the gradient of input 2 is");
  rejected<Planted<Bug::first_row_only>>(
      "4 of 4 elements are wrong; it is what row 0 of the result alone would give: a sum over the "
      "3 "
      "rows is missing");
}

TEST_CASE("a backward that writes a right derivative in a wrong way is rejected") {
  rejected<Planted<Bug::assigns>>("backward assigns (=) where it must add (+=)");
  rejected<Planted<Bug::adds_to_nothing>>("[planted] the gradient of input 0 is nan at element 0");
  rejected<Planted<Bug::assigns_in_part>>("[planted] the gradient of input 0 is nan at element 5");
  rejected<Planted<Bug::broadcast_not_reduced>>(
      "backward writes outside a gradient, after input 2 (is a broadcast not summed up?)");
  rejected<Planted<Bug::writes_noise>>(
      "backward writes to the gradient of input 3, which is declared as not differentiable");
  rejected<Planted<Bug::writes_value>>("forward writes to its inputs' values");
  rejected<Planted<Bug::loses_one_of_two>>("one variable as inputs 0 and 1: ");
}

TEST_CASE("NaN is never accepted") {
  rejected<Planted<Bug::nan_result>>("the result is nan at element 5");
  rejected<Planted<Bug::nan_gradient>>("the gradient of input 2 is nan at element 2");
  rejected<Planted<Bug::infinite_result_nearby>>("the result becomes infinite or NaN when element");
}

TEST_CASE("a mistake in float alone or in inference mode alone is rejected") {
  rejected<Planted<Bug::float_result>>("float differs from double: the result is off by");
  rejected<Planted<Bug::float_gradient>>("float differs from double: the gradient of input 0");
  rejected<Planted<Bug::float_assigns>>("backward assigns (=) where it must add (+=)");
  rejected<Planted<Bug::inference_only>>("inference mode gives other bits than recording");
}

TEST_CASE("an example that cannot prove anything is rejected") {
  rejected<BadExample<Bad::vacuous>>("no derivative by input 0 exceeds 0.001");
  rejected<BadExample<Bad::hidden_kink>>("a hidden kink: result ");
  rejected<BadExample<Bad::kink_out_of_range>>("cannot lie on both sides of its kink 0");
  rejected<BadExample<Bad::no_reason>>("the tolerance is 0.001 instead of 1e-6, and no reason");
  rejected<BadExample<Bad::wrong_count>>("the example has 2 inputs, the op takes 1");
  rejected<BadExample<Bad::too_large>>("input 0 has 61 elements");
  rejected<BadExample<Bad::throws>>("[bad_example] x is [8], which does not fit");
}

}  // namespace planet
