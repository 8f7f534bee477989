// Dynamics made of one function, for tests of the planner alone.
#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"
#include "planner/planner.hpp"

namespace planet::testing {

/// The return of candidate j in belief b is worth(b, sequence), where sequence[t * A + i] is number
/// i of its action at step t. Counts its calls and keeps the last candidates for those who look.
class FunctionDynamics : public Dynamics {
 public:
  using Worth = std::function<double(std::ptrdiff_t b, const std::vector<float>& sequence)>;
  FunctionDynamics(std::ptrdiff_t B, std::ptrdiff_t A, Worth worth)
      : B_(B), A_(A), worth_(std::move(worth)) {}

  std::ptrdiff_t action_size() const override { return A_; }
  std::ptrdiff_t beliefs() const override { return B_; }
  void imagine(const Candidates& c, std::span<Rng>, double* returns) override {
    ++calls;
    populations.push_back(c.J);
    last.assign(c.actions, c.actions + c.B * c.H * c.J * c.A);
    parallel_for(c.B * c.J, [&](std::ptrdiff_t k) {
      std::vector<float> sequence;
      for (std::ptrdiff_t t = 0; t < c.H; ++t) {
        const float* a = c.at(k / c.J, t, k % c.J);
        sequence.insert(sequence.end(), a, a + c.A);
      }
      returns[k] = worth_(k / c.J, sequence);
    });
  }

  int calls = 0;
  std::vector<std::ptrdiff_t> populations;  // J of each call
  std::vector<float> last;                  // [B,H,J,A]

 private:
  std::ptrdiff_t B_, A_;
  Worth worth_;
};

/// A world of chance: worth() also gets a uniform number, the candidate's luck. One sample has a
/// fresh one for each candidate; several are shared and averaged over.
class ChanceDynamics : public Dynamics {
 public:
  using Worth = std::function<double(const float* first_action, double luck)>;
  ChanceDynamics(std::ptrdiff_t B, Worth worth) : B_(B), worth_(std::move(worth)) {}

  std::ptrdiff_t action_size() const override { return 1; }
  std::ptrdiff_t beliefs() const override { return B_; }
  void imagine(const Candidates& c, std::span<Rng> rngs, double* returns) override {
    for (std::ptrdiff_t b = 0; b < c.B; ++b) {
      const auto i = static_cast<std::size_t>(b);
      Rng fresh = rngs[i];
      if (c.samples == 1) rngs[i].take(static_cast<std::uint64_t>(c.J));
      for (std::ptrdiff_t j = 0; j < c.J; ++j) {
        Rng luck = c.samples == 1 ? fresh : c.futures[i];
        if (c.samples == 1) luck.seek(fresh.position() + static_cast<std::uint64_t>(j));
        double sum = 0;
        for (int n = 0; n < c.samples; ++n) sum += worth_(c.at(b, 0, j), luck.uniform());
        returns[b * c.J + j] = sum / c.samples;
      }
    }
  }

 private:
  std::ptrdiff_t B_;
  Worth worth_;
};

/// -|a - target(b)|^2: every belief has its own best plan.
inline float target(std::ptrdiff_t b, std::size_t i) {
  return 0.8f * std::sin(1.0f + static_cast<float>(b) + 2.3f * static_cast<float>(i));
}
inline float quadratic(std::ptrdiff_t b, const std::vector<float>& a) {
  float r = 0;
  for (std::size_t i = 0; i < a.size(); ++i) r -= (a[i] - target(b, i)) * (a[i] - target(b, i));
  return r;
}

/// Every method, each with the options that change what it does most. H, I, J, K as given.
inline std::vector<PlannerConfig> every_planner(int H, int I, int J, int K) {
  std::vector<PlannerConfig> all;
  for (const std::string& method : planner_methods()) all.push_back({method, H, I, J, K});
  PlannerConfig full = all.front();
  full.cem.covariance = "full";
  all.push_back(full);
  return all;
}
inline PlannerConfig warm(PlannerConfig config) {
  config.warm_start = true;
  return config;
}

inline std::vector<Rng> streams(std::ptrdiff_t B, std::uint64_t seed = 1) {
  std::vector<Rng> rngs;
  for (std::ptrdiff_t b = 0; b < B; ++b)
    rngs.emplace_back(seed, Stream::planner, static_cast<std::uint32_t>(b));
  return rngs;
}

template <class F>
std::string error_of(F&& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace planet::testing
