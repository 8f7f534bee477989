// Line plots as SVG: axes with round ticks, one polyline per series, a band around it where there
// is an interval, and a legend. Series differ in their dashes as well as in their colours.
//
// The file is plain text with fixed decimals, so that the same data give the same bytes and a plot
// can be committed beside the CSV it was made from.
#pragma once

#include <limits>
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
  std::vector<double> y_range;  // values that the axis must include
  /// The least and the largest value that y can have: no interval is drawn beyond them.
  double y_least = -std::numeric_limits<double>::infinity();
  double y_most = std::numeric_limits<double>::infinity();
  int width = 760, height = 420;
};

/// What svg_plot draws.
struct SvgPlot {
  std::vector<PlotSeries> series;
  PlotOptions options;
};

/// The whole SVG document. Error: no point at all, a value that is not finite, or a band whose
/// length is not that of its series.
std::string svg_plot(const SvgPlot& plot);

/// Several plots of the size of the first as one document, in rows of `columns`. Their axes have one
/// length, so that what stands above one another belongs together.
std::string svg_grid(const std::vector<SvgPlot>& plots, int columns);

/// Round tick positions (1, 2 or 5 times a power of ten apart) that cover [low, high].
std::vector<double> round_ticks(double low, double high, int about);

}  // namespace planet
