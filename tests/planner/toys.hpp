// Dynamics made of one function, for tests of the planner alone.
#pragma once

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
  using Worth = std::function<float(std::ptrdiff_t b, const std::vector<float>& sequence)>;
  FunctionDynamics(std::ptrdiff_t B, std::ptrdiff_t A, Worth worth)
      : B_(B), A_(A), worth_(std::move(worth)) {}

  std::ptrdiff_t action_size() const override { return A_; }
  std::ptrdiff_t beliefs() const override { return B_; }
  void imagine(const Candidates& c, std::span<Rng>, float* returns) override {
    ++calls;
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
  std::vector<float> last;  // [B,H,J,A]

 private:
  std::ptrdiff_t B_, A_;
  Worth worth_;
};

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
