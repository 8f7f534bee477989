#include "apps/common/foresight/search.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "apps/common/options/values.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/index.hpp"

namespace planet {
namespace {

using Iteration = PlanTrace::Iteration;

// With several numbers in an action a panel needs room for a legend.
int panel_width(std::ptrdiff_t A) { return A == 1 ? 300 : 430; }
constexpr int panel_height = 220, panels_in_a_row = 4;

// Candidate j of an iteration's [H,J,A], as contiguous [H,A].
std::vector<float> sequence(const Iteration& it, std::ptrdiff_t j, std::ptrdiff_t A) {
  const auto H = static_cast<std::ptrdiff_t>(it.mean.size()) / A;
  std::vector<float> out;
  for (std::ptrdiff_t t = 0; t < H; ++t) {
    const auto step = it.actions.begin() + (t * it.candidates + j) * A;
    out.insert(out.end(), step, step + A);
  }
  return out;
}

// The candidate of highest sign * return.
ScoredCandidate extreme(const PlanTrace& trace, std::ptrdiff_t A, double sign) {
  std::optional<ScoredCandidate> found;
  for (std::size_t i = 0; i < trace.iterations.size(); ++i) {
    const Iteration& it = trace.iterations[i];
    for (std::ptrdiff_t j = 0; j < it.candidates; ++j) {
      const auto value = it.returns[index(j)];
      if (std::isfinite(value) && (!found || sign * value > sign * found->value))
        found = ScoredCandidate{i, j, value, {}};
    }
  }
  require(found.has_value(), "the search has no candidate with a finite return");
  found->actions = sequence(trace.iterations[found->iteration], found->j, A);
  return *found;
}

std::string right(const std::string& text, std::size_t width) {
  return std::string(text.size() < width ? width - text.size() : 0, ' ') + text;
}

// `share` of a width of cells as a bar of whole blocks.
std::string bar(double share, int width) {
  const int n = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * width));
  std::string out;
  for (int i = 0; i < width; ++i) out += i < n ? "\u2588" : "\u00b7";
  return out;
}

// From the middle to the left or to the right, eight cells on each side.
std::string signed_bar(double value) {
  constexpr int half = 8;
  const int n = static_cast<int>(std::lround(std::clamp(value, -1.0, 1.0) * half));
  std::string out;
  for (int i = -half; i < half; ++i) {
    if (i == 0) out += "\u2502";
    out += (i < 0 ? i >= n : i < n) ? "\u2588" : "\u00b7";
  }
  return out;
}

// One panel: mean and band of A numbers over H steps.
SvgPlot panel(const std::vector<float>& mean, const std::vector<float>& std, std::ptrdiff_t A,
              const std::string& title) {
  std::vector<PlotSeries> series;
  for (std::ptrdiff_t a = 0; a < A; ++a) {
    PlotSeries s{A > 1 ? cat("action ", a) : ""};
    for (std::size_t i = index(a); i < mean.size(); i += index(A)) {
      const auto m = static_cast<double>(mean[i]), d = static_cast<double>(std[i]);
      s.points.emplace_back(static_cast<double>(i / index(A)) + 1, m);
      s.band.emplace_back(m - d, m + d);
    }
    series.push_back(std::move(s));
  }
  PlotOptions options;
  options.title = title;
  options.x_label = "step of the plan";
  options.y_label = "action";
  options.y_range = {options.y_least = -1, options.y_most = 1};
  options.width = panel_width(A);
  options.height = panel_height;
  return {std::move(series), std::move(options)};
}

}  // namespace

ScoredCandidate best_candidate(const PlanTrace& trace, std::ptrdiff_t A) {
  return extreme(trace, A, 1);
}
ScoredCandidate worst_candidate(const PlanTrace& trace, std::ptrdiff_t A) {
  return extreme(trace, A, -1);
}

SearchSummary summarise(const Iteration& it) {
  SearchSummary out{INFINITY, 0, -INFINITY, 0, 0};
  double finite = 0;
  for (const double value : it.returns) {
    if (!std::isfinite(value)) continue;
    out.worst = std::min(out.worst, value);
    out.best = std::max(out.best, value);
    out.mean += value;
    ++finite;
  }
  out.mean /= finite;
  for (const std::int32_t j : it.elites)
    out.elites += it.returns[index(j)] / static_cast<double>(it.elites.size());
  for (const float d : it.std)
    out.spread += static_cast<double>(d) / static_cast<double>(it.std.size());
  return out;
}

std::string search_table(const PlanTrace& trace, bool bars) {
  const double low = summarise(trace.iterations.front()).worst;
  double high = low;
  for (const Iteration& it : trace.iterations) high = std::max(high, summarise(it).best);
  std::string text = "iteration  candidates    worst     mean     best   elites   spread\n";
  for (std::size_t i = 0; i < trace.iterations.size(); ++i) {
    const SearchSummary s = summarise(trace.iterations[i]);
    text += cat(right(cat(i + 1), 9), right(cat(trace.iterations[i].candidates), 12));
    for (const double x : {s.worst, s.mean, s.best, s.elites}) text += right(fixed(x, 3), 9);
    text += right(fixed(s.spread, 3), 9);
    if (bars)
      text += cat("  elites ", bar((s.elites - low) / (high - low), 16), "  spread ",
                  bar(s.spread, 10));
    text += "\n";
  }
  return text;
}

std::string plan_table(const Plan& plan, std::ptrdiff_t A, bool bars) {
  std::string text = "step";
  for (std::ptrdiff_t a = 0; a < A; ++a)
    text += right(cat("action ", a), 10) + std::string(bars ? 19 : 0, ' ');
  text += "\n";
  for (std::size_t i = 0; i < plan.actions.size(); ++i) {
    const auto value = static_cast<double>(plan.actions[i]);
    if (i % index(A) == 0) text += right(cat(i / index(A) + 1), 4);
    text += right(fixed(value, 3), 10);
    if (bars) text += "  " + signed_bar(value);
    if ((i + 1) % index(A) == 0) text += "\n";
  }
  return text;
}

std::vector<SvgPlot> search_panels(const PlanTrace& trace, const Plan& plan, std::ptrdiff_t A) {
  std::vector<SvgPlot> panels;
  for (std::size_t i = 0; i < trace.iterations.size(); ++i)
    panels.push_back(panel(trace.iterations[i].mean, trace.iterations[i].std, A,
                           cat("iteration ", i + 1, " draws from")));
  panels.push_back(panel(plan.mean, plan.std, A, "after the last refit"));
  return panels;
}

std::string search_svg(const PlanTrace& trace, const Plan& plan, std::ptrdiff_t A) {
  return svg_grid(search_panels(trace, plan, A), panels_in_a_row);
}

std::string returns_svg(const PlanTrace& trace, PlotOptions options) {
  PlotSeries candidates{"candidates"}, elites{"elites"};
  for (std::size_t i = 0; i < trace.iterations.size(); ++i) {
    const Iteration& it = trace.iterations[i];
    const SearchSummary s = summarise(it);
    const double x = static_cast<double>(i) + 1;
    candidates.points.emplace_back(x, s.mean);
    candidates.band.emplace_back(s.worst, s.best);
    double low = INFINITY, high = -INFINITY;
    for (const std::int32_t j : it.elites) {
      low = std::min(low, it.returns[index(j)]);
      high = std::max(high, it.returns[index(j)]);
    }
    if (it.elites.empty()) continue;
    elites.points.emplace_back(x, s.elites);
    elites.band.emplace_back(low, high);
  }
  options.x_label = "iteration";
  options.y_label = "imagined return: mean and range";
  return svg_plot({{candidates, elites}, options});
}

std::string search_csv(const PlanTrace& trace, std::ptrdiff_t A) {
  std::string text = "iteration,candidate,return,elite";
  const auto HA = static_cast<std::ptrdiff_t>(trace.iterations.front().mean.size());
  for (std::ptrdiff_t i = 0; i < HA; ++i) text += cat(",action_", i / A + 1, "_", i % A);
  text += "\n";
  for (std::size_t i = 0; i < trace.iterations.size(); ++i) {
    const Iteration& it = trace.iterations[i];
    for (std::ptrdiff_t j = 0; j < it.candidates; ++j) {
      const auto number = static_cast<std::int32_t>(j);
      const bool elite = std::ranges::find(it.elites, number) != it.elites.end();
      text += cat(i + 1, ",", j, ",", write_value(it.returns[index(j)]), ",", elite ? 1 : 0);
      for (const float a : sequence(it, j, A)) text += cat(",", fixed(static_cast<double>(a), 6));
      text += "\n";
    }
  }
  return text;
}

}  // namespace planet
