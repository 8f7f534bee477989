// plot: a study's table of results as a plot and as a table for its chapter.
//
//   plot results.csv --by model --x horizon --y mean --where measure=image --svg error.svg
//   plot results.csv --by model --y left --y right --table table.md
//
// Rows that agree in --by and in --x are one figure, measured several times: its mean, with
// Student's 95 % interval over them (common/report/statistics.hpp) as a band in the plot and as +-
// in the table.
#include <algorithm>
#include <iostream>

#include "apps/common/files/csv_table.hpp"
#include "apps/common/files/svg_plot.hpp"
#include "apps/common/options/command_line.hpp"
#include "apps/common/report/statistics.hpp"
#include "apps/programs.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace {

struct Options {
  std::string csv, x, x_label, y_label, title, svg, table;
  std::vector<std::string> y, by, where, levels;
};

// "NAME=VALUE" in two.
std::pair<std::string, std::string> halves(const std::string& flag, const std::string& text) {
  const std::size_t equals = text.find('=');
  require(equals != std::string::npos && equals > 0, flag, " is '", text, "'; it is NAME=VALUE");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

bool read_command_line(int argc, const char* const* argv, Options& o) {
  CommandLine cli("plot", "A table of results (CSV) as a plot and as a table of means.");
  cli.positional("TABLE.csv", o.csv, "a header, then a row a measurement");
  cli.option("--x", o.x, "column along the x axis: numbers, or words in their order");
  cli.list("--y", o.y, "column that is measured; empty cells are left out (repeatable)");
  cli.list("--by", o.by, "column that tells lines apart (repeatable)");
  cli.list("--where", o.where, "NAME=VALUE: only rows that have this (repeatable)");
  cli.list("--level", o.levels, "VALUE=NAME: a dashed line at this height (repeatable)");
  cli.option("--svg", o.svg, "write the plot here");
  cli.option("--table", o.table, "write the means here, as a Markdown table");
  cli.option("--title", o.title, "above the plot");
  cli.option("--x-label", o.x_label, "along the x axis (default: the column's name)");
  cli.option("--y-label", o.y_label, "along the y axis (default: the columns' names)");
  if (!cli.parse(argc, argv)) return false;
  require(!o.svg.empty() || !o.table.empty(), "give --svg FILE, --table FILE or both");
  require(!o.y.empty(), "--y is missing: the column that is measured");
  require(o.svg.empty() || !o.x.empty(), "--svg needs --x, the column along the x axis");
  if (o.x_label.empty()) o.x_label = o.x;
  if (o.y_label.empty()) o.y_label = join(o.y);
  return true;
}

// Rows that agree in --by and --x, and what was measured in them: [y][n].
struct Cell {
  std::string by, x;
  std::vector<std::vector<double>> y;
};

std::vector<Cell> collect(const CsvTable& csv, const Options& o) {
  std::vector<std::pair<std::size_t, std::string>> where;
  for (const std::string& condition : o.where) {
    const auto [title, value] = halves("--where", condition);
    where.emplace_back(csv.column("--where", title), value);
  }
  std::vector<std::size_t> by, y;
  for (const std::string& title : o.by) by.push_back(csv.column("--by", title));
  for (const std::string& title : o.y) y.push_back(csv.column("--y", title));

  std::vector<Cell> cells;
  for (const std::vector<std::string>& row : csv.rows()) {
    if (std::ranges::any_of(where, [&](const auto& w) { return row[w.first] != w.second; }))
      continue;
    std::vector<std::string> key;
    for (const std::size_t c : by) key.push_back(row[c]);
    const std::string label = join(key, " "), x = o.x.empty() ? "" : row[csv.column("--x", o.x)];
    auto cell =
        std::ranges::find_if(cells, [&](const Cell& c) { return c.by == label && c.x == x; });
    if (cell == cells.end())
      cell = cells.insert(cells.end(), {label, x, std::vector<std::vector<double>>(y.size())});
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (row[y[i]].empty()) continue;
      double value = 0;
      read_option(o.csv + ": " + o.y[i], row[y[i]], value);
      cell->y[i].push_back(value);
    }
  }
  require(!cells.empty(), o.csv, " has no rows",
          o.where.empty() ? "" : " with " + join(o.where, " and "));
  return cells;
}

// ---- the table ---------------------------------------------------------------------------------

std::string table_text(const std::vector<Cell>& cells, const Options& o) {
  std::string head = "|", rule = "|", rows;
  const auto title = [&](const std::string& text) {
    head += cat(" ", text, " |");
    rule += "---|";
  };
  if (!o.by.empty()) title(join(o.by, " "));
  if (!o.x.empty()) title(o.x);
  title("n");
  for (const std::string& y : o.y) title(y);
  for (const Cell& cell : cells) {
    rows += "|";
    if (!o.by.empty()) rows += cat(" ", cell.by, " |");
    if (!o.x.empty()) rows += cat(" ", cell.x, " |");
    std::size_t n = 0;
    std::string figures;
    for (const std::vector<double>& y : cell.y) {
      n = std::max(n, y.size());
      if (y.empty()) {
        figures += " |";
        continue;
      }
      const Interval mean = mean_interval(y);
      const int digits = std::abs(mean.mean) < 10 ? 3 : 1;
      figures += cat(" ", fixed(mean.mean, digits),
                     mean.half ? cat(" +- ", fixed(*mean.half, digits)) : "", " |");
    }
    rows += cat(" ", n, " |", figures, "\n");
  }
  return cat(head, "\n", rule, "\n", rows);
}

// ---- the plot ----------------------------------------------------------------------------------

bool is_number(const std::string& text) {
  double ignored = 0;
  try {
    read_value(text, ignored);
  } catch (const Error&) {
    return false;
  }
  return true;
}

// The places of the words along x, in the order of the table; none when all of them are numbers.
std::vector<std::string> words_along_x(const std::vector<Cell>& cells) {
  std::vector<std::string> words;
  if (std::ranges::all_of(cells, is_number, &Cell::x)) return words;
  for (const Cell& cell : cells)
    if (std::ranges::find(words, cell.x) == words.end()) words.push_back(cell.x);
  return words;
}

double place(const std::string& x, const std::vector<std::string>& words) {
  if (!words.empty()) return static_cast<double>(std::ranges::find(words, x) - words.begin());
  double value = 0;
  read_value(x, value);
  return value;
}

void add_point(PlotSeries& series, double x, const Interval& y) {
  series.points.emplace_back(x, y.mean);
  series.band.emplace_back(y.low(), y.high());
}

void sort_by_x(PlotSeries& series) {
  std::vector<std::size_t> order(series.points.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return series.points[i].first; });
  const PlotSeries old = series;
  for (std::size_t i = 0; i < order.size(); ++i) {
    series.points[i] = old.points[order[i]];
    series.band[i] = old.band[order[i]];
  }
}

std::string plot_text(const std::vector<Cell>& cells, const Options& o) {
  PlotOptions options;
  options.title = o.title;
  options.x_label = o.x_label;
  options.y_label = o.y_label;
  options.x_names = words_along_x(cells);
  for (const std::string& level : o.levels) {
    const auto [height, name] = halves("--level", level);
    double value = 0;
    read_option("--level", height, value);
    options.levels.emplace_back(value, name);
  }
  std::vector<PlotSeries> all;
  for (const Cell& cell : cells)
    for (std::size_t i = 0; i < o.y.size(); ++i) {
      if (cell.y[i].empty()) continue;
      std::string label = o.y.size() == 1 ? cell.by : o.y[i];
      if (o.y.size() > 1 && !cell.by.empty()) label += " " + cell.by;
      auto series = std::ranges::find(all, label, &PlotSeries::label);
      if (series == all.end()) series = all.insert(all.end(), {label});
      add_point(*series, place(cell.x, options.x_names), mean_interval(cell.y[i]));
    }
  for (PlotSeries& series : all) sort_by_x(series);
  return svg_plot(all, options);
}

}  // namespace

int apps::plot(int argc, const char* const* argv) {
  Options o;
  if (!read_command_line(argc, argv, o)) return 0;
  const std::vector<Cell> cells = collect(CsvTable::read(o.csv), o);
  if (!o.table.empty()) write_text_atomically(o.table, table_text(cells, o));
  if (!o.svg.empty()) write_text_atomically(o.svg, plot_text(cells, o));
  return 0;
}

}  // namespace planet
