#include "apps/common/page/curves.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "apps/common/files/text.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/numbers.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace fs = std::filesystem;
namespace {

using Points = std::vector<std::pair<double, double>>;
constexpr std::size_t most_points = 300;

// "a" stands for no header at all, which a table must have.
CsvTable complete_rows(const std::optional<fs::path>& run) {
  const fs::path file = run.value_or("") / "metrics.csv";
  std::string text = run && fs::exists(file) ? read_plain_text(file, std::size_t{1} << 30) : "";
  text.resize(text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1);
  return CsvTable::parse(text.empty() ? "a\n" : text, file.string());
}

// Means of groups of neighbours, each with its range.
PlotSeries series_of(const std::string& label, const Points& points) {
  PlotSeries s{label, points};
  if (points.size() <= most_points) return s;
  s.points.clear();
  for (std::size_t g = 0; g < most_points; ++g) {
    const std::size_t from = g * points.size() / most_points,
                      to = (g + 1) * points.size() / most_points;
    double x = 0, y = 0, low = points[from].second, high = low;
    for (std::size_t i = from; i < to; ++i) {
      x += points[i].first, y += points[i].second;
      low = std::min(low, points[i].second), high = std::max(high, points[i].second);
    }
    const auto n = static_cast<double>(to - from);
    s.points.emplace_back(x / n, y / n);
    s.band.emplace_back(low, high);
  }
  return s;
}

// What a column is called where people look at it.
std::string title_of(const std::string& column) {
  if (column == "loss/image") return "image error, nats";
  if (column == "loss/reward") return "reward error";
  if (column == "loss/kl") return "KL, nats";
  if (column == "loss/total") return "loss";
  std::string title = column.substr(column.find('/') + 1);
  std::ranges::replace(title, '_', ' ');
  return title;
}

struct Curve {
  const char *column, *label;
};

class Plots {
 public:
  Plots(const std::vector<NamedRun>& runs, std::string x, int width)
      : runs_(runs), x_(std::move(x)), width_(width) {}

  // One line per run and curve, as far as they have points.
  void add(const std::string& title, const std::vector<Curve>& curves,
           const std::vector<std::pair<double, std::string>>& levels,
           const std::function<double(double)>& scaled = std::identity()) {
    std::vector<PlotSeries> series;
    for (const auto& [label, metrics] : runs_)
      for (const Curve& curve : curves) {
        Points points = metrics->points(x_, curve.column);
        if (points.empty()) continue;
        for (auto& point : points) point.second = scaled(point.second);
        const char* const gap = label.empty() || *curve.label == 0 ? "" : ", ";
        series.push_back(series_of(cat(shortened(label), gap, curve.label), points));
      }
    if (series.empty()) return;
    PlotOptions options;
    options.title = title;
    options.x_label = x_ == "counter/updates" ? "updates" : "episodes";
    options.levels = levels;
    options.width = width_, options.height = 270;
    svgs.push_back(svg_plot({series, options}));
  }

  std::vector<std::string> svgs;

 private:
  const std::vector<NamedRun>& runs_;
  std::string x_;
  int width_;
};

}  // namespace

std::string shortened(const std::string& label) {
  constexpr std::size_t most = 24;
  return label.size() <= most ? label : "..." + label.substr(label.size() - most + 3);
}

RunMetrics::RunMetrics(const std::optional<fs::path>& run) : table_(complete_rows(run)) {}

Points RunMetrics::points(const std::string& x, const std::string& y) const {
  const auto column = [&](const std::string& name) {
    return static_cast<std::size_t>(std::ranges::find(columns(), name) - columns().begin());
  };
  const std::size_t i = column(x), j = column(y);
  Points out;
  if (std::max(i, j) >= columns().size()) return out;
  for (const std::vector<std::string>& row : table_.rows()) {
    const std::optional<double> a = parse_number(row[i]), b = parse_number(row[j]);
    if (a && b && std::isfinite(*a) && std::isfinite(*b)) out.emplace_back(*a, *b);
  }
  return out;
}

std::optional<double> RunMetrics::last(const std::string& column) const {
  const Points all = points(column, column);
  return all.empty() ? std::nullopt : std::optional(all.back().second);
}

std::vector<std::string> run_curves(const std::vector<NamedRun>& runs, const RunConfig& config,
                                    int width) {
  Plots plots(runs, config.collects() ? "counter/episodes" : "counter/updates", width);
  const std::vector<Curve> returns{{"train/return", "collected"},
                                   {"eval/return_mean", "evaluated"}};
  const EnvSpec& spec = env_spec(config.env);
  const EnvOptions options = config.make_env_options();
  if (env_score(spec, options, 0)) {
    plots.add("return", returns,
              {{spec.scale->random.mean, "random"}, {spec.scale->oracle.mean, "oracle"}});
    plots.add("score", returns, {{0, "random"}, {1, "oracle"}},
              [&](double sum) { return *env_score(spec, options, sum); });
  } else {
    plots.add("return", returns, {});
  }
  for (const std::string& column : runs.front().metrics->columns())
    if (column.starts_with("loss/")) plots.add(title_of(column), {{column.c_str(), ""}}, {});
  return plots.svgs;
}

}  // namespace planet
