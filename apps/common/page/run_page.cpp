#include "apps/common/page/run_page.hpp"

#include <algorithm>

#include "apps/common/foresight/decision.hpp"
#include "apps/common/foresight/error_curves.hpp"
#include "apps/common/foresight/open_loop.hpp"
#include "apps/common/options/command.hpp"
#include "apps/common/options/config_file.hpp"
#include "apps/common/page/curves.hpp"
#include "apps/common/page/html.hpp"
#include "apps/common/page/motion.hpp"
#include "apps/common/report/pictures.hpp"
#include "apps/common/report/statistics.hpp"
#include "apps/common/report/verdict.hpp"
#include "apps/common/report/video.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/index.hpp"

namespace planet {
namespace {

constexpr std::size_t most_table_rows = 100;

std::string figure(const std::string& picture, const std::string& caption) {
  return cat("<figure>", picture, "<figcaption>", html_text(caption), "</figcaption></figure>\n");
}

std::string section(const std::string& title, const std::string& body) {
  return body.empty() ? "" : cat("<h2>", html_text(title), "</h2>\n", body);
}

// ---- what it is and how well it does -----------------------------------------------------------

std::string in_one_sentence(const RunReport& r, const RunMetrics& metrics) {
  const RunConfig& c = r.config;
  std::string text = cat("A world model (", model_label(c), ") ");
  text += c.has_env() ? "that plays " + c.env : "learned from recorded episodes";
  text += cat(", from ", c.model.image_size, " \u00d7 ", c.model.image_size, " pixels, after ",
              counted(r.updates, "update"));
  if (const auto episodes = metrics.last("counter/episodes"))
    text += cat(" and ", counted(static_cast<std::int64_t>(*episodes), "episode"));
  if (const auto elapsed = metrics.last("time/elapsed")) text += cat(", ", clock_text(*elapsed));
  text += ": ";
  if (r.evaluation == nullptr)
    return text +
           (!c.has_env() ? "there is no environment to evaluate it in." : "not evaluated yet.");
  const Evaluation& e = *r.evaluation;
  text += cat("it returns ", fixed(e.mean, 1));
  if (e.returns.size() > 1) text += cat(" \u00b1 ", fixed(e.std, 1));
  text += cat(" over ", counted(static_cast<std::int64_t>(e.returns.size()), "episode"),
              " without exploration noise");
  if (!e.score)
    return text + (env_spec(c.env).scale ? "; the score holds for the task's own settings only."
                                         : "; the task has no score.");
  const ScoreScale& scale = *env_spec(c.env).scale;
  return cat(text, ", a score of ", fixed(*e.score, 3), " (0: random actions, ", scale.random.mean,
             "; 1: the planner in the true simulator, ", scale.oracle.mean, ").");
}

std::string verdict_of(const RunReport& r, const RunMetrics& metrics) {
  if (r.evaluation == nullptr || metrics.empty() || !r.config.collects()) return "";
  std::vector<double> returns;
  for (const auto& [episode, sum] : metrics.points("counter/episodes", "train/return"))
    returns.push_back(sum);
  std::string text = verdict_text(r.config, r.evaluation->score, returns, r.updates);
  if (const std::size_t line = text.find('\n'); line != std::string::npos)
    text.replace(line, text.find_first_not_of(" \n", line) - line, "; ");
  return cat("<p>Verdict: ", html_text(text), ".</p>\n");
}

// ---- the last evaluation, or recorded episodes -------------------------------------------------

// An episode to be shown, and what the model makes of its pictures.
struct Shown {
  std::string name;  // "seed 1003, the best: return 187.1"
  const Episode* episode;
  std::vector<Image> believed;
};

std::vector<Shown> choose(const RunReport& r) {
  std::vector<Shown> out;
  const auto add = [&](const std::string& name, const Episode& e) {
    out.push_back({cat(name, ": return ", fixed(e.episode_return(), 1)), &e,
                   reconstruct(r.model, e, r.config.seed)});
  };
  if (r.evaluation != nullptr) {
    const Evaluation& e = *r.evaluation;
    const auto [worst, best] = std::ranges::minmax_element(e.returns);
    const auto at = [&](auto it) { return static_cast<std::size_t>(it - e.returns.begin()); };
    const auto name = [&](std::size_t i) { return cat("seed ", e.seeds[i]); };
    if (*worst == *best) add(name(0), e.episodes[0]);
    else {
      add(name(at(best)) + ", the best", e.episodes[at(best)]);
      add(name(at(worst)) + ", the worst", e.episodes[at(worst)]);
    }
  } else if (r.recorded != nullptr) {
    const std::size_t n = r.recorded->size();
    for (std::size_t i = n - std::min<std::size_t>(2, n); i < n; ++i)
      add(cat("recorded episode ", i + 1), (*r.recorded)[i]);
  }
  return out;
}

std::string episode_table(const Evaluation& e) {
  const auto [worst, best] = std::ranges::minmax(e.returns);
  const double low = std::min(0.0, worst), width = std::max(std::max(0.0, best) - low, 1e-300);
  std::vector<std::vector<std::string>> rows{{"seed", "return", "decisions", ""}};
  for (std::size_t i = 0; i < std::min(e.returns.size(), most_table_rows); ++i) {
    const double x = e.returns[i];
    const char* const mark = worst == best ? "" : x == best ? " best" : x == worst ? " worst" : "";
    rows.push_back(
        {cat(e.seeds[i]), fixed(x, 2), cat(e.episodes[i].rows() - 1),
         cat("<svg width=\"120\" height=\"10\"><rect width=\"", fixed(120 * (x - low) / width, 1),
             "\" height=\"10\" fill=\"#0072b2\"/></svg>", mark)});
  }
  std::string text = html_table(rows);
  if (e.returns.size() > most_table_rows)
    text += cat("<p class=\"soft\">The first ", most_table_rows, " of ", e.returns.size(),
                " episodes.</p>\n");
  return text;
}

std::string episodes_in_motion(const RunReport& r, const std::vector<Shown>& shown) {
  std::string text = "<div class=\"row\">\n";
  for (const Shown& s : shown) {
    const VideoClip clip{"", s.episode, s.believed};
    text += figure(html_picture(motion(s.episode->rows(), seconds_per_row(r.config),
                                       [&](std::ptrdiff_t t) { return clip_row(clip, t); }),
                                s.name, 420),
                   s.name);
  }
  return text +
         "</div>\n<p class=\"soft\">Left: what happened. Right: what the model believes it sees. "
         "Green: the reward so far. Yellow: each number of the action, from -1 to 1.</p>\n";
}

std::string sheet(const std::vector<Shown>& shown) {
  std::vector<const Episode*> episodes;
  std::vector<std::vector<Image>> decoded;
  for (const Shown& s : shown) episodes.push_back(s.episode), decoded.push_back(s.believed);
  return html_sheet(reconstruction_sheet(episodes, decoded, ""),
                    "frames of each episode above their reconstructions") +
         "<p class=\"soft\">The number of the row stands above.</p>\n";
}

// ---- a dream -----------------------------------------------------------------------------------

std::string dream(const RunReport& r, const Shown& shown) {
  const std::ptrdiff_t T = std::min<std::ptrdiff_t>(50, shown.episode->rows()),
                       context = std::min<std::ptrdiff_t>(5, T);
  const OpenLoop loop = open_loop(r.model, *shown.episode, {context, T, 1, r.config.seed, 0});
  std::vector<Strip> strips{{"", true_frames(*shown.episode, T)},
                            {"", imagined_frames(r.model, loop, 0)}};
  strips.push_back({"", differences(strips[1].frames, strips[0].frames)});
  const auto frame = [&](std::ptrdiff_t t) { return strips_row(strips, t, context); };
  return figure(html_picture(motion(T, 2 * seconds_per_row(r.config), frame),
                             "true frames, imagined frames and their difference", 600),
                "What happened, what the model imagines, and the difference, at half speed.") +
         cat("<p class=\"soft\">Of ", html_text(shown.name), ". It sees ", context,
             " rows (green bar) and is then told the actions alone (red bar). Grey in the third "
             "picture means that both agree.</p>\n");
}

// ---- one decision ------------------------------------------------------------------------------

std::string decision(const RunReport& r) {
  if (r.evaluation == nullptr || !r.evaluation->decision) return "";
  const Evaluation& e = *r.evaluation;
  const Decision& d = *e.decision;
  if (d.trace.iterations.empty()) return "";
  const Outlook seen = look_ahead(r.model, r.config, e.seeds[0], e.episodes[0], d, 32);
  const auto columns = std::min<std::ptrdiff_t>(20, std::ssize(seen.truth.frames));
  PlotOptions options;
  options.width = 420, options.height = 270;
  options.title = "the search";
  options.levels.emplace_back(mean_interval(seen.plan.returns).mean, "again");
  std::vector<std::string> plots{returns_svg(d.trace, options)};
  const std::vector<SvgPlot> panels = search_panels(d.trace, d.plan, r.config.model.action_size);
  plots.push_back(svg_plot(panels.front()));
  plots.push_back(svg_plot(panels.back()));
  return cat("<p>Decision ", d.number + 1, " of the episode from seed ", e.seeds[0], ": ",
             html_text(planner_text(r.config.planner)),
             ". The plan carried out in the true environment, and as the model imagines it; below, "
             "the best and the worst candidate of the search, with their imagined returns.</p>\n") +
         html_sheet(open_loop_sheet(seen.strips(), 1, "", columns),
                    "the plan carried out, imagined, the best and the worst candidate") +
         html_plots(plots) +
         "<p class=\"soft\">Mean and range of candidates and elites by iteration (again: the plan, "
         "imagined with other random numbers), and the distribution of the actions from which the "
         "first iteration draws and after the last.</p>\n";
}

// ---- what it was made with, and what goes on ---------------------------------------------------

std::string commands(const RunReport& r) {
  const bool lives = r.config.has_env();
  std::string text;
  if (r.run && lives)
    text += html_command(command("train", {"--resume", r.run->string(), "--time-limit", "1h"}),
                         "Go on until an hour of training is full:");
  if (lives) {
    text += html_command(command("play", {r.path}), "Watch it in a terminal:");
    text +=
        html_command(command("play", {r.path, "--video", "episode.png"}), "An episode as a video:");
    text += html_command(command("eval", {r.path}), "Repeat the evaluation, bit for bit:");
    text += html_command(command("dream", {r.path, "--samples", "4"}), "Several futures:");
    text += html_command(command("plan", {r.path}), "A decision, iteration by iteration:");
  } else {
    text += html_command(
        command("dream", {r.path, "--episodes", (r.run.value_or("") / "episodes").string()}),
        "Dreams of all recorded episodes:");
  }
  text += html_command(command("report", {r.path}), "This page anew:");
  return text;
}

}  // namespace

std::string run_page(const RunReport& r) {
  const RunMetrics metrics(r.run);
  const std::vector<Shown> shown = choose(r);
  std::string body = cat("<h1>", html_text(r.path), "</h1>\n<p class=\"lead\">",
                         html_text(in_one_sentence(r, metrics)), "</p>\n", verdict_of(r, metrics));
  if (!metrics.empty()) {
    const std::vector<std::string> curves = run_curves({{"", &metrics}}, r.config);
    if (!curves.empty())
      body +=
          section("Curves", html_plots(curves) +
                                "<p class=\"soft\">Losses are means over a round. The collected "
                                "episodes have exploration noise and are trained on.</p>\n");
  }
  if (!shown.empty()) {
    if (r.evaluation != nullptr)
      body += section("The last evaluation", episode_table(*r.evaluation));
    body += section("In motion", episodes_in_motion(r, shown));
    body += section("True over reconstructed", sheet(shown));
    body += section("A dream", dream(r, shown.front()));
  }
  body += section("A plan", decision(r));
  body += section("Commands", commands(r));
  body += section("Configuration", cat("<details><summary>config.toml</summary><pre>",
                                       html_text(config_text(r.config)), "</pre></details>\n"));
  return html_page(cat(r.path, ": ", r.config.env), body);
}

}  // namespace planet
