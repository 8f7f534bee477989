// The tape's error messages: the op, the layer path, the rule; and the first op whose result is not
// finite.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "autograd/op.hpp"
#include "autograd/ops.hpp"

namespace planet {
namespace {

using V = std::vector<double>;
constexpr double inf = std::numeric_limits<double>::infinity();

// y = x with a derivative of NaN at element 1: a mistake that only backward reveals.
struct NanBackward {
  static constexpr std::string_view name = "nan_backward";
  static constexpr int arity = 1;
  static Shape shape(Shapes in, const NoAttr&) { return in[0]; }
  template <class T>
  static void forward(const Call<T>& c) {
    for (std::ptrdiff_t i = 0; i < c.shape().size(); ++i) c.y()[i] = c.x(0)[i];
  }
  template <class T>
  static void backward(const Call<T>& c) {
    c.dx(0)[1] += std::numeric_limits<T>::quiet_NaN();
  }
  static constexpr std::array examples = {Example<>{"never checked: it is wrong", {{{2}}}}};
};
using Wrong = std::tuple<NanBackward>;

}  // namespace

TEST_CASE("an error names the op the layer path and both shapes") {
  Tape t(Precision::f64);
  NameScope outer(t, "rssm");
  {
    NameScope inner(t, "prior");
    CHECK(t.scope_path() == "rssm/prior");
    CHECK_THROWS_WITH_AS(add(t.zeros({2, 3}), t.zeros({3, 2})),
                         doctest::Contains("[add] rssm/prior: "), Error);
    CHECK_THROWS_WITH_AS(add(t.zeros({2, 3}), t.zeros({3, 2})), doctest::Contains("[2,3]"), Error);
    CHECK_THROWS_WITH_AS(add(t.zeros({2, 3}), t.zeros({3, 2})), doctest::Contains("[3,2]"), Error);
  }
  CHECK(t.scope_path() == "rssm");
  CHECK_THROWS_WITH_AS(matmul(t.zeros({2, 3}), t.zeros({2, 3})),
                       doctest::Contains("[matmul] rssm: "), Error);
}

TEST_CASE("a failed record leaves the tape as it was") {
  Tape t(Precision::f64);
  const auto a = t.variable(V{1, 2}, {2});
  const auto b = t.zeros({3});
  const std::size_t size = t.size();
  CHECK_THROWS_AS(add(a, b), Error);
  CHECK(t.size() == size);
  t.backward(sum(a));
  CHECK(t.grad<double>(a)[0] == 1);
}

TEST_CASE("mixed tapes and an empty Var are refused") {
  Tape t(Precision::f64), other(Precision::f64);
  const auto a = t.zeros({2}), b = other.zeros({2});
  CHECK_THROWS_WITH_AS(add(a, b), "[add] input 1 is on another tape", Error);
  CHECK_THROWS_WITH_AS(add(a, Var{}), "[add] input 1 is an empty Var", Error);
  CHECK_THROWS_WITH_AS(add(Var{}, a), "[add] input 0 is an empty Var", Error);
  CHECK_THROWS_WITH_AS(std::ignore = t.value<double>(b), "this Var is on another tape", Error);
  CHECK_THROWS_WITH_AS(Var{}.value<double>(), "this Var is empty: it was never given a value",
                       Error);
  CHECK_THROWS_WITH_AS((record<NanBackward, Wrong>({a, a})), "[nan_backward] takes 1 input, got 2",
                       Error);
  CHECK_THROWS_WITH_AS(concat(std::span<const Var>{}), doctest::Contains("at least one input"),
                       Error);
  CHECK_THROWS_WITH_AS(a.item(), "[item] the value has shape [2]; it must have one element", Error);
}

TEST_CASE("a parameter that moved while its leaf is alive is refused") {
  ParamStore store(Precision::f64);
  Tape t(Precision::f64);
  t.use(store.add("a", {2}));
  for (int i = 0; i < 10; ++i) store.add(cat("more ", i), {1000});
  CHECK_THROWS_WITH_AS(t.use(store.params().front()),
                       doctest::Contains("parameter a has moved since it was first used"), Error);
  t.reset();
  CHECK(t.use(store.params().front()).shape() == Shape{2});
}

TEST_CASE("P31 check_finite names the first op that made a NaN with its layer path") {
  Tape t(Precision::f64);
  t.check_finite(true);
  const auto x = t.constant(V{0.5, 0, 2}, {3});
  NameScope model(t, "rssm");
  NameScope layer(t, "posterior");
  CHECK_THROWS_WITH_AS(log(x),
                       "[log] rssm/posterior: the result is -inf at element 1 of [3]; this is the "
                       "first op that made a non-finite value (input 0 [3] in [0, 2])",
                       NonFinite);
  t.check_finite(false);
  CHECK(log(x).value<double>()[1] == -inf);
}

TEST_CASE(
    "P31 without check_finite a NaN spreads and with it the culprit is found not the victim") {
  Tape t(Precision::f64);
  const auto victim = [&] {
    NameScope a(t, "a");
    const auto y = sub(log(t.constant(V{0}, {1})), log(t.constant(V{0}, {1})));  // -inf + inf
    NameScope b(t, "b");
    return square(y);
  };
  CHECK(std::isnan(victim().item()));
  t.check_finite(true);
  CHECK_THROWS_WITH_AS(victim(), doctest::Contains("[log] a: the result is -inf"), NonFinite);
}

TEST_CASE("P31 in backward the op whose derivative is not finite is named") {
  Tape t(Precision::f64);
  t.check_finite(true);
  const auto x = t.variable(V{1, 2, 3}, {3});
  Var y;
  {
    NameScope culprit(t, "culprit");
    y = record<NanBackward, Wrong>({square(x)});
  }
  NameScope innocent(t, "innocent");
  const auto loss = sum(square(y));
  CHECK_THROWS_WITH_AS(
      t.backward(loss),
      "[nan_backward] culprit: the gradient of input 0 is nan at element 1 of [3]; "
      "this is the first op that made a non-finite value (input 0 [3] in [1, 9])",
      NonFinite);
  CHECK_THROWS_WITH_AS(t.backward(square(x), V{1, inf, 1}),
                       doctest::Contains("the cotangent given to backward() is inf at element 1"),
                       NonFinite);
}

TEST_CASE("a backward that threw can be repeated") {
  ParamStore params(Precision::f64);
  auto& w = params.add("w", {3});
  std::fill_n(w.value<double>(), 3, 1.0);
  Tape t(Precision::f64);
  const auto y = square(t.use(w));
  const auto bad = sum(record<NanBackward, Wrong>({y}));
  const auto good = sum(y);
  t.check_finite(true);
  CHECK_THROWS_AS(t.backward(bad), NonFinite);
  params.zero_grad();
  t.backward(good);
  for (int i = 0; i < 3; ++i) CHECK(w.grad<double>()[i] == 2);
}

}  // namespace planet
