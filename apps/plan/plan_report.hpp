// One search of a planner to look at: a table, plots and a CSV of everything it tried.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "planner/planner.hpp"

namespace planet {

/// One of the candidates of a search.
struct Candidate {
  std::size_t iteration = 0;
  std::ptrdiff_t j = 0;
  double value = 0;            // its imagined return
  std::vector<float> actions;  // [H,A]
};
/// Those of highest and lowest return in the whole search, the first among equals; returns that are
/// not finite do not count. Error: there is none.
Candidate best_candidate(const PlanTrace& trace, std::ptrdiff_t A);
Candidate worst_candidate(const PlanTrace& trace, std::ptrdiff_t A);

/// What a line of the table says of one iteration's candidates.
struct SearchSummary {
  double worst = 0, mean = 0, best = 0;  // of the candidates' finite returns
  double elites = 0;                     // mean return of the elites
  double spread = 0;                     // mean standard deviation they were drawn with
};
SearchSummary summarise(const PlanTrace::Iteration& iteration);

/// A line per iteration; with bars, the elites' return and the spread are drawn too.
std::string search_table(const PlanTrace& trace, bool bars);
/// A line per step of the plan [H,A]; with bars, each action from -1 to 1.
std::string plan_table(const Plan& plan, std::ptrdiff_t A, bool bars);

/// A panel per iteration, mean +- standard deviation by step of what its candidates were drawn from
/// (cut off at -1 and 1, as the candidates are), and one of what the last refit left.
std::string search_svg(const PlanTrace& trace, const Plan& plan, std::ptrdiff_t A);
/// By iteration: candidates and elites, each mean and range. `level`, if there is one: a line at
/// that return, under this name.
std::string returns_svg(const PlanTrace& trace, const std::string& title,
                        std::optional<std::pair<double, std::string>> level);
/// iteration,candidate,return,elite,action_STEP_NUMBER...: a row per candidate.
std::string search_csv(const PlanTrace& trace, std::ptrdiff_t A);

}  // namespace planet
