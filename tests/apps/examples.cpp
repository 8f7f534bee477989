// The first examples do what their pages say.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <regex>

#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

std::string output_of(const std::string& program, const Args& args = {}) {
  const Scratch scratch;
  const Result r = run(scratch, program, args);
  INFO(r.err);
  CHECK(r.status == 0);
  return r.out;
}

// Every number that the pattern's group matches, in order.
std::vector<double> numbers(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  std::vector<double> found;
  for (std::sregex_iterator it(text.begin(), text.end(), expression), end; it != end; ++it)
    for (std::size_t group = 1; group < it->size(); ++group)
      found.push_back(std::stod((*it)[group]));
  return found;
}

// The lines of the labels of a graph, or the text of its picture, without the titles of edges.
std::vector<std::string> labels_of_dot(const std::string& dot) {
  static const std::regex label("label=\"([^\"]*)\"");
  std::vector<std::string> lines;
  for (std::sregex_iterator it(dot.begin(), dot.end(), label), end; it != end; ++it) {
    std::string text = (*it)[1];
    for (std::size_t at; (at = text.find("\\n")) != std::string::npos; text.erase(0, at + 2))
      lines.push_back(text.substr(0, at));
    lines.push_back(text);
  }
  std::ranges::sort(lines);
  return lines;
}
std::vector<std::string> labels_of_svg(const std::string& svg) {
  static const std::regex text("<text[^>]*>([^<]*)</text>");
  std::vector<std::string> lines;
  for (std::sregex_iterator it(svg.begin(), svg.end(), text), end; it != end; ++it)
    lines.push_back((*it)[1]);
  std::ranges::sort(lines);
  return lines;
}

}  // namespace

TEST_CASE("line finds the line") {
  const std::string out = output_of("line");
  const auto line = numbers(out, "y = (-?[0-9.]+) x ([+-][0-9.]+)"),
             loss = numbers(out, "loss ([0-9.]+)");
  REQUIRE(line.size() == 2 * loss.size());
  CHECK(loss.back() < 0.02);  // the noise's variance is 0.01
  CHECK(std::abs(line[line.size() - 2] - 3) < 0.1);
  CHECK(std::abs(line.back() + 1) < 0.1);
}

TEST_CASE("xor learns its table") {
  const auto table = numbers(output_of("xor"), "([01]) xor ([01]) = (-?[0-9.]+)");
  REQUIRE(table.size() == 12);
  for (std::size_t i = 0; i < 12; i += 3)
    CHECK(std::abs(table[i + 2] - (table[i] != table[i + 1] ? 1 : 0)) < 0.1);
}

TEST_CASE("digits reads more than 97 % of the digits that it was not shown") {
  const auto accuracy = numbers(output_of("digits"), "accuracy ([0-9.]+) %");
  REQUIRE(accuracy.size() == 1);
  CHECK(accuracy[0] > 97);
}

TEST_CASE("own_op: the check passes the op and finds both mistakes") {
  const std::string out = output_of("own_op");  // status 0 says the same
  CHECK(has(out, "swish, its examples: ok\n\nswish(x) w:\ninput 0 [3,5]: ok, 15 derivatives"));
  CHECK(has(out, "15 of 15 elements are wrong; a term is missing or wrong"));
  CHECK(has(out, "at [2,4] (x = "));
  CHECK(has(out, "1 of 15 elements is wrong; the last one alone: an index or the bound of a loop"));
}

TEST_CASE("own_world: from random actions to an agent that keeps the ball on the hill") {
  const std::string out = output_of("own_world");
  const auto returns = numbers(out, "episode +\\d+   return +([0-9.]+)"),
             end = numbers(out, "exploration: return ([0-9.]+)");
  REQUIRE(returns.size() > 10);
  REQUIRE(end.size() == 1);
  double random = 0;
  for (std::size_t i = 0; i < 5; ++i) random += returns[i] / 5;
  INFO(out);
  CHECK(end[0] > 80);
  CHECK(end[0] > random + 30);
}

TEST_CASE("the pictures of tapes in the chapters are what the tape draws today") {
  const auto same = [](const std::string& dot, const std::string& picture) {
    CHECK(labels_of_dot(dot) == labels_of_svg(text_of(fs::path(PLANET_SOURCE_DIR) / picture)));
  };
  same(output_of("tape", {"linear"}), "autograd/linear.svg");
  same(output_of("tape", {"step"}), "rssm/step.svg");
  const Scratch scratch;
  const std::string file = (scratch / "loss.dot").string();
  REQUIRE(run(scratch, "gradcheck", {"--model", "--elements", "1", "--dot", file}).status == 0);
  same(text_of(file), "rssm/loss.svg");
  const Result wrong = run(scratch, "tape", {"picture"});
  CHECK(wrong.status == 2);
  CHECK(wrong.err == "usage: tape linear | tape step\n");
}
