// Dynamics made of one function, for tests of the planner alone.
#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"
#include "planner/make_planner.hpp"

namespace planet::test {

/// The return of a candidate is worth(sequence), where sequence[t * A + i] is number i of its
/// action at step t. Counts its calls and keeps the last candidates for inspection.
class FunctionDynamics : public Dynamics {
 public:
  using Worth = std::function<double(const std::vector<float>& sequence)>;
  FunctionDynamics(std::ptrdiff_t A, Worth worth) : A_(A), worth_(std::move(worth)) {}

  std::ptrdiff_t action_size() const override { return A_; }
  void imagine(const Candidates& c, Rng&, double* returns) override {
    ++calls;
    populations.push_back(c.J);
    last.assign(c.actions, c.actions + c.H * c.J * c.A);
    parallel_for(c.J, [&](std::ptrdiff_t j) {
      std::vector<float> sequence;
      for (std::ptrdiff_t t = 0; t < c.H; ++t)
        sequence.insert(sequence.end(), c.at(t, j), c.at(t, j) + c.A);
      returns[j] = worth_(sequence);
    });
  }

  int calls = 0;
  std::vector<std::ptrdiff_t> populations;  // J of each call
  std::vector<float> last;                  // [H,J,A]

 private:
  std::ptrdiff_t A_;
  Worth worth_;
};

/// Random dynamics: worth() also gets a uniform number. With one sample each candidate has a fresh
/// one; several samples are shared by all candidates and averaged over.
class ChanceDynamics : public Dynamics {
 public:
  using Worth = std::function<double(const float* first_action, double luck)>;
  explicit ChanceDynamics(Worth worth) : worth_(std::move(worth)) {}

  std::ptrdiff_t action_size() const override { return 1; }
  void imagine(const Candidates& c, Rng& rng, double* returns) override {
    const Rng place = rng;
    rng.take(static_cast<std::uint64_t>(c.J));
    for (std::ptrdiff_t j = 0; j < c.J; ++j) {
      Rng luck = place;
      if (c.samples == 1) luck.seek(place.position() + static_cast<std::uint64_t>(j));
      double sum = 0;
      for (int n = 0; n < c.samples; ++n) sum += worth_(c.at(0, j), luck.uniform());
      returns[j] = sum / c.samples;
    }
  }

 private:
  Worth worth_;
};

/// -|a - target|^2, with the best plan at the target.
inline float target(std::size_t i, float phase = 1) {
  return 0.8f * std::sin(phase + 2.3f * static_cast<float>(i));
}
inline float quadratic_around(float phase, const std::vector<float>& a) {
  float r = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    r -= (a[i] - target(i, phase)) * (a[i] - target(i, phase));
  return r;
}
inline float quadratic(const std::vector<float>& a) { return quadratic_around(1, a); }

/// Every method, and variants with the options that change it most. H, I, J, K as given.
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

inline Rng stream(std::uint64_t seed = 1, std::uint32_t substream = 0) {
  return Rng(seed, Stream::planner, substream);
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

}  // namespace planet::test
