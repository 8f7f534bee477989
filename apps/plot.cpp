// plot: a table of results, or the metrics of several runs, as a plot and as a table of means.
//
//   plot results.csv --by model --x horizon --y mean --where measure=image --svg error.svg
//   plot results.csv --by model --y left --y right --table TABLE.md
//   plot runs/a runs/b --y train/return --x time/elapsed --svg curves.svg --csv curves.csv
//
// Rows that agree in --by and in --x are repeated measurements of one figure: its mean is shown,
// with Student's 95 % interval (common/report/statistics.hpp) as a band in the plot and as +- in
// the table. For runs, the rows are those of metrics.csv, preceded by columns run and seed.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "apps/common/files/csv_table.hpp"
#include "apps/common/files/svg_plot.hpp"
#include "apps/common/files/text.hpp"
#include "apps/common/files/toml.hpp"
#include "apps/common/options/command_line.hpp"
#include "apps/common/report/statistics.hpp"
#include "apps/programs.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> inputs;  // one table, or run folders
  std::string x, x_label, y_label, title, svg, table, csv;
  std::vector<std::string> y, by, where, levels;
};

// Splits "NAME=VALUE".
std::pair<std::string, std::string> halves(const std::string& flag, const std::string& text) {
  const std::size_t equals = text.find('=');
  require(equals != std::string::npos && equals > 0, flag, " is '", text, "'; it is NAME=VALUE");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

bool of_runs(const Options& o) {
  return std::ranges::any_of(o.inputs, [](const fs::path& p) { return fs::is_directory(p); });
}

bool read_command_line(int argc, const char* const* argv, Options& o) {
  CommandLine cli("plot", "A table of results (CSV), or the metrics of runs, as plot and table.");
  cli.positionals(
      "TABLE.csv|RUN...", o.inputs,
      "a table: a header, then one row per measurement; or run folders, for their metrics");
  cli.option(
      "--x,--against", o.x,
      "column along the x axis: numbers, or words in order of appearance (runs: time/elapsed)");
  cli.list(
      "--y,--metric", o.y,
      "column with the measured values; empty cells are skipped (repeatable; runs: train/return)");
  cli.list("--by", o.by, "column that distinguishes the lines (repeatable; runs: run)");
  cli.list("--where", o.where,
           "use only rows with this value in this column, NAME=VALUE (repeatable)");
  cli.list("--level", o.levels,
           "draw a dashed line at this height with this name, VALUE=NAME (repeatable)");
  cli.output("--svg", o.svg, ".svg", "write the plot to this SVG file");
  cli.output("--table", o.table, "", "write the means to this file, as a Markdown table");
  cli.output("--csv", o.csv, "",
             "for runs: write run, seed, x and y of every row to this CSV file");
  cli.option("--title", o.title, "title above the plot");
  cli.option("--x-label", o.x_label, "label of the x axis (default: the column's name)");
  cli.option("--y-label", o.y_label, "label of the y axis (default: the columns' names)");
  if (!cli.parse(argc, argv)) return false;
  require(!o.svg.empty() || !o.table.empty() || !o.csv.empty(),
          "give --svg FILE, --table FILE or both; of runs also --csv FILE");
  if (of_runs(o)) {
    if (o.x.empty()) o.x = "time/elapsed";
    if (o.y.empty()) o.y.emplace_back("train/return");
    if (o.by.empty()) o.by.emplace_back("run");
  }
  require(o.csv.empty() || of_runs(o), "--csv is for run folders; ", o.inputs[0],
          " is a table already");
  require(!o.y.empty(), "--y is missing: the column with the measured values");
  require(o.svg.empty() || !o.x.empty(), "--svg needs --x, the column along the x axis");
  if (o.x_label.empty()) o.x_label = o.x;
  if (o.y_label.empty()) o.y_label = join(o.y);
  return true;
}

// ---- the rows ----------------------------------------------------------------------------------

// "seed = 3" in the run's config.toml.
std::string seed_of(const fs::path& run) {
  const fs::path file = run / "config.toml";
  for (const TomlEntry& entry : parse_toml(read_text(file), file.string()))
    if (entry.key == "seed" && !entry.values.empty()) return entry.values.front();
  fail(file.string(), " has no seed");
}

// The metrics of several runs in one table, with columns run and seed in front.
CsvTable read_runs(const std::vector<std::string>& runs) {
  std::string text;
  for (const fs::path run : runs) {
    require(fs::is_directory(run), run.string(),
            " is no run folder; give one table, or run folders");
    const std::string metrics = read_plain_text(run / "metrics.csv", std::size_t{1} << 28);
    const std::string name = (run.has_filename() ? run : run.parent_path()).filename().string();
    const std::string front = cat(csv_cell(name), ",", csv_cell(seed_of(run)), ",");
    std::size_t at = metrics.find('\n');
    if (text.empty()) text = cat("run,seed,", metrics.substr(0, at), "\n");
    // An incomplete last row is left by a killed process; --resume drops it.
    for (std::size_t end; at != std::string::npos; at = end) {
      end = metrics.find('\n', at + 1);
      if (end != std::string::npos) text += front + metrics.substr(at + 1, end - at);
    }
  }
  return CsvTable::parse(text, join(runs));
}

CsvTable read_inputs(const Options& o) {
  if (of_runs(o)) return read_runs(o.inputs);
  require(o.inputs.size() == 1, o.inputs[1], " is one table too many; give one, or run folders");
  return CsvTable::read(o.inputs[0]);
}

// Run, seed, x and y of the rows with a value in any y column.
std::string runs_csv(const CsvTable& csv, const Options& o) {
  std::vector<std::size_t> columns{csv.column("", "run"), csv.column("", "seed"),
                                   csv.column("--x", o.x)};
  std::string text = cat("run,seed,", o.x);
  for (const std::string& y : o.y) {
    columns.push_back(csv.column("--y", y));
    text += "," + y;
  }
  text += "\n";
  for (const std::vector<std::string>& row : csv.rows()) {
    std::vector<std::string> cells;
    for (const std::size_t c : columns) cells.push_back(csv_cell(row[c]));
    if (std::any_of(cells.begin() + 3, cells.end(), [](const auto& y) { return !y.empty(); }))
      text += join(cells, ",") + "\n";
  }
  return text;
}

// Rows that agree in --by and --x, and their measured values: [y][n].
struct Cell {
  std::string by, x;
  std::vector<std::vector<double>> y;
};

std::vector<Cell> collect(const CsvTable& csv, const Options& o) {
  const std::string name = join(o.inputs);
  std::vector<std::pair<std::size_t, std::string>> where;
  for (const std::string& condition : o.where) {
    const auto [title, value] = halves("--where", condition);
    where.emplace_back(csv.column("--where", title), value);
  }
  std::vector<std::size_t> by, y;
  for (const std::string& title : o.by) by.push_back(csv.column("--by", title));
  for (const std::string& title : o.y) y.push_back(csv.column("--y", title));

  std::vector<Cell> cells;
  std::map<std::pair<std::string, std::string>, std::size_t> place;  // of by and x in cells
  for (const std::vector<std::string>& row : csv.rows()) {
    if (std::ranges::any_of(where, [&](const auto& w) { return row[w.first] != w.second; }))
      continue;
    std::vector<std::string> key;
    for (const std::size_t c : by) key.push_back(row[c]);
    const std::string label = join(key, " "), x = o.x.empty() ? "" : row[csv.column("--x", o.x)];
    if (std::ranges::all_of(y, [&](const std::size_t c) { return row[c].empty(); }) && of_runs(o))
      continue;
    const std::size_t at = place.try_emplace({label, x}, cells.size()).first->second;
    if (at == cells.size()) cells.push_back({label, x, std::vector<std::vector<double>>(y.size())});
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (row[y[i]].empty()) continue;
      double value = 0;
      read_option(name + ": " + o.y[i], row[y[i]], value);
      cells[at].y[i].push_back(value);
    }
  }
  require(!cells.empty(), name, " has no rows",
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

// The words along x in the order of the table; none if all of them are numbers.
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
  const CsvTable csv = read_inputs(o);
  const std::vector<Cell> cells = collect(csv, o);
  const auto write = [](const std::string& file, const std::string& text) {
    write_text_atomically(file, text);
    say_wrote(file);
  };
  if (!o.csv.empty()) write(o.csv, runs_csv(csv, o));
  if (!o.table.empty()) write(o.table, table_text(cells, o));
  if (!o.svg.empty()) write(o.svg, plot_text(cells, o));
  return 0;
}

}  // namespace planet
