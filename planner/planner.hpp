// Planning by sampling: imagine many action sequences, look at the best, draw again near them.
//
// Each method has its loop in a file of its own: cem.cpp (Algorithm 2), icem.cpp, mppi.cpp,
// random.cpp. Here stand the steps that they share. Why it works: README.md.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "planner/config.hpp"
#include "planner/dynamics.hpp"

namespace planet {

/// What one search came to.
struct Plan {
  std::vector<float> actions;  // [H,A] the plan; its first row is executed
  std::vector<float> mean;     // [H,A] of the distribution after the last refit
  std::vector<float> std;      // [H,A]
  double best_return = 0;      // of the last iteration's candidates; random: of all
  double elite_return = 0;     // mean of the last iteration's elites
};

/// Everything a search did, for those who want to look.
struct PlanTrace {
  struct Iteration {
    std::ptrdiff_t candidates = 0;     // J of this iteration
    std::vector<float> mean, std;      // [H,A] what the candidates were drawn from
    std::vector<float> actions;        // [H,J,A]
    std::vector<double> returns;       // [J]
    std::vector<std::int32_t> elites;  // by index
  };
  std::vector<Iteration> iterations;
};

/// Plans for one belief. Whoever runs several episodes in parallel gives each a planner.
class Planner {
 public:
  virtual ~Planner() = default;
  const PlannerConfig& config() const { return config_; }

  /// A plan from the belief that `dynamics` imagines from. It stays valid until the next call.
  /// NonFinite (autograd/tape.hpp): none of an iteration's imagined returns was finite.
  virtual const Plan& plan(Dynamics& dynamics, Rng& rng) = 0;

  /// At an episode's start: a warm start carries nothing into the next plan.
  void forget() { has_past_ = false; }

  /// From now on every plan() writes what it does here; null: stop.
  void trace(PlanTrace* trace) { trace_ = trace; }

 protected:
  explicit Planner(const PlannerConfig& config);  // Error: config.check()

  // ---- the steps of a search, in the order of their use ----

  /// plan_ before the first iteration: mean 0 and std init_std; with a warm start the last plan's
  /// mean moved on by one step, its last action held.
  void start(const Dynamics& dynamics, Rng& rng);
  /// Standard normal noise in actions_ for the J candidates of iteration i.
  void draw_noise(int i, Rng& rng);
  /// The noise becomes the candidates: clip(mean + std * noise) to [-1, 1].
  void noise_to_actions();
  /// returns_: the imagined return of each candidate.
  void imagine(Dynamics& dynamics, Rng& rng);
  /// The K candidates of highest return, fewer if fewer returns are finite (elites.hpp). Valid until
  /// the next call.
  std::span<const std::int32_t> best(int K);
  /// The same, at least one (else NonFinite); sets plan_.best_return and plan_.elite_return.
  std::span<const std::int32_t> choose_elites(int K);
  /// Their mean and standard deviation, each [H,A] (elites.hpp).
  void fit(std::span<const std::int32_t> elites, std::vector<float>& mean,
           std::vector<float>& std) const;
  /// The plan that is made; a warm start goes on from its mean.
  const Plan& finish();

  // Candidate j's sequence to or from [H,A] without gaps.
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
