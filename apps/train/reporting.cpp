#include "apps/train/reporting.hpp"

#include <cstdio>
#include <iostream>

#include "apps/common/options/command.hpp"
#include "apps/common/options/recipes.hpp"
#include "apps/common/options/version.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"
#include "autograd/base/text.hpp"
#include "autograd/kernels/bf16.hpp"
#include "nn/files/checkpoint.hpp"

namespace planet {
namespace {

// A text that is wider than its column still begins after a blank.
std::string padded(const std::string& text, std::size_t width) {
  return std::string(text.size() < width ? width - text.size() : 1, ' ') + text;
}

// A number, with fewer digits where it would not fit.
std::string cell(double value, int digits, std::size_t width) {
  std::string text = fixed(value, digits);
  if (text.size() >= width) {
    char rounded[32];
    std::snprintf(rounded, sizeof rounded, "%.0e", value);
    text = rounded;
  }
  return padded(text, width);
}

std::string time_left(const RunState& run, const Limits& limits) {
  const std::optional<double> left = limits.seconds_left(run);
  return left ? clock_text(*left) : "?";
}

std::string model_line(const WorldModel& model) {
  std::vector<std::pair<std::string, std::int64_t>> parts;
  for (const Param& p : model.params().params()) {
    const std::string part = p.name.substr(0, p.name.find('/'));
    if (parts.empty() || parts.back().first != part) parts.emplace_back(part, 0);
    parts.back().second += p.shape.size();
  }
  std::string text;
  for (const auto& [part, count] : parts)
    text += cat(text.empty() ? "" : " + ", part, " ", with_commas(count));
  text += cat(" = ", counted(model.params().size(), "parameter"));
  ModelConfig c = model.config();
  if (c.latent_model == "rssm") return text;
  const int width = latent_hidden_size(c);
  c.latent_model = "rssm";
  return cat(text, "; hidden width ", width, " in the place of ", c.hidden_size, ": an rssm has ",
             with_commas(latent_parameters(c, c.hidden_size)));
}

// The options set by the task's recipe and not overridden; "" if there are none.
std::string recipe_text(const RunConfig& config) {
  const RunConfig defaults = task_defaults(config.env);
  std::string text;
  for (const std::string& entry : recipe_of(config.env).settings) {
    const Field& field = *find_field(entry.substr(0, entry.find('=')));
    const std::string value = field.get(config);
    if (value == field.get(defaults)) text += cat(text.empty() ? "" : ", ", field.key, " ", value);
  }
  return text.empty() ? text : cat(text, ", ", config.env, "'s own");
}

std::string ends_text(const RunConfig& config) {
  std::vector<std::string> ends;
  if (config.total_episodes > 0) ends.push_back(counted(config.total_episodes, "episode"));
  if (config.steps > 0) ends.push_back(counted(config.steps, "environment frame"));
  if (config.total_updates > 0) ends.push_back(counted(config.total_updates, "update"));
  if (config.time_limit.seconds > 0)
    ends.push_back(write_value(config.time_limit) +
                   " of wall-clock time, including the last evaluation");
  return ends.empty() ? "never; stop it by Ctrl-C, which saves" : "after " + join(ends, " or ");
}

}  // namespace

RunState restore(const Setup& setup, Ranks& ranks, WorldModel& model, Adam& adam, Replay& replay) {
  RunState run;
  run.ranks = ranks.size();
  const std::string& initial = setup.config.initial_model;
  if (!setup.resumed && initial.empty()) return run;
  if (ranks.first()) {
    if (const auto checkpoint = newest_checkpoint(setup.folder.checkpoints()))
      run = load_checkpoint(*checkpoint, model, adam);
    else if (!initial.empty())
      for (ParamStore* params : {&model.params(), &adam.store()})
        load_params(load_model(initial).file, *params);
    setup.folder.restore_episodes(run.episodes - run.episodes_in_memory, run.episodes,
                                  setup.config.env, model.config(), replay);
  }
  share_state(ranks, model, adam, replay, run);
  return run;
}

void print_header(Console& console, const Setup& setup, const Env& env, const WorldModel& model,
                  int ranks) {
  const RunConfig& c = setup.config;
  const double budget = static_cast<double>(c.replay_bytes());
  // Wrapped, so that it can be read in a terminal of 80 columns.
  const auto line = [&](const char* head, const std::string& words) {
    std::string text = paragraph(head, words, 80);
    text.pop_back();
    console.line(text);
  };
  line("", version_text());
  console.line(cat("run      ", setup.folder.path().string(), setup.resumed ? " (resumed)" : ""));
  line("threads  ", cat(threads(), ranks > 1 ? " on each rank" : " used", "; the default is ",
                        cpu_budget().describe()));
  if (ranks > 1)
    line("ranks    ", cat(ranks, ", each with a share of every batch and episodes of its own"));
  if (!c.has_env())
    line("task     ",
         cat(env_spec(c.env).description, "; ", env.image_size(), "x", env.image_size(),
             " pixels, ", counted(env.action_size(), "action"), ", seed ", c.seed));
  else
    line(
        "task     ",
        cat(c.env, ": ", env_spec(c.env).description, "; ", env.image_size(), "x", env.image_size(),
            " pixels, ", counted(env.action_size(), "action"), ", repeat ", env.action_repeat(),
            ", ", counted(env.episode_length(), "decision"), " per episode, seed ", c.seed));
  line("model    ", cat("preset ", c.preset, ": ", model_line(model)));
  if (c.precision == Precision::bf16)
    line("products ", cat("of bfloat16 numbers, ", kernels::bf16_implementation()));
  if (const std::string recipe = recipe_text(c); !recipe.empty()) line("recipe   ", recipe);
  std::string round =
      cat(c.updates_per_episode, " updates of ", c.batch_size, " x ", c.batch_length, " rows");
  if (c.collects())
    round += cat(", then ",
                 c.episodes_per_round == 1 ? "one episode" : cat(c.episodes_per_round, " episodes"),
                 " ");
  if (c.collect == "random") round += "of random actions";
  if (!c.collects()) round += cat("; ", c.seed_episodes, " recorded episodes of ", c.episodes);
  if (c.collect != "planner" && c.has_env()) round += "; evaluations are ";
  if (c.has_env()) round += "planned with " + planner_text(c.planner);
  line("round    ", round);
  if (!c.initial_model.empty()) line("begins   ", cat("with the parameters of ", c.initial_model));
  line("replay   ",
       cat("up to ", bytes_text(budget), " = ",
           with_commas(static_cast<std::int64_t>(budget / static_cast<double>(env.image_bytes()))),
           " frames; ", bytes_text(static_cast<double>(available_memory())), " available"));
  line("ends     ", ends_text(c));
  console.line(scale_line(c));
  line(
      "",
      "Losses are means over a round. The return and its score are the collected episode's: noisy, "
      "trained on.");
  console.line(round_header());
}

MetricsRow counters_row(const RunState& run, double elapsed) {
  MetricsRow row;
  row.set("counter/updates", static_cast<double>(run.updates))
      .set("counter/episodes", static_cast<double>(run.episodes))
      .set("counter/decisions", static_cast<double>(run.decisions))
      .set("counter/env_frames", static_cast<double>(run.env_frames))
      .set("time/elapsed", elapsed);
  return row;
}

MetricsRow round_row(const RunState& run, const Replay& replay, double elapsed,
                     std::optional<double> episode_return, double collect_seconds) {
  const LossSums& r = run.round;
  const double n = static_cast<double>(r.updates);
  MetricsRow row = counters_row(run, elapsed);
  if (episode_return)
    row.set("train/return", *episode_return)
        .set("train/length", static_cast<double>(replay.episodes().back().rows() - 1))
        .set("time/collect", collect_seconds);
  row.set("replay/episodes", static_cast<double>(replay.episodes().size()))
      .set("replay/frames", static_cast<double>(replay.frames()))
      .set("replay/bytes", static_cast<double>(replay.bytes()))
      .set("time/fit", r.seconds);
  if (r.updates > 0) {
    row.set("loss/total", r.total / n)
        .set("loss/image", r.image / n)
        .set("loss/reward", r.reward / n)
        .set("loss/kl", r.kl / n)
        .set("loss/grad_norm", r.grad_norm / n);
    if (r.continues) row.set("loss/continue", *r.continues / n);
    if (r.global_kl) row.set("loss/global_kl", *r.global_kl / n);
    if (r.overshooting) row.set("loss/overshooting", *r.overshooting / n);
    if (r.overshooting_reward) row.set("loss/overshooting_reward", *r.overshooting_reward / n);
  }
  return row;
}

std::string round_header() {
  return "episodes  updates    image   reward     KL   return  score  upd/s    used   left";
}

std::string round_line(const RunState& run, const Limits& limits,
                       std::optional<double> episode_return, std::optional<double> score) {
  const LossSums& r = run.round;
  const double n = static_cast<double>(std::max<std::int64_t>(1, r.updates));
  return padded(with_commas(run.episodes), 8) + padded(with_commas(run.updates), 9) +
         cell(r.image / n, 2, 9) + cell(r.reward / n, 4, 9) + cell(r.kl / n, 2, 7) +
         (episode_return ? cell(*episode_return, 1, 9) : padded("-", 9)) +
         (score ? cell(*score, 2, 7) : padded("-", 7)) +
         cell(r.seconds > 0 ? n / r.seconds : 0, 1, 7) + padded(clock_text(limits.elapsed()), 8) +
         padded(time_left(run, limits), 7);
}

std::string scale_line(const RunConfig& config) {
  if (!config.has_env()) return "score    none: there is no environment";
  const std::optional<ScoreScale>& scale = env_spec(config.env).scale;
  if (!scale) return "score    none: the task has no scale";
  if (!env_score(env_spec(config.env), config.make_env_options(), 0))
    return "score    none: its scale holds for the task's own settings only";
  return cat("score    0 = random ", scale->random.mean, ", 1 = planner in the true simulator ",
             scale->oracle.mean);
}

std::string evaluation_line(const RunState& run, const Evaluation& e) {
  return cat("evaluation at ", counted(run.updates, "update"), ": return ", fixed(e.mean, 1),
             " +- ", fixed(e.std, 1), e.score ? ", score " + fixed(*e.score, 3) : "", "  (",
             fixed(e.seconds, 1), " s)");
}

std::string early_line(const RunState& run, const Evaluation& e) {
  return cat("early look at ", counted(run.updates, "update"), ": return ", fixed(e.mean, 1),
             " over ", e.returns.size(), " other episodes",
             e.score ? ", score " + fixed(*e.score, 2) : "");
}

std::string bar_text(const RunState& run, const Limits& limits, const RunConfig& config) {
  const std::int64_t C = config.updates_per_episode;
  const std::int64_t rounds =
      config.collects() ? (run.episodes - config.seed_episodes) / config.episodes_per_round
                        : (run.updates - run.round.updates) / C;
  return cat("round ", rounds + 1, ", update ", run.updates - rounds * C, "/",
             config.updates_per_episode, ", ", clock_text(limits.elapsed()), " used, ",
             time_left(run, limits), " left");
}

void print_unevaluated(const std::filesystem::path& run, const std::filesystem::path& checkpoint,
                       const std::string& reason) {
  std::cout << "ended       " << reason << "\n"
            << "score       none: there is no environment\n"
            << "checkpoint  " << checkpoint.string() << "\n"
            << "next        "
            << command("dream", {run.string(), "--episodes", (run / "episodes").string()})
            << std::endl;
}

void print_result(const RunConfig& config, const Evaluation& e,
                  const std::filesystem::path& checkpoint, const std::string& reason) {
  std::cout << "ended       " << reason << "\n"
            << "return      " << fixed(e.mean, 1) << " +- " << fixed(e.std, 1) << " over "
            << e.returns.size() << " episodes, seeds " << e.seeds.front() << " to "
            << e.seeds.back() << ", no exploration noise\n";
  if (e.score) {
    const ScoreScale& scale = *env_spec(config.env).scale;
    std::cout << "score       " << fixed(*e.score, 3) << "  (0: random actions, "
              << scale.random.mean << "; 1: the planner in the true simulator, "
              << scale.oracle.mean << ")\n";
  }
  std::cout << "checkpoint  " << checkpoint.string() << "\n"
            << "next        " << command("eval", {checkpoint.parent_path().parent_path().string()})
            << std::endl;
}

}  // namespace planet
