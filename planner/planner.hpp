// Planning by sampling: imagine many action sequences, select the best, sample again near them.
//
// Each method has its loop in a file of its own: cem.cpp (Algorithm 2), icem.cpp, mppi.cpp,
// random.cpp. The steps that they share are here. Why it works: README.md.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "planner/config.hpp"
#include "planner/dynamics.hpp"

namespace planet {

/// The result of one search.
struct Plan {
  std::vector<float> actions;  // [H,A] the plan; its first row is executed
  std::vector<float> mean;     // [H,A] of the distribution after the last refit
  std::vector<float> std;      // [H,A]
  double best_return = 0;      // of the last iteration's candidates; random: of all
  double elite_return = 0;     // mean of the last iteration's elites
};

/// Inspection: everything that a search did.
struct PlanTrace {
  struct Iteration {
    std::ptrdiff_t candidates = 0;     // J of this iteration
    std::vector<float> mean, std;      // [H,A] of the distribution of the candidates
    std::vector<float> actions;        // [H,J,A]
    std::vector<double> returns;       // [J]
    std::vector<std::int32_t> elites;  // by index
  };
  std::vector<Iteration> iterations;
};

/// Plans for one belief. Several episodes in parallel need one planner each.
class Planner {
 public:
  virtual ~Planner() = default;
  const PlannerConfig& config() const { return config_; }

  /// A plan from the belief that `dynamics` imagines from. It stays valid until the next call.
  /// NonFinite (autograd/tape.hpp): none of an iteration's imagined returns was finite.
  virtual const Plan& plan(Dynamics& dynamics, Rng& rng) = 0;

  /// Before an episode: the next plan does not start from the last one.
  void forget() { has_past_ = false; }

  /// Makes every plan() write its search there; null turns this off.
  void trace(PlanTrace* trace) { trace_ = trace; }

 protected:
  explicit Planner(const PlannerConfig& config);  // Error: config.check()

  // ---- the steps of a search, in the order of their use ----

  /// plan_ before the first iteration: mean 0 and std init_std; with a warm start the last plan's
  /// mean, shifted by one step with its last action repeated.
  void start(const Dynamics& dynamics, Rng& rng);
  /// Fills actions_ with standard normal noise for the J candidates of iteration i.
  void draw_noise(int i, Rng& rng);
  /// Turns the noise into candidates: clip(mean + std * noise) to [-1, 1].
  void noise_to_actions();
  /// returns_: the imagined return of each candidate.
  void imagine(Dynamics& dynamics, Rng& rng);
  /// The K candidates of highest return, fewer if fewer returns are finite (elites.hpp). Valid
  /// until the next call.
  std::span<const std::int32_t> best(int K);
  /// The same, at least one (else NonFinite); sets plan_.best_return and plan_.elite_return.
  std::span<const std::int32_t> choose_elites(int K);
  /// Their mean and standard deviation, each [H,A] (elites.hpp).
  void fit(std::span<const std::int32_t> elites, std::vector<float>& mean,
           std::vector<float>& std) const;
  /// Returns the finished plan, from whose mean a warm start continues.
  const Plan& finish();

  // Copies candidate j's sequence to or from contiguous [H,A].
  void copy_to(std::ptrdiff_t j, float* sequence) const;
  void copy_from(std::ptrdiff_t j, const float* sequence);

  PlannerConfig config_;
  std::ptrdiff_t H_ = 0, J_ = 0, A_ = 0;  // J: of this iteration
  bool warm_ = false;                     // this search began at the last plan
  std::vector<float> actions_;            // [H,J,A]
  std::vector<double> returns_;           // [J]
  Plan plan_;

 private:
  int iteration_ = 0;
  Rng futures_{0, Stream::planner};  // with several samples: the futures of every iteration
  std::vector<std::int32_t> order_;  // [J], the elites first
  bool has_past_ = false;            // plan_ is the last plan of this episode
  PlanTrace* trace_ = nullptr;
};

}  // namespace planet
