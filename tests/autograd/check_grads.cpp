// The gradient check of a function in one call: its inputs, its options, its report, and that it tells
// one kind of mistake from another.
#include <doctest/doctest.h>

#include <cmath>
#include <sstream>

#include "autograd/gradcheck.hpp"
#include "autograd/ops.hpp"

namespace planet {
namespace {

enum class Mistake {
  none,
  last_element,
  vector_tail,
  one_row,
  dy_transposed,
  all_transposed,
  factor,
  row_factor,
  one_branch,
  row_mean,
  first_row,
  assigns,
};

// y[r,c] = x[r,c]^2 - mean of row r of x + w[c]
// dx[r,c] += 2 x[r,c] dy[r,c] - mean of row r of dy        dw[c] += sum_r dy[r,c]
struct Mistaken {
  struct Attr {
    Mistake mistake;
  };
  static constexpr std::string_view name = "mistaken";
  static constexpr int arity = 2;
  static Shape shape(Shapes in, const Attr&) { return in[0]; }

  template <class T>
  static T row_mean(const T* x, std::ptrdiff_t row, std::ptrdiff_t C) {
    T sum = 0;
    for (std::ptrdiff_t j = 0; j < C; ++j) sum += x[row * C + j];
    return sum / static_cast<T>(C);
  }
  template <class T>
  static void forward(const Call<T, Attr>& c) {
    const T *x = c.x(0), *w = c.x(1);
    const std::ptrdiff_t C = c.shape().last();
    for (std::ptrdiff_t i = 0; i < c.shape().size(); ++i)
      c.y()[i] = x[i] * x[i] - row_mean(x, i / C, C) + w[i % C];
  }
  template <class T>
  static void backward(const Call<T, Attr>& c) {
    const T *x = c.x(0), *dy = c.dy();
    const std::ptrdiff_t n = c.shape().size(), C = c.shape().last(), R = n / C;
    const Mistake m = c.attr().mistake;
    if (T* dx = c.dx(0))
      for (std::ptrdiff_t i = 0; i < n; ++i) {
        const std::ptrdiff_t turned = i % R * C + i / R;
        const std::ptrdiff_t from = m == Mistake::all_transposed ? turned : i;
        const T d = dy[m == Mistake::dy_transposed ? turned : from];
        T slope = m == Mistake::one_branch && x[i] < 0 ? x[i] : 2 * x[from];
        if (m == Mistake::last_element && i == n - 1) slope = 0;
        if (m == Mistake::vector_tail && i >= n / 4 * 4) slope = 0;
        if (m == Mistake::one_row && i / C == 1) slope = 1;
        T g = slope * d;
        if (m != Mistake::row_mean) g -= row_mean(dy, from / C, C);
        if (m == Mistake::factor) g *= T(1.5);
        if (m == Mistake::row_factor) g *= static_cast<T>(1 + i / C);
        dx[i] = (m == Mistake::assigns ? 0 : dx[i]) + g;
      }
    if (T* dw = c.dx(1))
      for (std::ptrdiff_t i = 0; i < (m == Mistake::first_row ? C : n); ++i) dw[i % C] += dy[i];
  }
  static constexpr std::array examples = {
      Example<Attr>{"three rows", {{{3, 4}, -2, 2}, {{4}}}, {Mistake::none}}};
};
using Mistakes = std::tuple<Mistaken>;

CheckReport check(Mistake m, Shape x) {
  return check_grads(
      [m](Tape&, Var a, Var w) {
        return record<Mistaken, Mistakes>({a, w}, {m});
      },
      {{x, -2, 2}, {x.last()}});
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The check of x (input 0), or w (input 1), says this and passes the other input.
void told(Mistake m, Shape x, const std::string& sentence, std::size_t input = 0) {
  const CheckReport r = check(m, x);
  REQUIRE(r.inputs.size() == 2);
  INFO("expected: ", sentence, "; the checker said: ", r.inputs[input].failure);
  CHECK_FALSE(r.ok());
  CHECK_FALSE(r.inputs[input].ok);
  CHECK(r.inputs[1 - input].ok);
  CHECK(has(r.inputs[input].failure, sentence));
}

std::string text_of(const CheckReport& r) {
  std::ostringstream out;
  out << r;
  return out.str();
}

}  // namespace

TEST_CASE("one call checks a function of any inputs and any result") {
  const auto r =
      check_grads([](Tape&, Var x, Var W) { return tanh(matmul(x, W)); }, {{3, 4}, {4, 2}});
  CHECK(r.ok());
  REQUIRE(r.inputs.size() == 2);
  CHECK(r.inputs[0].derivatives == 12);
  CHECK(r.inputs[1].derivatives == 8);
  CHECK(r.inputs[1].worst < 1e-7);
  CHECK(text_of(r).starts_with("input 0 [3,4]: ok, 12 derivatives, worst error "));
  CHECK(check_grads([](Tape&, auto a) { return sum(a); }, {{7}}).ok());
  CHECK(check_grads([](Tape&, Var a, Var b, Var c) { return a * b / c + 1; },
                    {{2, 3}, {2, 3}, {{2, 3}, 0.5, 2}})
            .ok());
  const auto many = [](Tape&, std::span<const Var> x) { return concat(x); };
  CHECK(check_grads(many, {{2}, {3}, {1}, {1}, {1}, {1}, {1}, {1}, {4}}).inputs.size() == 9);
  const auto with_noise = [](Tape& t, Var mean, Var std) {
    return gaussian_sample(mean, std, t.constant(std::array{0.3, -1.2}, {2}));
  };
  CHECK(check_grads(with_noise, {{2}, {{2}, 0.1, 1}}).ok());
}

TEST_CASE(
    "values are given, or drawn from a range and on both sides of a kink, the same each time") {
  const auto f = [](Tape&, Var x) { return relu(x); };
  const auto drawn = check_grads(f, {{{6}, -2, 2, 0}}), again = check_grads(f, {{{6}, -2, 2, 0}});
  CHECK(drawn.ok());
  CHECK(text_of(drawn) == text_of(again));
  std::vector<double> seen;
  const auto look = [&](Tape&, Var x) {
    seen = x.values();
    return x * x;
  };
  CHECK(check_grads(look, {{{2, 2}, {1, -2, 0.5, 4}}}).ok());
  CHECK(std::abs(seen[1] + 2) < 1e-4);  // moved by h at the most
  check_grads(look, {{{40}, 3, 4}});
  for (const double v : seen) CHECK((v > 2.999 && v < 4.001));
  const auto at_kink = check_grads(f, {{{3}, {-1, 0, 1}}});
  CHECK(at_kink.ok());
  CHECK(at_kink.inputs[0].kinks == 1);
  CHECK(has(text_of(at_kink), "element [1] of input 0 lies at a kink: the slope is "));
}

TEST_CASE("kinds of mistakes are told apart") {
  CHECK(check(Mistake::none, {3, 5}).ok());
  told(Mistake::last_element, {3, 5},
       "1 of 15 elements is wrong; the last one alone: an index or the bound of a loop");
  told(Mistake::vector_tail, {3, 5}, "3 of 15 elements are wrong; the last 3 alone: a loop ends");
  told(Mistake::one_row, {3, 5}, "5 of 15 elements are wrong; whole rows, 1 of 3: ");
  told(Mistake::dy_transposed, {3, 3}, "6 of 9 elements are wrong; all but the diagonal: ");
  told(Mistake::dy_transposed, {3, 5}, "all but those that a transposition leaves in place");
  told(Mistake::all_transposed, {4, 3}, "10 of 12 elements are wrong; it is transposed");
  told(Mistake::factor, {3, 5},
       "15 of 15 elements are wrong; all of it is 1.5 times what it should");
  told(Mistake::row_factor, {3, 5},
       "10 of 15 elements are wrong; each row is a multiple of what it should be");
  told(Mistake::one_branch, {3, 5}, "elements are wrong; all where x < 0 and no other: the branch");
  told(Mistake::row_mean, {3, 5},
       "off by one number per row: a sum or a mean over the row is missing");
  told(Mistake::first_row, {3, 5},
       "5 of 5 elements are wrong; it is what row 0 of the result alone would give: a sum over the "
       "3 "
       "rows is missing",
       1);
  told(Mistake::assigns, {3, 5}, "backward assigns (=) where it must add (+=)");
}

TEST_CASE("a sentence says where, for which x, and both numbers") {
  const CheckReport r = check(Mistake::last_element, {3, 5});
  const GradReport& x = r.inputs[0];
  CHECK(x.place() == "[2,4]");
  CHECK(x.element == 14);
  std::ostringstream expected;
  expected << "the gradient of input 0 is " << x.analytic << " at [2,4] (x = ";
  CHECK(x.failure.starts_with(expected.str()));
  CHECK(
      has(x.failure, cat("), finite differences give ", x.numeric, ": 1 of 15 elements is wrong")));
  CHECK(has(text_of(r), "input 0 [3,5]: FAILED, 15 derivatives, worst error "));
  CHECK(has(text_of(r), "input 1 [5]: ok, 5 derivatives"));
}

TEST_CASE("options: a step, a tolerance, a sample") {
  const auto cube = [](Tape&, Var x) { return x * x * x; };
  const auto worst = [&](const GradcheckOptions& o) {
    return check_grads(cube, {{{20}, 1, 2}}, o).inputs[0].worst;
  };
  CHECK(worst({.step = 1e-3}) > 10 * worst({}));  // the error of a difference here is h^2
  CHECK_FALSE(check_grads(cube, {{{20}, 1, 2}}, {.step = 0.3}).ok());
  CHECK(check_grads(cube, {{{20}, 1, 2}}, {.tolerance = 0.1, .step = 0.3}).ok());
  CHECK(check_grads(cube, {{{20}, 1, 2}}, {.elements = 3}).inputs[0].derivatives == 3);
  CHECK_THROWS_WITH(worst({.step = 0}), "[gradcheck] the step is 0; it must lie between 0 and 1");
  CHECK_THROWS_WITH(worst({.tolerance = 2}),
                    "[gradcheck] the tolerance is 2; it must lie between 0 and 1");
}

TEST_CASE("what cannot be checked is refused in a sentence") {
  const auto f = [](Tape&, Var a, Var b) { return a * b; };
  CHECK_THROWS_WITH(check_grads(f, {{2}}),
                    "[check_grads] 1 input was given, and the function takes 2 after the tape");
  CHECK_THROWS_WITH(check_grads(f, {{{2}, {1, 2}}, {{2}, {1, 2, 3}}}),
                    "[check_grads] input 1: 3 values do not fill the shape [2]");
  CHECK_THROWS_WITH(check_grads(f, {{2, 0}, {2}}),
                    "[check_grads] input 0: its shape [2,0] has an axis shorter than 1");
  CHECK_THROWS_WITH(check_grads(f, {{{2}, 1, 1}, {2}}),
                    "[check_grads] input 0: the range 1 to 1 is empty");
  CHECK_THROWS_WITH(check_grads(f, {{{2}, 1, 2, 0}, {2}}),
                    doctest::Contains("it cannot lie on both sides of its kink 0"));
  CHECK_THROWS_WITH(check_grads([](Tape&, Var x) { return log(x); }, {{{2}, {1, -1}}}),
                    "[check_grads] the result is nan at [1]");
  double calls = 0;
  CHECK_THROWS_WITH(check_grads([&](Tape&, Var x) { return x * (calls += 1); }, {{{1}, {1}}}),
                    "[check_grads] the result is 2 and then 3 at [0] for the same inputs; draw its "
                    "noise once, outside");
  const auto unused = check_grads([](Tape&, Var a, Var) { return a; }, {{2}, {3}});
  CHECK_FALSE(unused.ok());
  CHECK(unused.inputs[1].failure.starts_with("nothing was proved: no derivative by input 1"));
}

}  // namespace planet
