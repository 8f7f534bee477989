#include "apps/train/reporting.hpp"

#include <cstdio>
#include <iostream>

#include "apps/common/options/command.hpp"
#include "autograd/base/error.hpp"

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

}  // namespace

RunState restore(const RunFolder& folder, WorldModel& model, Adam& adam, const std::string& task,
                 Replay& replay) {
  RunState run;
  if (const auto checkpoint = newest_checkpoint(folder.checkpoints()))
    run = load_checkpoint(*checkpoint, model, adam);
  folder.restore_episodes(run.episodes - run.episodes_in_memory, run.episodes, task, model.config(),
                          replay);
  return run;
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
  return cat("evaluation at ", with_commas(run.updates), " updates: return ", fixed(e.mean, 1),
             " +- ", fixed(e.std, 1), e.score ? ", score " + fixed(*e.score, 3) : "", "  (",
             fixed(e.seconds, 1), " s)");
}

std::string early_line(const RunState& run, const Evaluation& e) {
  return cat("early look at ", with_commas(run.updates), " updates: return ", fixed(e.mean, 1),
             " over ", e.returns.size(), " other episodes",
             e.score ? ", score " + fixed(*e.score, 2) : "");
}

std::string bar_text(const RunState& run, const Limits& limits, const RunConfig& config) {
  const std::int64_t C = config.updates_per_episode;
  const std::int64_t rounds = config.collects() ? run.episodes - config.seed_episodes
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
