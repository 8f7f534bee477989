// The tape as a picture: what is drawn of it, whole and folded by scope.
#include "autograd/dot.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "autograd/ops.hpp"

namespace planet {
namespace {

std::string drawn(Var result, int depth = 0) {
  std::ostringstream out;
  write_dot(out, result, depth);
  return out.str();
}

bool says(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

std::ptrdiff_t count(const std::string& text, const std::string& part) {
  std::ptrdiff_t n = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++n;
  return n;
}

}  // namespace

TEST_CASE("every record that a result was computed from is drawn, and nothing else") {
  ParamStore store(Precision::f64);
  auto &W = store.add("net/0/weight", {2, 1}), &b = store.add("net/0/bias", {1});
  Tape tape(Precision::f64);
  const Var x = tape.constant(std::array{1., 2., 3., 4.}, {2, 2});
  const Var v = tape.variable(std::array{1., 2.}, {2, 1});
  Var y;
  {
    const NameScope net(tape, "net"), layer(tape, "0");
    const Var weight = tape.use(W), bias = tape.use(b);
    y = linear(x, weight, bias);
  }
  exp(y);  // does not belong to the loss
  const Var loss = mean(square(y - v));
  const std::string dot = drawn(loss);
  CHECK(dot.starts_with("digraph tape {\n"));
  CHECK(dot.ends_with("}\n"));
  CHECK(says(dot, "n0 [label=\"data\\n[2,2]\" fillcolor=\"#e6e6e6\"]"));
  CHECK(says(dot, "n1 [label=\"variable\\n[2,1]\" fillcolor=\"#d9ead3\"]"));
  CHECK(says(dot, "n2 [label=\"weight\\n[2,1]\" fillcolor=\"#cfe2f3\"]"));
  CHECK(says(dot, "n4 [label=\"linear\\n[2,1]\"]"));
  CHECK(says(dot, "n8 [label=\"mean\\n[1]\" penwidth=2.5]"));
  CHECK_FALSE(says(dot, "exp"));
  // Frames, one in the other: the layer's op and parameters stand in the inner one.
  CHECK(says(dot, "subgraph \"cluster_net\" {\n  label=\"net\""));
  const std::string inner = dot.substr(dot.find("cluster_net/0"));
  CHECK(count(inner.substr(0, inner.find('}')), "[label=") == 3);
  // The data take no gradient.
  CHECK(says(dot, "n0 -> n4 [style=dashed"));
  CHECK(says(dot, "n2 -> n4\n"));
  CHECK(count(dot, " -> ") == 3 + 2 + 1 + 1);
}

TEST_CASE("names are quoted") {
  ParamStore store(Precision::f64);
  auto& w = store.add("a\"b\\c", {1});
  Tape tape(Precision::f64);
  CHECK(says(drawn(tape.use(w)), "label=\"a\\\"b\\\\c\\n[1]\""));
}

TEST_CASE("folded, a scope is one box that says what it holds and what leaves it") {
  ParamStore store(Precision::f64);
  auto &W1 = store.add("net/0/weight", {2, 3}), &W2 = store.add("net/1/weight", {3, 1}),
       &W3 = store.add("head/weight", {1, 1});
  Tape tape(Precision::f64);
  const auto layer = [&](const char* name, Var x, const Param& W) {
    const NameScope scope(tape, name);
    return matmul(x, tape.use(W));
  };
  const Var x = tape.zeros({4, 2});
  // tanh lies between two layers of the same net; exp is only a result of the last one.
  const Var y = layer("net/1", tanh(layer("net/0", x, W1)), W2);
  const Var loss = sum(layer("head", reshape(exp(y), {4, 1}), W3));
  const std::string dot = drawn(loss, 1), two = drawn(loss, 2);
  CHECK(says(dot, "\"net\" [label=\"net\\n3 records\\n9 parameters\""));
  CHECK(says(dot, "\"head\" [label=\"head\\n2 records\\n1 parameter\""));  // exp: read there alone
  CHECK(says(dot, "\"net\" -> \"head\" [label=\"[4,1]\"]"));
  CHECK(says(dot, "n0 -> \"net\" [style=dashed"));
  CHECK_FALSE(says(dot, "reshape"));
  CHECK(says(two, "\"net/0\" [label=\"net/0\\n1 record\\n6 parameters\""));
  CHECK(says(two, "\"net/1\" [label=\"net/1\\n2 records\\n3 parameters\""));
}

TEST_CASE("a record can be read, and a wrong question is an error") {
  Tape tape(Precision::f32, Mode::inference);
  const Var x = tape.zeros({2, 3});
  const Var y = reshape(x, {6});
  CHECK(tape.describe(0).op.empty());
  CHECK(tape.describe(1).op == "reshape");
  CHECK(tape.describe(1).is_view);
  CHECK(tape.describe(1).inputs == std::vector<std::size_t>{0});
  CHECK(tape.describe(1).shape == Shape{6});
  CHECK_FALSE(tape.describe(1).takes_gradient);
  CHECK_THROWS_WITH(tape.describe(2), "[describe] there is no record 2; the tape has 2");
  CHECK_THROWS_WITH(drawn(y, -1), doctest::Contains("[write_dot] the depth is -1"));
  tape.reset();
  CHECK_THROWS_WITH(drawn(y), doctest::Contains("stale Var"));
}

}  // namespace planet
