#include "apps/compare/page.hpp"

#include <deque>

#include "apps/common/options/command.hpp"
#include "apps/common/options/values.hpp"
#include "apps/common/page/curves.hpp"
#include "apps/common/page/html.hpp"
#include "apps/common/page/motion.hpp"
#include "apps/common/report/video.hpp"
#include "autograd/base/error.hpp"

namespace planet {
namespace {

// The training of all runs that have a log, each with its model's label and its seed.
std::string training(std::span<const LoadedModel> runs, std::span<const Model> models) {
  std::deque<RunMetrics> metrics;
  std::vector<NamedRun> named;
  for (const Model& model : models)
    for (const std::size_t i : model.runs) {
      if (metrics.emplace_back(runs[i].run()).empty()) continue;
      const std::string seed = model.runs.size() > 1 ? cat(" ", runs[i].config.seed) : "";
      named.push_back({model.label + seed, &metrics.back()});
    }
  if (named.empty()) return "";
  const std::string curves = html_plots(run_curves(named, runs.front().config, 560), 560);
  return "<h2>Training</h2>\n" + curves;
}

}  // namespace

std::string comparison_page(const Comparison& c, std::span<const LoadedModel> runs,
                            const std::vector<std::string>& paths, std::span<const Model> models) {
  std::vector<std::vector<std::string>> cells = c.table;
  for (std::vector<std::string>& row : cells)
    for (std::string& cell : row) cell = html_text(cell);
  std::string body = cat("<h1>", html_text(c.title), "</h1>\n<p class=\"lead\">",
                         html_text(c.setting), "</p>\n", html_table(cells),
                         "<p class=\"soft\">Errors are means over the imagined rows; \u00b1 is the "
                         "95 % interval over a model's runs.</p>\n");
  body += "<h2>By row of the episode</h2>\n" + html_plots(c.plots, 560);
  const auto T = static_cast<std::ptrdiff_t>(c.strips.front().frames.size());
  const EnvSpec& spec = env_spec(runs.front().config.env);
  body += "<h2>In motion</h2>\n<figure>";
  body += html_picture(motion(T, 2 * seconds_per_row(runs.front().config),
                              [&](std::ptrdiff_t t) { return strips_row(c.strips, t, c.context); }),
                       "what happened, and what each model imagines",
                       200 * static_cast<int>(c.strips.size()));
  std::string names;
  for (const Strip& strip : c.strips) names += cat(names.empty() ? "" : " | ", strip.label);
  body += cat("<figcaption>", html_text(names), "</figcaption></figure>\n");
  body += training(runs, models);
  for (std::size_t i = 0; i < paths.size(); ++i)
    if (runs[i].run())
      body += html_command(command("report", {paths[i]}), cat("All about ", paths[i], ":"));
  return html_page(cat(c.title, ", ", spec.name), body);
}

}  // namespace planet
