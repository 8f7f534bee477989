#include "apps/common/files/svg_plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "autograd/base/error.hpp"

namespace planet {
namespace {

// Okabe and Ito's palette: distinguishable with every common kind of colour vision.
constexpr std::array colours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                "#e69f00", "#56b4e9", "#777777"};

// Lengths of strokes and gaps. There are not as many as colours: 35 series differ in one or the other.
constexpr std::array dashes = {"", "7 3", "2 2", "9 3 2 3", "14 3"};

const char* colour_of(std::size_t series) { return colours[series % colours.size()]; }
std::string dash_of(std::size_t series) {
  const std::string dash = dashes[series % dashes.size()];
  return dash.empty() ? "" : cat(" stroke-dasharray=\"", dash, "\"");
}

std::string number(double v, int decimals) {
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%.*f", decimals, v);
  return text.data();
}
std::string tick_label(double v) {
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%.6g", v == 0 ? 0.0 : v);  // no "-0"
  return text.data();
}
std::string escape(const std::string& text) {
  std::string out;
  for (const char c : text)
    out += c == '<' ? "&lt;" : c == '&' ? "&amp;" : c == '>' ? "&gt;" : std::string(1, c);
  return out;
}

// From data to pixels, along one axis.
struct Axis {
  double low, high;  // data at the ends
  double pixel_low, pixel_high;
  std::vector<double> ticks;
  double at(double v) const {
    return pixel_low + (v - low) / (high - low) * (pixel_high - pixel_low);
  }
};

Axis make_axis(double low, double high, double pixel_low, double pixel_high, int about) {
  Axis a{low, high, pixel_low, pixel_high, round_ticks(low, high, about)};
  a.low = std::min(low, a.ticks.front());
  a.high = std::max(high, a.ticks.back());
  return a;
}

std::string text(double x, double y, const std::string& anchor, const std::string& s,
                 const std::string& more = "") {
  return cat("<text x=\"", number(x, 1), "\" y=\"", number(y, 1), "\" text-anchor=\"", anchor, "\"",
             more, ">", escape(s), "</text>\n");
}
std::string line(double x1, double y1, double x2, double y2, const std::string& style) {
  return cat("<line x1=\"", number(x1, 1), "\" y1=\"", number(y1, 1), "\" x2=\"", number(x2, 1),
             "\" y2=\"", number(y2, 1), "\" ", style, "/>\n");
}

std::string draw_axes(const Axis& x, const Axis& y, const PlotOptions& o) {
  const std::string grid = "stroke=\"#dddddd\"";
  std::string s;
  for (const double t : x.ticks) {
    s += line(x.at(t), y.pixel_low, x.at(t), y.pixel_high, grid);
    const auto i = static_cast<std::size_t>(std::max(t, 0.0));
    s +=
        text(x.at(t), y.pixel_low + 18, "middle", o.x_names.empty() ? tick_label(t) : o.x_names[i]);
  }
  for (const double t : y.ticks) {
    s += line(x.pixel_low, y.at(t), x.pixel_high, y.at(t), grid);
    s += text(x.pixel_low - 8, y.at(t) + 4, "end", tick_label(t));
  }
  for (const auto& [level, label] : o.levels) {
    s += line(x.pixel_low, y.at(level), x.pixel_high, y.at(level),
              "stroke=\"#444444\" stroke-dasharray=\"5 4\"");
    s += text(x.pixel_high + 6, y.at(level) + 4, "start", label);
  }
  for (const auto& [place, label] : o.verticals) {
    s += line(x.at(place), y.pixel_low, x.at(place), y.pixel_high,
              "stroke=\"#444444\" stroke-dasharray=\"5 4\"");
    s += text(x.at(place) + 4, y.pixel_high + 12, "start", label);
  }
  s += text((x.pixel_low + x.pixel_high) / 2, o.height - 10, "middle", o.x_label);
  const double mid = (y.pixel_low + y.pixel_high) / 2;
  s +=
      text(18, mid, "middle", o.y_label, cat(" transform=\"rotate(-90 18 ", number(mid, 1), ")\""));
  s += text(x.pixel_low, 22, "start", o.title, " font-weight=\"bold\"");
  return s;
}

// The series with its band cut at the values that y can have.
PlotSeries possible(PlotSeries p, const PlotOptions& o) {
  for (auto& [low, high] : p.band) {
    low = std::clamp(low, o.y_least, o.y_most);
    high = std::clamp(high, o.y_least, o.y_most);
  }
  return p;
}

// The band's upper edge from left to right, then its lower edge back.
std::string draw_band(const PlotSeries& p, const Axis& x, const Axis& y, const char* colour) {
  if (p.band.empty()) return "";
  std::string upper, lower;
  for (std::size_t i = 0; i < p.points.size(); ++i) {
    const std::string at = number(x.at(p.points[i].first), 1);
    upper += cat(at, ",", number(y.at(p.band[i].second), 1), " ");
    lower = cat(at, ",", number(y.at(p.band[i].first), 1), " ", lower);
  }
  return cat("<polygon fill=\"", colour, "\" fill-opacity=\"0.18\" points=\"", upper, lower,
             "\"/>\n");
}

std::string dot(double x, double y, std::size_t series) {
  const bool hollow = series / colours.size() % 2 == 1;  // the colours' second round
  return cat("<circle cx=\"", number(x, 1), "\" cy=\"", number(y, 1), "\" r=\"2.5\" fill=\"",
             hollow ? "white" : colour_of(series), "\" stroke=\"", colour_of(series), "\"/>\n");
}

// A piece of the line, or the dot where the series are dots.
std::string draw_legend(const PlotSeries& p, const Axis& x, double y, std::size_t index,
                        bool dots) {
  return (dots
              ? dot(x.pixel_high + 20, y, index)
              : line(x.pixel_high + 6, y, x.pixel_high + 32, y,
                     cat("stroke=\"", colour_of(index), "\" stroke-width=\"3\"", dash_of(index)))) +
         text(x.pixel_high + 36, y + 4, "start", p.label);
}

// Dots show where something was measured; many of them would only hide the line's dashes.
std::string draw_line(const PlotSeries& p, const Axis& x, const Axis& y, std::size_t index) {
  std::string points, dots;
  for (const auto& [px, py] : p.points) {
    points += cat(points.empty() ? "" : " ", number(x.at(px), 1), ",", number(y.at(py), 1));
    if (p.points.size() <= 40) dots += dot(x.at(px), y.at(py), index);
  }
  return cat("<polyline fill=\"none\" stroke=\"", colour_of(index), "\" stroke-width=\"1.8\"",
             dash_of(index), " points=\"", points, "\"/>\n", dots);
}

// `shift` pixels beside the place of the word, so that no series hides another.
std::string draw_dots(const PlotSeries& p, const Axis& x, const Axis& y, double shift,
                      std::size_t index) {
  std::string s;
  for (std::size_t i = 0; i < p.points.size(); ++i) {
    const double at = x.at(p.points[i].first) + shift;
    if (!p.band.empty())
      s += line(at, y.at(p.band[i].first), at, y.at(p.band[i].second),
                cat("stroke=\"", colour_of(index), "\" stroke-width=\"1.5\""));
    s += dot(at, y.at(p.points[i].second), index);
  }
  return s;
}

// What the plot has to cover.
struct Bounds {
  double x0 = INFINITY, x1 = -INFINITY, y0 = INFINITY, y1 = -INFINITY;
  void add_y(double y) { y0 = std::min(y0, y), y1 = std::max(y1, y); }
  void add_x(double x) { x0 = std::min(x0, x), x1 = std::max(x1, x); }
};

void add(Bounds& bounds, const PlotSeries& p) {
  require(p.band.empty() || p.band.size() == p.points.size(), "series '", p.label, "' has ",
          p.points.size(), " points and a band of ", p.band.size(), "; it needs one for each");
  for (const auto& [x, y] : p.points) {
    require(std::isfinite(x) && std::isfinite(y), "series '", p.label, "' has a point (", x, ", ",
            y, "); a plot needs finite values");
    bounds.add_x(x), bounds.add_y(y);
  }
  for (const auto& [low, high] : p.band) {
    require(std::isfinite(low) && std::isfinite(high), "series '", p.label, "' has a band from ",
            low, " to ", high, "; a plot needs finite values");
    bounds.add_y(low), bounds.add_y(high);
  }
}

// What stands right of the plot: the legend and the levels' names, of about 7 pixels a letter.
double right_margin(const SvgPlot& plot) {
  double margin = 20;
  const auto make_room = [&](double before, const std::string& word) {
    if (!word.empty())
      margin = std::max(margin, before + 7 * static_cast<double>(word.size()) + 10);
  };
  for (const PlotSeries& p : plot.series) make_room(36, p.label);
  for (const auto& level : plot.options.levels) make_room(6, level.second);
  return margin;
}

Axis x_axis(const Bounds& bounds, double right, const PlotOptions& o) {
  const double left = 70;
  if (o.x_names.empty()) return make_axis(bounds.x0, bounds.x1, left, right, 8);
  const auto n = static_cast<double>(o.x_names.size());
  require(bounds.x0 >= 0 && bounds.x1 <= n - 1, "there are ", n, " words along x and points from ",
          bounds.x0, " to ", bounds.x1, "; each point needs its word");
  Axis a{-0.5, n - 0.5, left, right, {}};
  for (double t = 0; t < n; ++t) a.ticks.push_back(t);
  return a;
}

std::string draw(const SvgPlot& plot, double margin) {
  const PlotOptions& o = plot.options;
  std::vector<PlotSeries> series;
  Bounds bounds;
  for (const PlotSeries& p : plot.series) {
    series.push_back(possible(p, o));
    add(bounds, series.back());
  }
  require(bounds.x0 <= bounds.x1, "there is nothing to plot: no series has a point");
  for (const auto& level : o.levels) bounds.add_y(level.first);
  for (const auto& vertical : o.verticals) bounds.add_x(vertical.first);
  for (const double y : o.y_range) bounds.add_y(y);
  const Axis x = x_axis(bounds, o.width - margin, o);
  const Axis y = make_axis(bounds.y0, bounds.y1, o.height - 52, 36, 6);

  std::string s = cat("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", o.width, "\" height=\"",
                      o.height, "\" viewBox=\"0 0 ", o.width, " ", o.height,
                      "\" font-family=\"sans-serif\" font-size=\"12\">\n"
                      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
  s += draw_axes(x, y, o);
  const bool words = !o.x_names.empty();
  double legend = 44;
  const auto on_a_name = [&](const auto& level) {
    return std::abs(y.at(level.first) - legend) < 14;
  };
  for (std::size_t i = 0; i < series.size(); ++i)
    if (!words) s += draw_band(series[i], x, y, colour_of(i));
  for (std::size_t i = 0; i < series.size(); ++i) {
    const double middle = (static_cast<double>(series.size()) - 1) / 2;
    s += words ? draw_dots(series[i], x, y, 9 * (static_cast<double>(i) - middle), i)
               : draw_line(series[i], x, y, i);
    if (series[i].label.empty()) continue;
    while (std::ranges::any_of(o.levels, on_a_name)) legend += 4;
    s += draw_legend(series[i], x, legend, i, words);
    legend += 20;
  }
  return s + "</svg>\n";
}

}  // namespace

std::vector<double> round_ticks(double low, double high, int about) {
  if (!(high > low)) high = low + 1;
  const double raw = (high - low) / about;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (const double m : {5.0, 2.0, 1.0})
    if (m * power >= raw) step = m * power;
  std::vector<double> ticks;
  const auto first = static_cast<long>(std::floor(low / step + 1e-9));
  const auto last = static_cast<long>(std::ceil(high / step - 1e-9));
  for (long i = first; i <= last; ++i) ticks.push_back(static_cast<double>(i) * step);
  return ticks;
}

std::string svg_plot(const SvgPlot& plot) { return draw(plot, right_margin(plot)); }

std::string svg_grid(const std::vector<SvgPlot>& plots, int columns) {
  double margin = 0;
  for (const SvgPlot& plot : plots) margin = std::max(margin, right_margin(plot));
  const int width = plots.at(0).options.width, height = plots.at(0).options.height;
  const int rows = (static_cast<int>(plots.size()) + columns - 1) / columns;
  std::string s =
      cat("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", columns * width, "\" height=\"",
          rows * height, "\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
  for (int i = 0; i < static_cast<int>(plots.size()); ++i)
    s += cat("<g transform=\"translate(", i % columns * width, " ", i / columns * height, ")\">\n",
             draw(plots[static_cast<std::size_t>(i)], margin), "</g>\n");
  return s + "</svg>\n";
}

}  // namespace planet
