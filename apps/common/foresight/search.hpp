// One search of a planner as a table, as plots and as a CSV of all its candidates.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "apps/common/files/svg_plot.hpp"
#include "planner/planner.hpp"

namespace planet {

/// One of the candidates of a search.
struct ScoredCandidate {
  std::size_t iteration = 0;
  std::ptrdiff_t j = 0;
  double value = 0;            // its imagined return
  std::vector<float> actions;  // [H,A]
};
/// The candidates of highest and lowest finite return in the whole search, the first among equals.
/// Error: no return is finite.
ScoredCandidate best_candidate(const PlanTrace& trace, std::ptrdiff_t A);
ScoredCandidate worst_candidate(const PlanTrace& trace, std::ptrdiff_t A);

/// One line of the table: statistics of one iteration's candidates.
struct SearchSummary {
  double worst = 0, mean = 0, best = 0;  // of the candidates' finite returns
  double elites = 0;                     // mean return of the elites
  double spread = 0;                     // mean standard deviation they were drawn with
};
SearchSummary summarise(const PlanTrace::Iteration& iteration);

/// One line per iteration; with bars, the elites' return and the spread are drawn too.
std::string search_table(const PlanTrace& trace, bool bars);
/// One line per step of the plan [H,A]; with bars, each action is drawn from -1 to 1.
std::string plan_table(const Plan& plan, std::ptrdiff_t A, bool bars);

/// One panel per iteration: mean +- standard deviation per step of the distribution from which its
/// candidates were drawn (clipped to [-1, 1], as they are); and one panel after the last refit.
std::vector<SvgPlot> search_panels(const PlanTrace& trace, const Plan& plan, std::ptrdiff_t A);
/// The same panels as one picture.
std::string search_svg(const PlanTrace& trace, const Plan& plan, std::ptrdiff_t A);
/// Mean and range of candidates and elites per iteration, with the title, levels and size of
/// `options`.
std::string returns_svg(const PlanTrace& trace, PlotOptions options);
/// iteration,candidate,return,elite,action_STEP_NUMBER...: one row per candidate.
std::string search_csv(const PlanTrace& trace, std::ptrdiff_t A);

}  // namespace planet
