// Views, copies and reductions.
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "ops_support.hpp"

using namespace planet;
using namespace planet::test;

TEST_CASE("reshape and slice_first share the memory of their input") {
  Tape tape(Precision::f64);
  const auto x = var<double>(tape, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {3, 2, 2});
  const auto rows = reshape(x, {6, 2});
  CHECK(rows.shape() == Shape{6, 2});
  CHECK(rows.value<double>().data() == x.value<double>().data());
  const auto tail = slice_first(x, 1, 3);
  CHECK(tail.shape() == Shape{2, 2, 2});
  CHECK(tail.value<double>().data() == x.value<double>().data() + 4);
  const auto step = at(tail, 1);  // a view of a view
  CHECK(step.shape() == Shape{2, 2});
  check_close(step.value<double>(), {8, 9, 10, 11});
  CHECK(at(reshape(x, {12}), 5).shape() == Shape{1});
  CHECK(at(reshape(x, {12}), 5).item() == 5);

  tape.backward(mul(step, step), std::vector<double>{1, 1, 1, 1});
  check_close(tape.grad<double>(x), {0, 0, 0, 0, 0, 0, 0, 0, 16, 18, 20, 22});
  tape.backward(rows, std::vector<double>(12, 1));
  check_close(tape.grad<double>(x), {1, 1, 1, 1, 1, 1, 1, 1, 17, 19, 21, 23});
}

TEST_CASE("the gradient of a computed value reaches it through all of its views") {
  Tape tape(Precision::f64);
  const auto x = var<double>(tape, {1, 2, 3, 4}, {2, 2});
  const auto y = square(x);
  const auto z = add(at(y, 0), scale(at(y, 1), 10));
  tape.backward(sum(z));
  check_close(tape.grad<double>(x), {2, 4, 60, 80});
}

TEST_CASE("stop_gradient keeps the value and stops the gradient also behind another view") {
  Tape tape(Precision::f64);
  const auto x = var<double>(tape, {1, 2}, {2});
  const auto frozen = reshape(stop_gradient(x), {2, 1});
  CHECK(frozen.value<double>().data() == x.value<double>().data());
  tape.backward(sum(mul(x, reshape(frozen, {2}))));
  check_close(tape.grad<double>(x), {1, 2});
  CHECK(message([&] { tape.backward(sum(frozen)); }) ==
        "[backward] nothing that takes a gradient was used to compute this value");
}

TEST_CASE("concat and stack put every value and every gradient in its place") {
  Tape tape(Precision::f64);
  const auto a = var<double>(tape, {1, 2, 3, 4}, {2, 2}), b = var<double>(tape, {5, 6}, {2, 1});
  const std::array<Var, 3> parts = {a, b, a};
  const auto wide = concat(std::span<const Var>(parts));
  CHECK(wide.shape() == Shape{2, 5});
  check_close(wide.value<double>(), {1, 2, 5, 1, 2, 3, 4, 6, 3, 4});
  tape.backward(wide, std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  check_close(tape.grad<double>(a), {1 + 4, 2 + 5, 6 + 9, 7 + 10});
  check_close(tape.grad<double>(b), {3, 8});

  const auto c = var<double>(tape, {7, 8, 9, 0}, {2, 2});
  const std::array<Var, 3> steps = {a, c, a};
  const auto sequence = stack(std::span<const Var>(steps));
  CHECK(sequence.shape() == Shape{3, 2, 2});
  check_close(sequence.value<double>(), {1, 2, 3, 4, 7, 8, 9, 0, 1, 2, 3, 4});
  tape.backward(at(sequence, 1), std::vector<double>{1, 2, 3, 4});
  check_close(tape.grad<double>(c), {1, 2, 3, 4});
  check_close(tape.grad<double>(a), {5, 7, 15, 17});  // nothing reached the other steps
  check_close(concat(b, b).value<double>(), {5, 5, 6, 6});
}

TEST_CASE("sums and means over all axes and over the last one") {
  Tape tape(Precision::f64);
  const auto x = var<double>(tape, {1, 2, 3, 4, 5, 6}, {1, 2, 3});
  CHECK(sum(x).shape() == Shape{1});
  CHECK(sum(x).item() == 21);
  CHECK(mean(x).item() == 3.5);
  const auto rows = sum_last(x);
  CHECK(rows.shape() == Shape{1, 2});
  check_close(rows.value<double>(), {6, 15});
  tape.backward(rows, std::vector<double>{1, 10});
  check_close(tape.grad<double>(x), {1, 1, 1, 10, 10, 10});
  tape.backward(mean(x));
  tape.backward(sum(x));
  const double more = 1 + 1.0 / 6;
  check_close(tape.grad<double>(x),
              {1 + more, 1 + more, 1 + more, 10 + more, 10 + more, 10 + more});
}

TEST_CASE("log_sum_exp neither overflows nor underflows") {
  Tape tape(Precision::f64);
  const auto x = var<double>(tape, {1e4, 1e4, -1e4, -1e4, 0, std::log(3.0)}, {3, 2});
  const auto y = log_sum_exp(x);
  CHECK(y.shape() == Shape{3});
  check_close(y.value<double>(), {1e4 + std::log(2.0), -1e4 + std::log(2.0), std::log(4.0)}, 1e-14);
  tape.backward(y, std::vector<double>{1, 1, 1});
  check_close(tape.grad<double>(x), {0.5, 0.5, 0.5, 0.5, 0.25, 0.75}, 1e-11);

  Tape narrow(Precision::f32);
  const auto u = var<float>(narrow, {1e4f, 0, 1e4f}, {3});
  CHECK(std::abs(log_sum_exp(u).item() - (1e4f + std::log(2.0f))) <= 2e-3f);
  narrow.backward(log_sum_exp(u));
  check_close(narrow.grad<float>(u), {0.5, 0, 0.5}, 1e-3);
}

TEST_CASE("log_sum_exp of a row of minus infinities has no gradient") {
  constexpr double inf = std::numeric_limits<double>::infinity();
  Tape tape(Precision::f64);
  const auto x = var<double>(tape, {-inf, -inf, -inf, 0}, {2, 2});
  const auto y = log_sum_exp(x);
  CHECK(y.value<double>()[0] == -inf);
  CHECK(y.value<double>()[1] == 0);
  tape.backward(y, std::vector<double>{1, 1});
  check_close(tape.grad<double>(x), {0, 0, 0, 1});
}

TEST_CASE("shape errors of views copies and reductions state the rule") {
  Tape tape(Precision::f64);
  const auto x = tape.zeros({2, 3}), y = tape.zeros({4, 3}), image = tape.zeros({1, 2, 2, 3});
  CHECK(message([&] {
          reshape(x, {4, 2});
        }) ==
        "[reshape] x is [2,3], the new shape is [4,2]; both must have the same number of elements, "
        "6 against 8");
  CHECK(message([&] { slice_first(x, 1, 3); }) ==
        "[slice_first] x is [2,3], the slice of its first axis is 1 to 3; it must satisfy "
        "0 <= begin < end <= 2");
  CHECK(message([&] { at(x, -1); }) ==
        "[slice_first] x is [2,3], the slice of its first axis is -1 to 0; it must satisfy "
        "0 <= begin < end <= 2");
  CHECK(message([&] { concat(x, y); }) ==
        "[concat] input 0 is [2,3], input 1 is [4,3]; all axes but the last must be equal");
  const std::array<Var, 2> unequal = {x, y}, images = {image, image};
  CHECK(message([&] { stack(std::span<const Var>(unequal)); }) ==
        "[stack] input 0 is [2,3], input 1 is [4,3]; the shapes must be equal");
  CHECK(message([&] { stack(std::span<const Var>(images)); }) ==
        "[stack] input 0 is [1,2,2,3]; the result would have 5 axes, and 4 are the most there can "
        "be");
  CHECK(message([&] { concat(std::span<const Var>()); }) ==
        "[concat] takes at least one input, got none");
  const auto none = tape.zeros({2, 0});
  CHECK(message([&] { mean(none); }) == "[mean] x is [2,0]; a mean needs at least one element");
  CHECK(message([&] { log_sum_exp(none); }) ==
        "[log_sum_exp] x is [2,0]; the last axis must have at least one element");
}
