// What the tests of the environments share: random policies and whole episodes.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "autograd/base/philox.hpp"
#include "envs/env.hpp"

namespace planet::test {

inline std::vector<double> random_action(const Env& env, Rng& rng) {
  std::vector<double> out(static_cast<std::size_t>(env.action_size()));
  for (double& a : out) a = rng.uniform(-1, 1);
  return out;
}

/// A whole episode under uniformly random actions, which come from a separate stream.
struct Episode {
  std::vector<std::vector<std::uint8_t>> pictures;  // decisions + 1
  std::vector<std::vector<double>> states;          // decisions + 1
  std::vector<std::vector<double>> actions;
  std::vector<double> rewards;
  StepResult last;
  bool operator==(const Episode& other) const {
    return pictures == other.pictures && states == other.states && actions == other.actions &&
           rewards == other.rewards && last.terminated == other.last.terminated &&
           last.truncated == other.last.truncated;
  }
  double total() const {
    double sum = 0;
    for (const double r : rewards) sum += r;
    return sum;
  }
};

inline Episode random_episode(Env& env, std::uint64_t seed, bool pictures = true) {
  Rng rng(seed, Stream::test);
  Episode out;
  env.reset(seed);
  const auto look = [&] {
    out.states.push_back(env.state());
    if (pictures) out.pictures.push_back(env.render());
  };
  look();
  while (!out.last.done()) {
    out.actions.push_back(random_action(env, rng));
    out.last = env.step(out.actions.back());
    out.rewards.push_back(out.last.reward);
    look();
  }
  return out;
}

/// The sentence of the Error that `call` throws, or "" if it throws none.
template <class F>
std::string sentence(F&& call) {
  try {
    call();
  } catch (const std::exception& e) {
    return e.what();
  }
  return "";
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace planet::test
