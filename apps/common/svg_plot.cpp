#include "apps/common/svg_plot.hpp"

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
    s += text(x.at(t), y.pixel_low + 18, "middle", tick_label(t));
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

std::string draw_series(const PlotSeries& p, const Axis& x, const Axis& y, std::size_t index) {
  const char* colour = colours[index % colours.size()];
  std::string points, dots;
  for (const auto& [px, py] : p.points) {
    points += cat(points.empty() ? "" : " ", number(x.at(px), 1), ",", number(y.at(py), 1));
    dots += cat("<circle cx=\"", number(x.at(px), 1), "\" cy=\"", number(y.at(py), 1),
                "\" r=\"2.5\" fill=\"", colour, "\"/>\n");
  }
  std::string s = cat("<polyline fill=\"none\" stroke=\"", colour,
                      "\" stroke-width=\"1.8\" points=\"", points, "\"/>\n", dots);
  const double ly = 44 + 20 * static_cast<double>(index);
  s += line(x.pixel_high + 10, ly, x.pixel_high + 30, ly,
            cat("stroke=\"", colour, "\" stroke-width=\"3\""));
  return s + text(x.pixel_high + 36, ly + 4, "start", p.label);
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

std::string svg_plot(const std::vector<PlotSeries>& series, const PlotOptions& o) {
  Bounds bounds;
  for (const PlotSeries& p : series) add(bounds, p);
  require(bounds.x0 <= bounds.x1, "there is nothing to plot: no series has a point");
  for (const auto& level : o.levels) bounds.add_y(level.first);
  for (const auto& vertical : o.verticals) bounds.add_x(vertical.first);
  for (const double y : o.y_range) bounds.add_y(y);
  const Axis x = make_axis(bounds.x0, bounds.x1, 70, o.width - 150, 8);
  const Axis y = make_axis(bounds.y0, bounds.y1, o.height - 52, 36, 6);

  std::string s = cat("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", o.width, "\" height=\"",
                      o.height, "\" viewBox=\"0 0 ", o.width, " ", o.height,
                      "\" font-family=\"sans-serif\" font-size=\"12\">\n"
                      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
  s += draw_axes(x, y, o);
  for (std::size_t i = 0; i < series.size(); ++i)
    s += draw_band(series[i], x, y, colours[i % colours.size()]);
  for (std::size_t i = 0; i < series.size(); ++i) s += draw_series(series[i], x, y, i);
  return s + "</svg>\n";
}

std::string svg_grid(const std::vector<std::string>& plots, int columns, int width, int height) {
  const int rows = (static_cast<int>(plots.size()) + columns - 1) / columns;
  std::string s = cat("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", columns * width,
                      "\" height=\"", rows * height, "\">\n");
  for (int i = 0; i < static_cast<int>(plots.size()); ++i)
    s += cat("<g transform=\"translate(", i % columns * width, " ", i / columns * height, ")\">\n",
             plots[static_cast<std::size_t>(i)], "</g>\n");
  return s + "</svg>\n";
}

}  // namespace planet
