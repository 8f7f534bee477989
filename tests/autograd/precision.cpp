// One precision per tape and store: numbers are converted on the way in, name their type on the way
// out, and parameters of another precision are refused.
#include <doctest/doctest.h>

#include <vector>

#include "autograd/gradcheck.hpp"
#include "autograd/ops.hpp"
#include "tests/autograd/ops_support.hpp"

namespace planet {

TEST_CASE("numbers given to a tape are rounded or widened to its precision") {
  const std::vector<double> third = {1.0 / 3};
  const std::vector<float> narrow = {1.0f / 3};
  Tape f32(Precision::f32), f64(Precision::f64);
  CHECK(f32.constant(third, {1}).value<float>()[0] == narrow[0]);
  CHECK(f32.variable(third, {1}).value<float>()[0] == narrow[0]);
  CHECK(f64.constant(narrow, {1}).value<double>()[0] == static_cast<double>(narrow[0]));
  CHECK(f64.constant(third, {1}).item() == third[0]);
  CHECK(f32.constant(third, {1}).item() == static_cast<double>(narrow[0]));
  const Var x = f32.variable(narrow, {1});
  f32.backward(x, third);
  CHECK(f32.grad<float>(x)[0] == narrow[0]);
}

TEST_CASE("ops compute in the precision of their tape") {
  const std::vector<double> x = {1, 1e-10};
  Tape f32(Precision::f32), f64(Precision::f64);
  CHECK(sum(f32.constant(x, {2})).item() == 1);
  CHECK(sum(f64.constant(x, {2})).item() == 1 + 1e-10);
}

TEST_CASE("bf16 holds floats and rounds the operands of products alone") {
  Tape bf16(Precision::bf16), f32(Precision::f32);
  const std::vector<float> x = {1.001953125f};  // 1 + 2^-9: to bfloat16, 1
  const auto on = [&](Tape& t, bool product) {
    const Var v = t.variable(x, {1, 1}), y = product ? matmul(v, v) : mul(v, v);
    t.backward(y, x);
    return std::pair{y.value<float>()[0], t.grad<float>(v)[0]};
  };
  CHECK(on(bf16, false) == on(f32, false));
  CHECK(on(bf16, true) == std::pair{1.0f, 2.0f});  // the cotangent is an operand too
  CHECK(on(f32, true) != on(bf16, true));

  ParamStore store(Precision::f32);
  const Param& w = store.add("fc/weight", {2});
  CHECK(test::message([&] { bf16.use(w); }) ==
        "[use] parameter fc/weight is f32, the tape is bf16; both must have the same precision");
}

TEST_CASE("numbers read from a tape or a store must be asked for in its type") {
  Tape f32(Precision::f32), f64(Precision::f64);
  const Var a = f32.zeros({2}), b = f64.zeros({2});
  const std::string f32_as_double = "the tape is f32, and its numbers were asked for as double";
  CHECK(test::message([&] { a.value<double>(); }) == f32_as_double);
  CHECK(test::message([&] { std::ignore = f32.grad<double>(a); }) == f32_as_double);
  CHECK(test::message([&] { b.value<float>(); }) ==
        "the tape is f64, and its numbers were asked for as float");
  double* memory = nullptr;
  CHECK(test::message([&] { f32.uninitialised({2}, &memory); }) == f32_as_double);
  CHECK(test::message([&] { f32.borrow(b.value<double>().data(), {2}); }) == f32_as_double);
  CHECK(a.values() == std::vector<double>{0, 0});

  ParamStore store(Precision::f32);
  const Param& w = store.add("w", {2});
  CHECK(test::message([&] { w.value<double>(); }) ==
        "the parameter store is f32, and its numbers were asked for as double");
}

TEST_CASE("parameters tapes and variables of two precisions are not mixed") {
  Tape f32(Precision::f32), f64(Precision::f64);
  ParamStore store(Precision::f32);
  const Param& w = store.add("fc/weight", {2});
  CHECK(f32.use(w).shape() == Shape{2});
  CHECK(test::message([&] { f64.use(w); }) ==
        "[use] parameter fc/weight is f32, the tape is f64; both must have the same precision");
  CHECK(test::message([&] { add(f32.zeros({2}), f64.zeros({2})); }) ==
        "[add] input 1 is on another tape");
  CHECK(test::message([&] { gradcheck([&](Tape& t) { return sum(t.use(w)); }, store); }) ==
        "[gradcheck] the parameters are f32; finite differences need f64");
}

}  // namespace planet
