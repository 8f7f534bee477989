// Plots: a document that any XML reader takes, bands where they belong, nothing that is not finite.
#include "apps/common/files/svg_plot.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <set>
#include <vector>

#include "autograd/base/error.hpp"
#include "tests/apps/xml.hpp"

using namespace planet;
using planet::test::xml_fault;

namespace {

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t n = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++n;
  return n;
}

const std::vector<PlotSeries> two{{"a < b & c", {{0, 1}, {1, 2}, {2, 4}}, {{0, 2}, {1, 3}, {2, 6}}},
                                  {"plain", {{0, 3}, {2, 3}}, {}}};

std::string error_of(const std::vector<PlotSeries>& series) {
  try {
    svg_plot({series, {}});
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("the checker of documents finds what is wrong with one") {
  CHECK(xml_fault("<a x=\"1\"><b/>text &amp; more</a>\n").empty());
  for (const char* bad : {"", "<a>", "<a></b>", "<a/><b/>", "<a x=1/>", "<a>&</a>", "<a x=\"1/>",
                          "<a><b></a></b>", "text<a/>"}) {
    INFO(bad);
    CHECK(!xml_fault(bad).empty());
  }
}

TEST_CASE(
    "a plot is a well formed document with a line for each series and a band for each interval") {
  PlotOptions o;
  o.title = "x < y & z > \"w\"";
  o.levels = {{5, "level"}};
  o.verticals = {{1.5, "eyes closed"}};
  const std::string svg = svg_plot({two, o});
  CHECK(xml_fault(svg) == "");
  CHECK(count(svg, "<polyline") == 2);
  CHECK(count(svg, "<polygon") == 1);
  CHECK(count(svg, "<circle") == 5);
  CHECK(svg.find("eyes closed") != std::string::npos);
  CHECK(svg == svg_plot({two, o}));
  CHECK(svg.find(">plain<") != std::string::npos);
}

TEST_CASE("a band goes along its upper edge and back along its lower one") {
  // 100 data units are 400 pixels here: the axis runs from pixel 70 to 760 - 53 = 707, for the
  // legend's "s".
  const std::string svg = svg_plot({{{"s", {{0, 0}, {10, 10}}, {{-2, 2}, {4, 16}}}}, {}});
  // Ticks along y: -5 0 5 10 15 20 between the pixels 368 and 36; along x 0 .. 10 on 70 .. 707.
  const auto y = [](double v) { return 368 + (v + 5) / 25 * (36 - 368); };
  char polygon[200];
  std::snprintf(polygon, sizeof polygon, "points=\"70.0,%.1f 707.0,%.1f 707.0,%.1f 70.0,%.1f \"",
                y(2), y(16), y(4), y(-2));
  INFO(svg);
  CHECK(svg.find(polygon) != std::string::npos);
}

TEST_CASE("an entry of the legend makes way for the name of a level") {
  SvgPlot plot{{{"series", {{0, 0}, {1, 10}}}}, {}};
  const auto entry = [&] {
    const std::string svg = svg_plot(plot);
    const std::size_t end = svg.find(">series<"), from = svg.rfind(" y=\"", end) + 4;
    return std::stod(svg.substr(from));
  };
  const double free = entry();
  plot.options.levels = {{10, "level"}};  // at the upper edge, beside the first entry
  CHECK(entry() > free);
  plot.options.levels = {{0, "level"}};
  CHECK(entry() == free);
}

TEST_CASE("the legend has room for the longest name and no entry for a series without one") {
  const std::string name(60, 'n');
  const std::string svg = svg_plot({{{name, {{0, 0}, {1, 1}}}}, {}});
  const std::string begin = "x=\"" + std::to_string(760 - 60 * 7 - 10) + ".0\"";
  CHECK(svg.find(begin + " y=\"48.0\" text-anchor=\"start\">" + name) != std::string::npos);
  const std::string nameless = svg_plot({{{"", {{0, 0}, {1, 1}}}}, {}});
  CHECK(count(nameless, "stroke-width=\"3\"") == 0);
  CHECK(count(svg, "stroke-width=\"3\"") == 1);
}

TEST_CASE("no two of twenty series have both the colour and the dashes in common") {
  const std::vector<PlotSeries> many(20, {"s", {{0, 0}, {1, 1}}});
  const std::string svg = svg_plot({many, {}});
  std::set<std::string> looks;
  for (std::size_t at = 0; (at = svg.find("<polyline", at)) != std::string::npos; ++at)
    looks.insert(svg.substr(at, svg.find(" points=", at) - at));
  CHECK(looks.size() == 20);
  CHECK(count(svg, "stroke-dasharray") ==
        32);  // a fifth of the lines is not dashed; with its entry
}

TEST_CASE("words along x have dots, which are hollow once the colours repeat") {
  const std::vector<PlotSeries> nine(9, {"s", {{0, 0}}, {{-1, 1}}});
  PlotOptions o;
  o.x_names = {"word"};
  const std::string svg = svg_plot({nine, o});
  CHECK(count(svg, "<polyline") == 0);
  CHECK(count(svg, "<circle") == 18);  // in the plot and in the legend
  CHECK(count(svg, "fill=\"white\" stroke") == 4);
}

TEST_CASE("no interval is drawn beyond what y can be, and the axis stays there") {
  PlotOptions o;
  o.y_range = {o.y_least = 0, o.y_most = 1};
  const std::string svg = svg_plot({{{"s", {{0, 0.1}, {1, 0.9}}, {{-5, 0.2}, {0.8, 7}}}}, o});
  const auto y = [](double v) { return 368 + v * (36 - 368); };
  char polygon[200];
  std::snprintf(polygon, sizeof polygon, "points=\"70.0,%.1f 707.0,%.1f 707.0,%.1f 70.0,%.1f \"",
                y(0.2), y(1), y(0.8), y(0));
  INFO(svg);
  CHECK(svg.find(polygon) != std::string::npos);
  CHECK(svg.find(">1</text>") != std::string::npos);
  CHECK(svg.find(">1.2</text>") == std::string::npos);
}

TEST_CASE("several plots stand in a grid, with axes of one length whatever their legends need") {
  const std::string name(60, 'n');
  const SvgPlot wide{{{name, {{0, 0}, {1, 1}}}}, {}}, narrow{{{"s", {{0, 0}, {1, 1}}}}, {}};
  const std::string grid = svg_grid({narrow, wide, narrow}, 2);
  CHECK(xml_fault(grid) == "");
  CHECK(count(grid, "<svg") == 4);
  CHECK(grid.find("width=\"1520\" height=\"840\"") != std::string::npos);
  CHECK(grid.find("translate(760 0)") != std::string::npos);
  CHECK(grid.find("translate(0 420)") != std::string::npos);
  CHECK(count(grid, svg_plot(wide)) == 1);
  CHECK(count(grid, svg_plot(narrow)) == 0);
  // The line from corner to corner.
  const std::string line = "points=\"70.0,368.0 " + std::to_string(760 - 60 * 7 - 46) + ".0,36.0\"";
  CHECK(count(grid, line) == 3);
}

TEST_CASE("a plot refuses what it cannot draw") {
  CHECK(error_of({}) == "there is nothing to plot: no series has a point");
  CHECK(error_of({{"s", {{0, NAN}}, {}}}).find("series 's' has a point (0, nan)") == 0);
  CHECK(error_of({{"s", {{0, 1}}, {{0, INFINITY}}}}).find("series 's' has a band from 0 to inf") ==
        0);
  CHECK(error_of({{"s", {{0, 1}, {1, 1}}, {{0, 1}}}}) ==
        "series 's' has 2 points and a band of 1; it needs one for each");
}
