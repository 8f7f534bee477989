// compare: several trained models on the same recorded episodes and the same random streams.
//
// Runs that differ in their seed alone are one model, measured several times: every figure is a
// mean over a model's runs with the interval of common/report/statistics.hpp. Models that no label
// tells apart have the names of their folders. Measured per run are
// the error of its open-loop predictions (common/foresight/open_loop_error.hpp), the KL of
// posterior to prior while it sees, its return, its size and its training time.
#include <algorithm>
#include <iostream>

#include "apps/common/console/interrupt.hpp"
#include "apps/common/files/png.hpp"
#include "apps/common/files/text.hpp"
#include "apps/common/foresight/error_curves.hpp"
#include "apps/common/foresight/open_loop.hpp"
#include "apps/common/foresight/open_loop_error.hpp"
#include "apps/common/foresight/open_loop_flags.hpp"
#include "apps/common/foresight/open_loop_pictures.hpp"
#include "apps/common/options/command_line.hpp"
#include "apps/common/page/curves.hpp"
#include "apps/common/page/run_page.hpp"
#include "apps/common/run/checkpoint.hpp"
#include "apps/compare/models.hpp"
#include "apps/compare/page.hpp"
#include "apps/compare/run_results.hpp"
#include "apps/programs.hpp"
#include "autograd/base/error.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {
namespace {

namespace fs = std::filesystem;

constexpr int usual_episodes = 10;

struct Options {
  std::vector<std::string> paths, keys;
  std::string out, precision;
  OpenLoopFlags flags;
};

bool read_command_line(int argc, const char* const* argv, Options& o) {
  CommandLine cli("compare", "Several trained models on the same recorded episodes.");
  cli.positionals(
      "RUN|CHECKPOINT", o.paths,
      "run folders (their latest checkpoints), checkpoint folders or model.safetensors; runs of "
      "one label and different seeds are one model");
  cli.list("--label", o.keys,
           "tell models apart by this key of config.toml (default: model and overshooting "
           "distance; their folders where that does not); may be given several times");
  o.flags.add_to(cli, cat(usual_episodes, ", or one per agent"));
  cli.option("--precision", o.precision, precision_help);
  cli.option("--out", o.out, "output folder (required)", "Output");
  cli.footer(
      "Writes table.csv (one row per model and measure), runs.csv (one row per run), error.csv "
      "(per row "
      "of the episode), image.svg, reward.svg, kl.svg, with K > 1 image_best.svg, sheet.png (what "
      "happened, and under it what the first run of each model imagines), and all of it as one "
      "page, "
      "report.html. Intervals are Student's, "
      "95 %, over a model's runs.");
  if (!cli.parse(argc, argv)) return false;
  require(!o.out.empty(), "--out is missing: the folder for tables, curves and the sheet");
  o.flags.read();
  return true;
}

// ---- the runs ----------------------------------------------------------------------------------

std::string setting(const LoadedModel& a) {
  const EnvOptions options = a.config.make_env_options();
  const std::unique_ptr<Env> env = make_env(a.config.env, options);
  return cat(a.config.env, " at ", a.config.model.image_size, " pixels of ",
             a.config.model.image_bits, " bits, action repeat ", env->action_repeat(), ", ",
             counted(env->episode_length(), "decision"));
}

// Models are compared on the same pictures, so they must have been trained on such pictures.
void check_comparable(const std::vector<LoadedModel>& runs, const std::vector<std::string>& paths) {
  const std::string first = setting(runs.front());
  for (std::size_t i = 1; i < runs.size(); ++i) {
    const std::string other = setting(runs[i]);
    require(other == first, paths[0], " is ", first, " and ", paths[i], " is ", other,
            "; only runs of one task and one kind of picture can be compared");
  }
}

// ---- measuring ---------------------------------------------------------------------------------

// The figures of the table, one number per run.
struct Figure {
  const char* name;   // in the CSVs
  const char* title;  // on the terminal
  int digits;
};
constexpr Figure figures[] = {{"image", "image", 2},      // mean over the imagined rows
                              {"image_best", "best", 2},  // the same, of the best sample
                              {"reward", "reward", 4},    // the same, of the reward
                              {"kl", "KL", 2},            // mean over all rows, all of them seen
                              {"return", "return", 1},    // mean return of the run's evaluation
                              {"parameters", "parameters", 0},
                              {"updates", "updates", 0},
                              {"seconds", "seconds", 0}};  // wall-clock time of training
constexpr std::size_t image_best = 1;                      // redundant with one sample

// One run: means over the episodes.
struct Measured {
  std::vector<double> image, image_best, reward, kl, still;  // [T]
  std::vector<std::optional<double>> figures;                // nothing if unknown
  std::vector<Image> imagined;                               // [T]  of the first episode, sample 0
};

void add(std::vector<double>& sums, std::span<const double> x, double weight) {
  sums.resize(x.size());
  for (std::size_t t = 0; t < x.size(); ++t) sums[t] += weight * x[t];
}

double mean_from(std::ptrdiff_t first, const std::vector<double>& x) {
  double sum = 0;
  for (std::size_t t = static_cast<std::size_t>(first); t < x.size(); ++t) sum += x[t];
  return sum / static_cast<double>(x.size() - static_cast<std::size_t>(first));
}

Measured measure(const LoadedModel& run, std::span<const Episode> episodes,
                 const OpenLoopFlags& flags, std::ptrdiff_t T) {
  Measured out;
  const double weight = 1 / static_cast<double>(episodes.size());
  for (std::size_t i = 0; i < episodes.size(); ++i) {
    const auto number = static_cast<std::uint32_t>(i);
    const OpenLoop loop =
        open_loop(*run.model, episodes[i], {flags.context, T, flags.samples, flags.seed, number});
    const OpenLoopError error = open_loop_error(*run.model, episodes[i], loop);
    const OpenLoop seen = open_loop(*run.model, episodes[i], {T, T, 1, flags.seed, number});
    add(out.image, error.image, weight);
    add(out.image_best, error.image_best, weight);
    add(out.reward, error.reward, weight);
    add(out.still, error.still, weight);
    add(out.kl, std::vector<double>(seen.kl.begin(), seen.kl.end()), weight);
    if (i == 0) out.imagined = imagined_frames(*run.model, loop, 0);
  }
  const std::ptrdiff_t k = flags.context;
  const RunResults results = run_results(run);
  out.figures = {mean_from(k, out.image),
                 mean_from(k, out.image_best),
                 mean_from(k, out.reward),
                 mean_from(0, out.kl),
                 results.evaluation_return,
                 static_cast<double>(results.parameters),
                 static_cast<double>(results.updates),
                 results.seconds};
  return out;
}

// Figure f over a model's runs; nothing if it is unknown for one of them.
std::optional<Interval> over_runs(const Model& model, const std::vector<Measured>& measured,
                                  std::size_t f) {
  std::vector<double> x;
  for (const std::size_t i : model.runs) {
    const std::optional<double>& value = measured[i].figures[f];
    if (!value) return std::nullopt;
    x.push_back(*value);
  }
  return mean_interval(x);
}

// ---- tables ------------------------------------------------------------------------------------

std::string runs_csv(const Options& o, const std::vector<LoadedModel>& runs,
                     const std::vector<Model>& models, const std::vector<Measured>& measured) {
  std::string text = "run,model,seed";
  for (const Figure& f : figures) text += cat(",", f.name);
  text += "\n";
  for (const Model& model : models)
    for (const std::size_t i : model.runs) {
      text += cat(csv_cell(o.paths[i]), ",", csv_cell(model.label), ",", runs[i].config.seed);
      for (const std::optional<double>& x : measured[i].figures)
        text += cat(",", x ? write_value(*x) : "");
      text += "\n";
    }
  return text;
}

std::string table_csv(const std::vector<Model>& models, const std::vector<Measured>& measured) {
  std::string text = "model,measure,n,mean,low,high\n";
  for (const Model& model : models)
    for (std::size_t f = 0; f < std::size(figures); ++f) {
      const std::optional<Interval> at = over_runs(model, measured, f);
      if (!at) continue;
      text += cat(csv_cell(model.label), ",", figures[f].name, ",", model.runs.size(), ",",
                  write_value(at->mean), ",", at->half ? write_value(at->low()) : "", ",",
                  at->half ? write_value(at->high()) : "", "\n");
    }
  return text;
}

// Columns as wide as their widest cell.
void print_columns(const std::vector<std::vector<std::string>>& lines) {
  std::vector<std::size_t> width;
  for (const auto& line : lines) {
    width.resize(line.size());
    for (std::size_t c = 0; c < line.size(); ++c) width[c] = std::max(width[c], line[c].size());
  }
  for (const auto& line : lines) {
    for (std::size_t c = 0; c < line.size(); ++c) {
      const std::string space(width[c] - line[c].size(), ' ');
      std::cout << (c == 0 ? line[c] + space : "   " + space + line[c]);
    }
    std::cout << "\n";
  }
}

std::vector<std::vector<std::string>> table_lines(const std::vector<Model>& models,
                                                  const std::vector<Measured>& measured,
                                                  bool several_samples) {
  std::vector<std::vector<std::string>> lines{{"model", "runs"}};
  for (const Model& model : models) lines.push_back({model.label, cat(model.runs.size())});
  for (std::size_t f = 0; f < std::size(figures); ++f) {
    if (f == image_best && !several_samples) continue;
    const int digits = figures[f].digits;
    lines[0].emplace_back(figures[f].title);
    for (std::size_t m = 0; m < models.size(); ++m) {
      const std::optional<Interval> at = over_runs(models[m], measured, f);
      const bool spread = at && at->half && *at->half > 0;
      lines[m + 1].push_back(at ? fixed(at->mean, digits) : "-");
      if (spread) lines[m + 1].back() += cat(" +- ", fixed(*at->half, digits));
    }
  }
  return lines;
}

// ---- curves and pictures -----------------------------------------------------------------------

// One plot, with one line per model.
struct Plot {
  const char* name;
  std::vector<double> Measured::*measure;
  std::string y_label;
  std::ptrdiff_t context;
};

std::vector<Plot> plots(const OpenLoopFlags& flags, std::ptrdiff_t T) {
  std::vector<Plot> out{
      {"image", &Measured::image, "image error, nats", flags.context},
      {"reward", &Measured::reward, "reward error, half its square", flags.context},
      {"kl", &Measured::kl, "KL with eyes open, nats", T}};
  if (flags.samples > 1)
    out.push_back({"image_best", &Measured::image_best,
                   cat("image error, best of ", flags.samples, ", nats"), flags.context});
  return out;
}

std::vector<ErrorCurve> curves_of(const Plot& plot, const std::vector<Model>& models,
                                  const std::vector<Measured>& measured) {
  std::vector<ErrorCurve> curves;
  for (const Model& model : models) {
    std::vector<std::vector<double>> rows;
    for (const std::size_t i : model.runs) rows.push_back(measured[i].*plot.measure);
    curves.push_back(error_curve(model.label, plot.name, rows, plot.context));
  }
  // For scale, the error of repeating the last frame; it is the same for every run.
  if (plot.measure == &Measured::image)
    curves.push_back(
        error_curve("still", plot.name, std::span(&measured[0].still, 1), plot.context));
  return curves;
}

// Returns them as well, smaller, for the page.
std::vector<std::string> write_curves(const std::vector<Model>& models,
                                      const std::vector<Measured>& measured,
                                      const std::vector<Plot>& all_plots, const std::string& title,
                                      const fs::path& out) {
  std::vector<std::string> labels, short_labels, small;
  for (const Model& model : models) labels.push_back(model.label);
  labels.emplace_back("last seen stays");
  for (const std::string& label : labels) short_labels.push_back(shortened(label));
  std::vector<ErrorCurve> all;
  for (const Plot& plot : all_plots) {
    const std::vector<ErrorCurve> curves = curves_of(plot, models, measured);
    PlotOptions options;
    options.title = title;
    options.x_label = "row of the episode";
    options.y_label = plot.y_label;
    write_text_atomically(out / cat(plot.name, ".svg"),
                          svg_plot(error_plot(curves, labels, options)));
    options.title = "";
    options.width = 560, options.height = 300;
    small.push_back(svg_plot(error_plot(curves, short_labels, options)));
    all.insert(all.end(), curves.begin(), curves.end());
  }
  write_text_atomically(out / "error.csv", error_csv(all));
  return small;
}

// What happened, and what the first run of each model imagines.
std::vector<Strip> strips_of(const std::vector<Model>& models,
                             const std::vector<Measured>& measured, const Episode& episode) {
  const auto T = static_cast<std::ptrdiff_t>(measured.front().imagined.size());
  std::vector<Strip> strips{{"true", true_frames(episode, T), false}};
  for (const Model& model : models)
    strips.push_back({model.label, measured[model.runs.front()].imagined, true});
  return strips;
}

// ---- the program -------------------------------------------------------------------------------

std::vector<LoadedModel> load(const std::vector<std::string>& paths, const std::string& precision) {
  std::vector<LoadedModel> runs;
  for (const std::string& path : paths) runs.push_back(load_model(path, precision));
  check_comparable(runs, paths);
  return runs;
}

}  // namespace

int apps::compare(int argc, const char* const* argv) {
  Options o;
  if (!read_command_line(argc, argv, o)) return 0;
  const OpenLoopFlags& flags = o.flags;
  const std::vector<LoadedModel> runs = load(o.paths, o.precision);
  const std::vector<Model> models = group(runs, o.paths, o.keys);
  const fs::path out = o.out;
  make_folder(out);
  catch_interrupts();
  Console console(progress_from("auto"));
  const std::optional<HeldOutEpisodes> held = held_out_episodes(
      flags.episodes, runs, std::max(usual_episodes, static_cast<int>(runs.size())), console);
  if (!held) return status_interrupted;
  const std::ptrdiff_t T = flags.rows(held->episodes);
  require(flags.context < T, "--context is ", flags.context, " of ", T,
          " rows in all; nothing would be imagined");

  std::vector<Measured> measured;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (interrupted()) return status_interrupted;
    console.bar(static_cast<double>(i) / static_cast<double>(runs.size()), o.paths[i]);
    measured.push_back(measure(runs[i], held->episodes, flags, T));
  }
  console.clear_bar();
  const std::string title = cat(runs.front().config.env, ", ", held->description);
  write_text_atomically(out / "table.csv", table_csv(models, measured));
  write_text_atomically(out / "runs.csv", runs_csv(o, runs, models, measured));
  const std::string setting = cat(flags.context, " rows seen, ", T - flags.context, " imagined, ",
                                  counted(flags.samples, "sample"));
  const Comparison c{title,
                     setting,
                     table_lines(models, measured, flags.samples > 1),
                     write_curves(models, measured, plots(flags, T), title, out),
                     strips_of(models, measured, held->episodes.front()),
                     flags.context};
  write_png(out / "sheet.png", open_loop_sheet(c.strips, flags.context, title, flags.columns));
  write_text_atomically(out / page_name, comparison_page(c, runs, o.paths, models));
  std::cout << title << "\n"
            << setting
            << "; errors are half the squared error, of pictures in nats; +- is the 95 % interval "
               "over a model's runs\n";
  print_columns(c.table);
  std::cout << "look  " << (out / page_name).string() << ", the sheet, curves and tables beside it"
            << std::endl;
  return 0;
}

}  // namespace planet
