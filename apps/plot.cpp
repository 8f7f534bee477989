// plot: a table of results, or the metrics of several runs, as a plot and as a table of means.
//
//   plot results.csv --by model --x horizon --y mean --where measure=image --svg error.svg
//   plot results.csv --by model --y left --y right --table TABLE.md
//   plot runs/a runs/b --y train/return --x time/elapsed --svg curves.svg --csv curves.csv
//   plot runs/rssm runs/ssm --svg models.svg          two folders of `train --seeds`
//
// Rows that agree in --by and in --x are repeated measurements of one figure: its mean is shown,
// with Student's 95 % interval (common/report/statistics.hpp) as a band in the plot and as +- in
// the table. For runs, the rows are those of metrics.csv, preceded by columns run and seed
// (plot/run_metrics.hpp).
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <tuple>

#include "apps/common/files/csv_table.hpp"
#include "apps/common/files/svg_plot.hpp"
#include "apps/common/files/text.hpp"
#include "apps/common/options/command_line.hpp"
#include "apps/common/report/statistics.hpp"
#include "apps/plot/run_metrics.hpp"
#include "apps/programs.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> inputs;  // one table, or run folders
  std::string x, x_label, y_label, y_range, title, bins, svg, table, csv;
  std::vector<std::string> y, by, where, levels;
  bool runs = false;
};

constexpr const char* bins_of_seeds = "40";  // by default, of runs of train --seeds

// Splits "NAME=VALUE".
std::pair<std::string, std::string> halves(const std::string& flag, const std::string& text) {
  const std::size_t equals = text.find('=');
  require(equals != std::string::npos && equals > 0, flag, " is '", text, "'; it is NAME=VALUE");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

bool read_command_line(int argc, const char* const* argv, Options& o) {
  CommandLine cli("plot", "A table of results (CSV), or the metrics of runs, as plot and table.");
  cli.positionals(
      "TABLE.csv|RUN...", o.inputs,
      "a table: a header, then one row per measurement; or run folders, for their metrics (the "
      "folder of train --seeds stands for its runs, whose mean is drawn)");
  cli.option(
      "--x,--against", o.x,
      "column along the x axis: numbers, or words in order of appearance (runs: time/elapsed; with "
      "seeds counter/episodes)");
  cli.list(
      "--y,--metric", o.y,
      "column with the measured values; empty cells are skipped (repeatable; runs: train/return)");
  cli.list("--by", o.by, "column that distinguishes the lines (repeatable; runs: run)");
  cli.list("--where", o.where,
           "use only rows with this value in this column, NAME=VALUE (repeatable)");
  cli.option("--bins", o.bins,
             cat("cut x into so many intervals, in which each seed (a column) counts once; 0: none "
                 "(default: 0; runs of train --seeds: ",
                 bins_of_seeds, ")"));
  cli.list("--level", o.levels,
           "draw a dashed line at this height with this name, VALUE=NAME (repeatable; returns of "
           "runs: random and oracle)");
  cli.output("--svg", o.svg, ".svg", "write the plot to this SVG file");
  cli.output("--table", o.table, "", "write the means to this file, as a Markdown table");
  cli.output("--csv", o.csv, "",
             "for runs: write run, seed, x and y of every row to this CSV file");
  cli.option("--title", o.title, "title above the plot (default: what is drawn)");
  cli.option("--x-label", o.x_label, "label of the x axis (default: the column's name)");
  cli.option("--y-label", o.y_label, "label of the y axis (default: the columns' names)");
  cli.option("--y-range", o.y_range,
             "values that y can have, LOW,HIGH: the axis shows them and no interval goes beyond; "
             "either may be left out (default: as the data are)");
  if (!cli.parse(argc, argv)) return false;
  require(!o.svg.empty() || !o.table.empty() || !o.csv.empty(),
          "give --svg FILE, --table FILE or both; of runs also --csv FILE");
  for (const std::string& input : o.inputs)
    require(fs::exists(input), input, " does not exist; give a table (CSV), or run folders");
  o.runs = std::ranges::any_of(o.inputs, [](const fs::path& p) { return fs::is_directory(p); });
  require(o.csv.empty() || o.runs, "--csv is for run folders; ", o.inputs[0],
          " is a table already");
  require(o.runs || !o.y.empty(), "--y is missing: the column with the measured values");
  require(o.runs || o.svg.empty() || !o.x.empty(), "--svg needs --x, the column along the x axis");
  return true;
}

// ---- the rows ----------------------------------------------------------------------------------

// The table of the inputs. Options that were not given follow from it.
CsvTable read_inputs(Options& o) {
  const auto unless_given = [](std::string& option, const std::string& value) {
    if (option.empty()) option = value;
  };
  if (!o.runs) {
    require(o.inputs.size() == 1, o.inputs.back(),
            " is one table too many; give one, or run folders");
    unless_given(o.bins, "0");
    unless_given(o.x_label, o.x);
    unless_given(o.y_label, join(o.y));
    unless_given(o.title, cat(o.y_label, " by ", o.x_label));
    return CsvTable::read(o.inputs[0]);
  }
  RunsTable runs = read_runs(o.inputs);
  if (o.y.empty()) o.y.emplace_back("train/return");
  if (o.by.empty()) o.by.emplace_back("run");
  unless_given(o.x, runs.seeds ? "counter/episodes" : "time/elapsed");
  unless_given(o.bins, runs.seeds ? bins_of_seeds : "0");
  std::vector<std::string> names;
  for (const std::string& y : o.y) names.push_back(in_words(y));
  unless_given(o.x_label, in_words(o.x));
  unless_given(o.y_label, join(names));
  unless_given(
      o.title,
      cat(runs.env.empty() ? "" : runs.env + ": ", join(names),
          o.by.front() == "run" && runs.seeds ? ", means and 95 % intervals over the seeds" : ""));
  const auto is_return = [](const std::string& y) {
    return y == "train/return" || y == "eval/return_mean";
  };
  if (o.levels.empty() && std::ranges::all_of(o.y, is_return))
    for (const auto& [value, name] : runs.scale) o.levels.push_back(cat(value, "=", name));
  return std::move(runs.table);
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

// One measurement: an empty cell is NaN.
struct Row {
  std::string by, x, seed;
  std::vector<double> y;
};

std::vector<Row> select_rows(const CsvTable& csv, const Options& o, bool seeds) {
  const std::string name = join(o.inputs);
  std::vector<std::pair<std::size_t, std::string>> where;
  for (const std::string& condition : o.where) {
    const auto [title, value] = halves("--where", condition);
    where.emplace_back(csv.column("--where", title), value);
  }
  std::vector<std::size_t> by, y;
  for (const std::string& title : o.by) by.push_back(csv.column("--by", title));
  for (const std::string& title : o.y) y.push_back(csv.column("--y", title));

  std::vector<Row> rows;
  for (const std::vector<std::string>& cells : csv.rows()) {
    if (std::ranges::any_of(where, [&](const auto& w) { return cells[w.first] != w.second; }))
      continue;
    if (std::ranges::all_of(y, [&](const std::size_t c) { return cells[c].empty(); }) && o.runs)
      continue;
    std::vector<std::string> key;
    for (const std::size_t c : by) key.push_back(cells[c]);
    Row row{join(key, " "),
            o.x.empty() ? "" : cells[csv.column("--x", o.x)],
            seeds ? cells[csv.column("--bins", "seed")] : "",
            {}};
    for (std::size_t i = 0; i < y.size(); ++i) {
      row.y.push_back(NAN);
      if (!cells[y[i]].empty()) read_option(name + ": " + o.y[i], cells[y[i]], row.y.back());
    }
    rows.push_back(std::move(row));
  }
  require(!rows.empty(), name, " has no rows",
          o.where.empty() ? "" : " with " + join(o.where, " and "));
  return rows;
}

// The sum of some numbers, and how many they are.
struct Sum {
  double sum = 0, n = 0;
  void add(double x) { sum += x, n += 1; }
  double mean() const { return sum / n; }  // NaN of none
};

// The rows of a seed within one of so many equal intervals of x become one, their mean. Its x is the
// mean of all rows in that interval, the same for every seed.
std::vector<Row> binned(const std::vector<Row>& rows, int bins, const std::string& title) {
  std::vector<double> x;
  for (const Row& row : rows) read_option("--bins: " + title, row.x, x.emplace_back());
  const auto [low, high] = std::ranges::minmax(x);
  std::map<std::pair<std::string, int>, Sum> places;
  std::map<std::tuple<std::string, int, std::string>, std::vector<Sum>> means;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const int bin = std::min(bins - 1, static_cast<int>((x[i] - low) / (high - low) * bins));
    places[{rows[i].by, high > low ? bin : 0}].add(x[i]);
    std::vector<Sum>& y = means[{rows[i].by, high > low ? bin : 0, rows[i].seed}];
    y.resize(rows[i].y.size());
    for (std::size_t j = 0; j < y.size(); ++j)
      if (!std::isnan(rows[i].y[j])) y[j].add(rows[i].y[j]);
  }
  std::vector<Row> out;
  for (const auto& [key, y] : means) {
    const auto& [by, bin, seed] = key;
    out.push_back({by, write_value(places[{by, bin}].mean()), seed, {}});
    for (const Sum& sum : y) out.back().y.push_back(sum.mean());
  }
  return out;
}

// Rows that agree in --by and --x, and their measured values: [y][n].
struct Cell {
  std::string by, x;
  std::vector<std::vector<double>> y;
};

std::vector<Cell> collect(const CsvTable& csv, const Options& o) {
  int bins = 0;
  read_option("--bins", o.bins, bins);
  require(bins >= 0, "--bins is ", bins, "; it is a number of intervals, or 0 for none");
  require(bins == 0 || !o.x.empty(), "--bins cuts --x into intervals, and --x is missing");
  std::vector<Row> rows = select_rows(csv, o, bins > 0);
  if (bins > 0) rows = binned(rows, bins, o.x);
  std::vector<Cell> cells;
  std::map<std::pair<std::string, std::string>, std::size_t> place;  // of by and x in cells
  std::map<std::string, std::size_t> most;  // measurements in a cell, of by
  for (const Row& row : rows) {
    const std::size_t at = place.try_emplace({row.by, row.x}, cells.size()).first->second;
    if (at == cells.size())
      cells.push_back({row.by, row.x, std::vector<std::vector<double>>(row.y.size())});
    for (std::size_t i = 0; i < row.y.size(); ++i) {
      if (std::isnan(row.y[i])) continue;
      cells[at].y[i].push_back(row.y[i]);
      most[row.by] = std::max(most[row.by], cells[at].y[i].size());
    }
  }
  // Where some seeds have ended already, a mean of the others would jump.
  if (o.runs || bins > 0)
    for (Cell& cell : cells)
      for (std::vector<double>& y : cell.y)
        if (y.size() < most[cell.by]) y.clear();
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
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(series.points[i].first, i); });
  const PlotSeries old = series;
  for (std::size_t i = 0; i < order.size(); ++i) {
    series.points[i] = old.points[order[i]];
    series.band[i] = old.band[order[i]];
  }
}

// "0,1", "0," or ",1".
void read_range(const std::string& text, PlotOptions& options) {
  const std::size_t comma = text.find(',');
  require(comma != std::string::npos && text.size() > 1, "--y-range is '", text,
          "'; it is LOW,HIGH, such as 0,1 or 0,");
  const auto end = [&](const std::string& word, double& value) {
    if (word.empty()) return;
    read_option("--y-range", word, value);
    options.y_range.push_back(value);
  };
  end(text.substr(0, comma), options.y_least);
  end(text.substr(comma + 1), options.y_most);
  require(options.y_least < options.y_most, "--y-range is '", text, "'; LOW is below HIGH");
}

std::string plot_text(const std::vector<Cell>& cells, const Options& o) {
  PlotOptions options;
  if (!o.y_range.empty()) read_range(o.y_range, options);
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
  return svg_plot({all, options});
}

}  // namespace

int apps::plot(int argc, const char* const* argv) {
  Options o;
  if (!read_command_line(argc, argv, o)) return 0;
  const CsvTable csv = read_inputs(o);  // fills in o
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
