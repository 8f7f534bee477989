// Line plots as SVG: axes with round ticks, one polyline per series, a band around it where there
// is an interval, and a legend.
//
// The file is plain text with fixed decimals, so that the same data give the same bytes and a plot
// can be committed beside the CSV it was made from.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace planet {

struct PlotSeries {
  std::string label;                                // in the legend; empty: no entry
  std::vector<std::pair<double, double>> points{};  // (x, y), in drawing order; all finite
  std::vector<std::pair<double, double>> band{};    // (low, high) at each point; empty: none
};

struct PlotOptions {
  std::string title, x_label, y_label;
  std::vector<std::pair<double, std::string>> levels;     // dashed horizontal lines, with a name
  std::vector<std::pair<double, std::string>> verticals;  // and vertical ones
  /// Words instead of numbers along x: names of 0, 1, ... Each series is then drawn as dots with
  /// error bars beside those of the others, since nothing lies between two words.
  std::vector<std::string> x_names{};
  std::vector<double> y_range;  // low and high that the axis must include; empty: from the data
  int width = 760, height = 420;
  bool dots = true;  // a dot at each point of a line
};

/// The whole SVG document. Error: no point at all, a value that is not finite, or a band whose
/// length is not that of its series.
std::string svg_plot(const std::vector<PlotSeries>& series, const PlotOptions& options);

/// Several documents of svg_plot, all `width` by `height`, as one, in rows of `columns`.
std::string svg_grid(const std::vector<std::string>& plots, int columns, int width, int height);

/// Round tick positions (1, 2 or 5 times a power of ten apart) that cover [low, high].
std::vector<double> round_ticks(double low, double high, int about);

}  // namespace planet
