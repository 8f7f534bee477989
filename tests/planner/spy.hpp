// An environment for tests of the agent that records the actions it is given.
#pragma once

#include <cmath>
#include <vector>

#include "planner/agent.hpp"

namespace planet::test {

using Floats = std::vector<float>;

// It keeps every action it was given, and its frames are a function of all of them.
class Spy {
 public:
  explicit Spy(std::uint32_t id = 0) : id_(id) {}
  std::vector<std::uint8_t> frame() const {
    double sum = id_;
    for (const Floats& a : executed)
      for (const float x : a) sum = 0.9 * sum + static_cast<double>(x);
    std::vector<std::uint8_t> f(8 * 8 * 3);
    for (std::size_t i = 0; i < f.size(); ++i)
      f[i] = static_cast<std::uint8_t>(127 + 120 * std::sin(sum + static_cast<double>(i)));
    return f;
  }
  void step(std::span<const float> a) { executed.emplace_back(a.begin(), a.end()); }
  std::vector<Floats> executed;

 private:
  std::uint32_t id_;
};

inline Floats copy(std::span<const float> x) { return {x.begin(), x.end()}; }

inline std::vector<Floats> run(MpcAgent& agent, Spy& spy, int decisions, double noise) {
  for (int t = 0; t < decisions; ++t) spy.step(agent.act(spy.frame(), noise));
  return spy.executed;
}

}  // namespace planet::test
