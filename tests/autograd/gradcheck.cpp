// The gradient check of every op of the engine, of a user's own list, and of whole models.
#include "autograd/gradcheck.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "autograd/base/philox.hpp"
#include "autograd/ops.hpp"

namespace planet {
namespace {

void fill(Param& p, std::initializer_list<double> values) {
  REQUIRE(static_cast<std::ptrdiff_t>(values.size()) == p.shape.size());
  std::copy(values.begin(), values.end(), p.value<double>());
}

void fill_normal(ParamStore& params) {
  Rng rng(1, Stream::test);
  for (std::ptrdiff_t i = 0; i < params.size(); ++i)
    params.values<double>()[i] = 0.5 * rng.normal();
}

// y = x^3, dx += 3 x^2 dy, as a user of the library would write it; wrong on request.
template <bool wrong>
struct Cube {
  static constexpr std::string_view name = wrong ? "wrong_cube" : "cube";
  static constexpr int arity = 1;
  static Shape shape(Shapes in, const NoAttr&) { return in[0]; }
  template <class T>
  static void forward(const Call<T>& c) {
    for (std::ptrdiff_t i = 0; i < c.shape().size(); ++i)
      c.y()[i] = c.x(0)[i] * c.x(0)[i] * c.x(0)[i];
  }
  template <class T>
  static void backward(const Call<T>& c) {
    if (T* dx = c.dx(0))
      for (std::ptrdiff_t i = 0; i < c.shape().size(); ++i)
        dx[i] += (wrong ? 2 : 3) * c.x(0)[i] * c.x(0)[i] * c.dy()[i];
  }
  static constexpr std::array examples = {Example<>{"both signs", {{{2, 3}, -2, 2}}}};
};
using MyOps = std::tuple<Cube<false>, Cube<true>>;

}  // namespace

TEST_CASE("every op passes its gradient check") {
  const auto reports = gradcheck_all_ops();
  for (const GradReport& r : reports) {
    INFO(r.name, ", ", r.example);
    CHECK_MESSAGE(r.ok, r.failure);
    CHECK(r.worst <= r.tolerance);
    CHECK(r.float_error <= 1e-4);
    const std::vector<std::string> products{"matmul", "linear", "gru_cell", "conv2d",
                                            "conv2d_transpose"};
    const bool rounds = std::find(products.begin(), products.end(), r.name) != products.end();
    CHECK((r.bf16_error > 2 * r.float_error) == rounds);
    CHECK(r.bf16_error <= 0.03);
    CHECK(((r.derivatives > 0) != (r.name == "stop_gradient")));
  }
  CHECK(all_ok(reports));
  CHECK(all_op_names().size() == std::tuple_size_v<AllOps>);
  for (const std::string& name : all_op_names()) CHECK(all_ok(gradcheck_all_ops(name)));
}

TEST_CASE("op names are unique and a wrong one gets the nearest") {
  auto names = all_op_names();
  CHECK_THROWS_WITH(gradcheck_all_ops("gru_sell"),
                    "there is no op named 'gru_sell' (did you mean 'gru_cell'?)");
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}

TEST_CASE("the numbers of a check do not depend on what was checked before") {
  const auto alone = gradcheck_all_ops("gru_cell");
  for (const GradReport& r : gradcheck_all_ops()) {
    if (r.name != "gru_cell" || r.example != alone[0].example) continue;
    CHECK(r.worst == alone[0].worst);
    CHECK(r.analytic == alone[0].analytic);
  }
}

TEST_CASE("a list of a user's own is checked under the same rule") {
  CHECK(all_ok(gradcheck_list<MyOps>("cube")));
  const auto reports = gradcheck_list<MyOps>();
  REQUIRE(reports.size() == 2);
  CHECK(reports[0].ok);
  CHECK_FALSE(reports[1].ok);
  CHECK_FALSE(all_ok(reports));
  CHECK(reports[1].failure.find("all of it is 0.666667 times") != std::string::npos);
  CHECK_FALSE(all_ok({}));
}

TEST_CASE("a model passes and its parameters are unchanged") {
  ParamStore params(Precision::f64);
  auto &W1 = params.add("fc1/weight", {3, 4}), &b1 = params.add("fc1/bias", {4});
  auto &W2 = params.add("fc2/weight", {4, 2}), &b2 = params.add("fc2/bias", {2});
  fill_normal(params);
  std::fill_n(params.grads<double>(), params.size(), 7.0);
  const std::vector<double> before(params.values<double>(),
                                   params.values<double>() + params.size());
  const std::array x = {0.3, -0.7, 1.1, -0.2, 0.9, 0.4};
  const LossFunction loss = [&](Tape& t) {
    const auto h = linear(t.constant(x, {2, 3}), t.use(W1), t.use(b1), Activation::elu);
    return sum(square(linear(h, t.use(W2), t.use(b2))));
  };
  const auto reports = gradcheck(loss, params);
  REQUIRE(reports.size() == 4);
  for (const GradReport& r : reports) CHECK_MESSAGE(r.ok, r.failure);
  CHECK(reports[0].name == "fc1/weight");
  CHECK(reports[0].example == "[3,4]");
  CHECK(reports[0].derivatives == 12);
  CHECK(std::equal(before.begin(), before.end(), params.values<double>()));
  CHECK(std::all_of(params.grads<double>(), params.grads<double>() + params.size(),
                    [](double g) { return g == 7; }));

  const auto some = gradcheck(loss, params, {.only = {"fc2/weight"}, .elements = 3});
  REQUIRE(some.size() == 1);
  CHECK(some[0].derivatives == 3);
  CHECK(some[0].ok);
  CHECK_THROWS_WITH(gradcheck(loss, params, {.only = {"fc2/wieght"}}),
                    "[gradcheck] there is no parameter named 'fc2/wieght' (did you mean "
                    "'fc2/weight'?)");
}

TEST_CASE("a model with a wrong op inside is rejected") {
  ParamStore params(Precision::f64);
  auto& w = params.add("w", {3});
  fill(w, {0.5, -1.0, 2.0});
  const auto reports =
      gradcheck([&](Tape& t) { return sum(record<Cube<true>, MyOps>({t.use(w)})); }, params);
  REQUIRE(reports.size() == 1);
  CHECK_FALSE(reports[0].ok);
  CHECK(reports[0].failure.starts_with("the gradient of w is "));
}

TEST_CASE("a parameter without influence is not reported as checked") {
  ParamStore params(Precision::f64);
  auto &w = params.add("w", {1}), &unused = params.add("unused", {2});
  fill(w, {1.5});
  fill(unused, {1, 2});
  const auto reports = gradcheck([&](Tape& t) { return square(t.use(w)); }, params);
  REQUIRE(reports.size() == 2);
  CHECK(reports[0].ok);
  CHECK_FALSE(reports[1].ok);
  CHECK(reports[1].failure.starts_with("nothing was proved: no derivative by unused exceeds"));
}

TEST_CASE("a kink within h is stepped around, one at the point itself is not") {
  ParamStore params(Precision::f64);
  auto& w = params.add("w", {2});
  const LossFunction loss = [&](Tape& t) {
    return sum(relu(t.use(w))) + sum(scale(t.use(w), 0.5));
  };
  fill(w, {1e-6, -1e-6});  // h is 6e-6
  auto reports = gradcheck(loss, params);
  CHECK_MESSAGE(reports[0].ok, reports[0].failure);
  CHECK(reports[0].smaller_steps == 2);
  CHECK(reports[0].kinks == 0);
  CHECK(reports[0].note == "");
}

TEST_CASE("a ReLU exactly at its kink is called a kink, not a fault") {
  ParamStore params(Precision::f64);
  auto& w = params.add("w", {2});
  const LossFunction loss = [&](Tape& t) {
    return sum(scale(relu(t.use(w)), 2)) + sum(scale(t.use(w), 0.5));
  };
  fill(w, {0, 1});
  auto reports = gradcheck(loss, params);
  CHECK_MESSAGE(reports[0].ok, reports[0].failure);
  CHECK(reports[0].proved);
  CHECK(reports[0].kinks == 1);
  CHECK(reports[0].derivatives == 1);
  CHECK(reports[0].note ==
        "element [0] of w lies at a kink: the slope is 0.5 below it and 2.5 above it, and its "
        "gradient is 0.5; it was not compared");
  // A gradient that is neither of the two slopes is wrong.
  const auto wrong = gradcheck(
      [&](Tape& t) {
        const auto x = t.use(w);
        return sum(relu(x)) + sum(scale(x, 3)) - sum(scale(stop_gradient(x), 3));
      },
      params);
  CHECK_FALSE(wrong[0].ok);
  CHECK(wrong[0].failure ==
        "element [0] of w lies at a kink: the slope is 0 below it and 1 above it, and its gradient "
        "is 3");
  fill(w, {0, 0});  // nothing is left to compare
  reports = gradcheck(loss, params);
  CHECK_FALSE(reports[0].ok);
  CHECK(reports[0].failure.find("nothing was proved") == 0);
  CHECK(reports[0].failure.find("lies at a kink") != std::string::npos);
}

TEST_CASE("a sample of the elements fails only where all of them would") {
  ParamStore params(Precision::f64);
  auto& w = params.add("w", {20});
  std::fill_n(w.value<double>(), 20, -0.7);
  w.value<double>()[13] = 0.7;  // the only one that is not dead
  const LossFunction loss = [&](Tape& t) { return sum(relu(t.use(w))); };
  for (std::ptrdiff_t n = 1; n <= 20; ++n) {
    const auto reports = gradcheck(loss, params, {.only = {}, .elements = n});
    CHECK_MESSAGE(reports[0].ok, reports[0].failure);
    CHECK(reports[0].proved);
    CHECK(reports[0].derivatives >= n);
    CHECK(reports[0].derivatives <= n + 1);
  }
  w.value<double>()[13] = -0.7;  // now all are dead
  const auto sample = gradcheck(loss, params, {.only = {}, .elements = 3}),
             all = gradcheck(loss, params);
  CHECK(sample[0].ok);
  CHECK_FALSE(sample[0].proved);
  CHECK(sample[0].note.starts_with("nothing was proved: no derivative by w exceeds"));
  CHECK_FALSE(all[0].ok);
}

TEST_CASE("a loss that is not a function of the parameters is refused") {
  ParamStore params(Precision::f64);
  auto& w = params.add("w", {1});
  fill(w, {1});
  Rng rng(3, Stream::test);
  CHECK_THROWS_WITH_AS(gradcheck([&](Tape& t) { return scale(t.use(w), rng.normal()); }, params),
                       doctest::Contains("draw its noise once, outside"), Error);
  CHECK_THROWS_WITH_AS(gradcheck([&](Tape& t) { return scale(t.use(w), NAN); }, params),
                       "[gradcheck] the loss is nan", Error);
}

TEST_CASE("a loss of many numbers is refused with what to do") {
  ParamStore params(Precision::f64);
  auto& w = params.add("w", {3, 2});
  CHECK_THROWS_WITH(
      gradcheck([&](Tape& t) { return 2 * t.use(w); }, params),
      "[gradcheck] the loss has shape [3,2]; it must be one number: return sum(...) or "
      "mean(...) of it, or call check_grads, which takes a result of any shape");
}

TEST_CASE("step and tolerance hold for ops as well") {
  const auto exp = [](const GradcheckOptions& o) { return gradcheck_all_ops("exp", o); };
  CHECK(all_ok(exp({.step = 1e-5})));
  CHECK_FALSE(all_ok(exp({.step = 1e-2})));
  CHECK(all_ok(exp({.tolerance = 1e-3, .step = 1e-2})));
  CHECK_THROWS_WITH(exp({.step = 1}), "[gradcheck] the step is 1; it must lie between 0 and 1");
}

TEST_CASE("a loss that becomes NaN beside the point fails") {
  ParamStore params(Precision::f64);
  auto& w = params.add("w", {1});
  fill(w, {1e-9});  // and -6e-6 has no logarithm
  const auto reports = gradcheck([&](Tape& t) { return log(t.use(w)); }, params);
  CHECK_FALSE(reports[0].ok);
}

}  // namespace planet
