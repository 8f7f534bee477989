// Planning by sampling: imagine many action sequences, look at the best, draw again near them.
//
//   repeat I times:  a ~ the search's distribution      draw()
//                    R = the imagined return of each    dynamics.hpp
//                    the distribution moves to the best refit()
//
// That loop is Planner::plan(), and every method shares it. What they draw and how they refit is a
// file each: cem.hpp (PlaNet's Algorithm 2), icem.hpp, mppi.hpp, random.hpp. Why: README.md.
#pragma once

#include <cstdint>
#include <memory>
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

/// Everything a search did for belief 0, for those who want to look.
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

class Planner {
 public:
  virtual ~Planner() = default;
  const PlannerConfig& config() const { return config_; }

  /// One plan for each belief of the dynamics. rngs[b] is belief b's own stream: planned in a batch
  /// or alone, the same bits. who[b] is whose belief it is: what a warm start carries from one call
  /// to the next is kept under that number, no two the same (default: b itself). Without a warm
  /// start nothing is carried. The plans stay valid until the next call.
  /// Error: not as many rngs (or names) as beliefs. NonFinite (autograd/tape.hpp): not one of a
  /// belief's imagined returns was finite.
  std::span<const Plan> plan(Dynamics& dynamics, std::span<Rng> rngs,
                             std::span<const std::size_t> who = {});

  /// An episode's start: of `who`, or of everybody, nothing is carried into the next plan.
  void forget(std::size_t who);
  void forget();

  /// From now on every plan() writes what it does for its first belief here; null: stop.
  void trace(PlanTrace* trace) { trace_ = trace; }

 protected:
  explicit Planner(const PlannerConfig& config);  // Error: config.check()

  /// One belief's search as the methods see it.
  struct Search {
    std::size_t b = 0, who = 0;  // its row of the batch, and whose belief it is
    bool warm = false;           // plan.mean came from who's last plan
    int iteration = 0;
    std::ptrdiff_t H = 0, J = 0, A = 0;  // J candidates in this iteration
    float* actions = nullptr;            // [H,J,A]
    const double* returns = nullptr;     // [J]
    std::span<std::int32_t> order;       // [J], the elites first
    std::size_t elites = 0;              // how many: see choose()
    Plan* plan = nullptr;

    /// clip(mean + std * noise): what stands in `actions` becomes the candidates.
    void noise_to_actions() const;
    std::span<const std::int32_t> chosen() const { return order.first(elites); }
    /// Mean and standard deviation of the elites, each [H,A] (elites.hpp).
    void fit(std::vector<float>& mean, std::vector<float>& std) const;
    std::ptrdiff_t best() const;  // of the chosen; among equals the first
    /// Candidate j's sequence to or from [H,A] without gaps.
    void copy_to(std::ptrdiff_t j, float* sequence) const;
    void copy_from(std::ptrdiff_t j, const float* sequence) const;
  };

  /// Before the first iteration; one belief after the other.
  virtual void begin(const Search&) {}
  /// Fills s.actions with J sequences, each number in [-1, 1].
  virtual void draw(const Search& s, Rng& rng) = 0;
  /// Chooses elites and moves s.plan: mean, std and actions.
  virtual void refit(Search& s) = 0;

  /// The K best are the elites; fills best_return and elite_return. Error: see plan().
  void choose(Search& s, int K) const;

  PlannerConfig config_;

 private:
  void start(Dynamics& dynamics, std::span<Rng> rngs, std::span<const std::size_t> who);
  void start_search(Search& s);
  void trace_candidates() const;
  void remember();

  std::vector<Plan> plans_;                  // [B] or more
  std::vector<Search> searches_;             // [B]
  std::vector<Rng> futures_;                 // [B], empty when a candidate has one sample
  std::vector<float> actions_;               // [B,H,J,A]
  std::vector<double> returns_;              // [B,J]
  std::vector<std::int32_t> order_;          // [B,J]
  std::vector<std::vector<float>> carried_;  // by `who`: the last plan's [H,A], or empty
  PlanTrace* trace_ = nullptr;
};

/// The planner that config.method names. Error: config.check().
std::unique_ptr<Planner> make_planner(const PlannerConfig& config);

}  // namespace planet
