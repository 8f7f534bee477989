// curves: what several runs did, side by side: one CSV, one SVG.
//
// Every figure of a study comes from the metrics of its runs: this program only collects them. The
// CSV has one row for each logged row of each run; the plot has one line a run.
#include <fstream>
#include <iostream>
#include <map>

#include "apps/common/files/svg_plot.hpp"
#include "apps/common/options/command_line.hpp"
#include "apps/common/options/config_file.hpp"
#include "apps/common/run/metrics.hpp"
#include "apps/programs.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"
#include "nn/files/atomic_file.hpp"
#include "nn/files/json.hpp"

namespace planet {
namespace {

struct Row {
  std::string run;
  std::uint64_t seed = 0;
  double x = 0;
  std::map<std::string, double> y;  // metric -> value, where it was measured
};

std::string checked_metric(const std::string& flag, const std::string& key) {
  std::vector<std::string> keys;
  for (const Metric& m : metric_columns()) {
    if (m.key == key) return key;
    keys.emplace_back(m.key);
  }
  fail(flag, ": there is no metric '", key, "'", did_you_mean(key, keys), "; there are ",
       join(keys));
}

void read_run(const std::filesystem::path& run, const std::string& against,
              const std::vector<std::string>& metrics, std::vector<Row>& rows) {
  const RunConfig config = resolve_config(read_config_file(run / "config.toml"), {});
  std::ifstream in(run / "metrics.jsonl");
  require(in.good(), (run / "metrics.jsonl").string(), " cannot be read");
  for (std::string line; std::getline(in, line);) {
    const Json json = Json::parse(line, (run / "metrics.jsonl").string());
    const Json* x = json.find(against);
    if (x == nullptr) continue;
    Row row{run.filename().string(), config.seed, x->as_double(), {}};
    for (const std::string& metric : metrics)
      if (const Json* y = json.find(metric); y != nullptr && !y->is_null())
        row.y[metric] = y->as_double();
    if (!row.y.empty()) rows.push_back(std::move(row));
  }
}

void write_csv(const std::string& path, const std::vector<Row>& rows, const std::string& against,
               const std::vector<std::string>& metrics) {
  std::string text = cat("run,seed,", against);
  for (const std::string& metric : metrics) text += cat(",", metric);
  text += "\n";
  for (const Row& row : rows) {
    text += cat(row.run, ",", row.seed, ",", write_value(row.x));
    for (const std::string& metric : metrics) {
      const auto y = row.y.find(metric);
      text += cat(",", y == row.y.end() ? "" : write_value(y->second));
    }
    text += "\n";
  }
  write_text_atomically(path, text);
}

void write_svg(const std::string& path, const std::vector<Row>& rows, const std::string& against,
               const std::string& metric, const std::string& title) {
  std::vector<PlotSeries> series;
  for (const Row& row : rows) {
    const auto y = row.y.find(metric);
    if (y == row.y.end()) continue;
    if (series.empty() || series.back().label != row.run) series.push_back({row.run, {}});
    series.back().points.emplace_back(row.x, y->second);
  }
  PlotOptions options;
  options.title = title;
  options.x_label = against;
  options.y_label = metric;
  write_text_atomically(path, svg_plot(series, options));
}

}  // namespace

int apps::curves(int argc, const char* const* argv) {
  CommandLine cli("curves", "The metrics of several runs as one CSV and one plot.");
  std::vector<std::string> runs, metrics;
  std::string against = "time/elapsed", csv, svg, title;
  cli.positionals("RUN", runs, "run folders");
  cli.list("--metric", metrics, "a column to show, the first in the plot (default: train/return)");
  cli.option("--against", against, "the column along the x axis (default: time/elapsed)");
  cli.option("--csv", csv, "write all of them here");
  cli.option("--svg", svg, "write the plot here");
  cli.option("--title", title, "above the plot");
  if (!cli.parse(argc, argv)) return 0;
  require(!csv.empty() || !svg.empty(), "give --csv FILE, --svg FILE or both");
  if (metrics.empty()) metrics.push_back("train/return");
  for (const std::string& metric : metrics) checked_metric("--metric", metric);
  checked_metric("--against", against);
  std::vector<Row> rows;
  for (const std::string& run : runs) read_run(run, against, metrics, rows);
  require(!rows.empty(), "these runs have logged none of ", join(metrics));
  if (!csv.empty()) write_csv(csv, rows, against, metrics);
  if (!svg.empty()) write_svg(svg, rows, against, metrics.front(), title);
  return 0;
}

}  // namespace planet
