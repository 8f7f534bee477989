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
  return "<text x=\"" + number(x, 1) + "\" y=\"" + number(y, 1) + "\" text-anchor=\"" + anchor +
         "\"" + more + ">" + escape(s) + "</text>\n";
}
std::string line(double x1, double y1, double x2, double y2, const std::string& style) {
  return "<line x1=\"" + number(x1, 1) + "\" y1=\"" + number(y1, 1) + "\" x2=\"" + number(x2, 1) +
         "\" y2=\"" + number(y2, 1) + "\" " + style + "/>\n";
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
  s += text((x.pixel_low + x.pixel_high) / 2, o.height - 10, "middle", o.x_label);
  const double mid = (y.pixel_low + y.pixel_high) / 2;
  s += text(18, mid, "middle", o.y_label, " transform=\"rotate(-90 18 " + number(mid, 1) + ")\"");
  s += text(x.pixel_low, 22, "start", o.title, " font-weight=\"bold\"");
  return s;
}

std::string draw_series(const PlotSeries& p, const Axis& x, const Axis& y, std::size_t index) {
  const std::string colour = colours[index % colours.size()];
  std::string points, dots;
  for (const auto& [px, py] : p.points) {
    points += (points.empty() ? "" : " ") + number(x.at(px), 1) + "," + number(y.at(py), 1);
    dots += "<circle cx=\"" + number(x.at(px), 1) + "\" cy=\"" + number(y.at(py), 1) +
            "\" r=\"2.5\" fill=\"" + colour + "\"/>\n";
  }
  std::string s = "<polyline fill=\"none\" stroke=\"" + colour +
                  "\" stroke-width=\"1.8\" points=\"" + points + "\"/>\n" + dots;
  const double ly = 44 + 20 * static_cast<double>(index);
  s += line(x.pixel_high + 10, ly, x.pixel_high + 30, ly,
            "stroke=\"" + colour + "\" stroke-width=\"3\"");
  return s + text(x.pixel_high + 36, ly + 4, "start", p.label);
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
  double x0 = INFINITY, x1 = -INFINITY, y0 = INFINITY, y1 = -INFINITY;
  for (const PlotSeries& p : series)
    for (const auto& [x, y] : p.points) {
      require(std::isfinite(x) && std::isfinite(y), "series '", p.label, "' has a point (", x, ", ",
              y, "); a plot needs finite values");
      x0 = std::min(x0, x), x1 = std::max(x1, x), y0 = std::min(y0, y), y1 = std::max(y1, y);
    }
  require(x0 <= x1, "there is nothing to plot: no series has a point");
  for (const auto& [level, label] : o.levels) y0 = std::min(y0, level), y1 = std::max(y1, level);
  const Axis x = make_axis(x0, x1, 70, o.width - 150, 8);
  const Axis y = make_axis(y0, y1, o.height - 52, 36, 6);

  const std::string w = std::to_string(o.width), h = std::to_string(o.height);
  std::string s = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + w + "\" height=\"" + h +
                  "\" viewBox=\"0 0 " + w + " " + h +
                  "\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" "
                  "height=\"100%\" fill=\"white\"/>\n";
  s += draw_axes(x, y, o);
  for (std::size_t i = 0; i < series.size(); ++i) s += draw_series(series[i], x, y, i);
  return s + "</svg>\n";
}

}  // namespace planet
