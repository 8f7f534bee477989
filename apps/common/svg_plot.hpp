// Line plots as SVG: axes with round ticks, one polyline a series, a legend, nothing else.
//
// The file is plain text with fixed decimals, so that the same data give the same bytes and a plot
// can be committed beside the CSV it was made from.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace planet {

struct PlotSeries {
  std::string label;
  std::vector<std::pair<double, double>> points;  // (x, y), in drawing order; all finite
};

struct PlotOptions {
  std::string title, x_label, y_label;
  std::vector<std::pair<double, std::string>> levels;  // dashed horizontal lines, with a name
  int width = 760, height = 420;
};

/// The whole SVG document. Throws if there is no point at all or a value is not finite.
std::string svg_plot(const std::vector<PlotSeries>& series, const PlotOptions& options);

/// Round tick positions (1, 2 or 5 times a power of ten apart) that cover [low, high].
std::vector<double> round_ticks(double low, double high, int about);

}  // namespace planet
