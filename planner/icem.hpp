// iCEM (Pinneri et al. 2020): the cross-entropy method with the same end and fewer candidates.
//
//   round i has max(J / gamma^i, 2 K) candidates           while the distribution narrows
//   a ~ clip(mean + std * noise coloured by beta)          coloured_noise.hpp
//   the best of the last round's elites stand again        in the places of the first candidates
//   in the last round the mean stands for election too     in the place of the last candidate
//   mean, std = (1 - momentum) elites' + momentum old      elites.hpp
//
// The plan is the best candidate of the last round, or the mean. With a warm start the mean of the
// last decision is moved on by one step, and so are its elites, their last action drawn anew: that
// is iCEM as published. Without, nothing is carried from a decision to the next.
//
// A candidate that stands again is imagined again: where the future is chance, a lucky one has to
// be lucky twice. So round i costs exactly PlannerConfig::population(i) rollouts.
#pragma once

#include <vector>

#include "planner/coloured_noise.hpp"
#include "planner/planner.hpp"

namespace planet {

class IcemPlanner final : public Planner {
 public:
  explicit IcemPlanner(const PlannerConfig& config);  // Error: config.check()

 private:
  void begin(const Search& s) override;
  void draw(const Search& s, Rng& rng) override;
  void refit(Search& s) override;
  void stand_again(const Search& s) const;
  void keep_best(Search& s);

  struct Workshop {
    std::vector<float> mean, std;  // [H,A] of the elites
    std::vector<float> column;     // [H]
  };
  ColouredNoise noise_;
  std::vector<Workshop> workshops_;       // [B]
  std::vector<std::vector<float>> kept_;  // by `who`: [n,H,A], at most `kept` of the elites
};

}  // namespace planet
