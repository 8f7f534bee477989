#include "apps/train/reporting.hpp"

#include <iostream>

#include "autograd/base/error.hpp"

namespace planet {
namespace {

std::string padded(std::string text, std::size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

std::string time_left(const RunState& run, const Limits& limits) {
  const std::optional<double> left = limits.seconds_left(run);
  return left ? clock_text(*left) : "?";
}

}  // namespace

RunState restore(const RunFolder& folder, WorldModel& model, Adam& adam, Replay& replay) {
  RunState run;
  if (const auto checkpoint = newest_checkpoint(folder.checkpoints()))
    run = load_checkpoint(*checkpoint, model, adam);
  folder.restore_episodes(run.episodes, replay);
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

std::string round_header() {
  return "episodes  env frames   updates     image    reward      KL   return  updates/s    used   "
         " left";
}

std::string round_line(const RunState& run, const Limits& limits, double episode_return) {
  const LossSums& r = run.round;
  const double n = static_cast<double>(std::max<std::int64_t>(1, r.updates));
  return padded(with_commas(run.episodes), 8) + padded(with_commas(run.env_frames), 12) +
         padded(with_commas(run.updates), 10) + padded(fixed(r.image / n, 2), 10) +
         padded(fixed(r.reward / n, 4), 10) + padded(fixed(r.kl / n, 2), 8) +
         padded(fixed(episode_return, 1), 9) +
         padded(fixed(r.seconds > 0 ? n / r.seconds : 0, 1), 11) +
         padded(clock_text(limits.elapsed()), 8) + padded(time_left(run, limits), 8);
}

std::string evaluation_line(const RunState& run, const Evaluation& e) {
  return cat("evaluation at ", with_commas(run.updates), " updates: return ", fixed(e.mean, 1),
             " +- ", fixed(e.std, 1), " over ", e.returns.size(), " episodes",
             e.score ? ", score " + fixed(*e.score, 3) : "", "  (", fixed(e.seconds, 1), " s)");
}

std::string bar_text(const RunState& run, const Limits& limits, const RunConfig& config) {
  const std::int64_t rounds = run.episodes - config.seed_episodes;
  return cat("round ", rounds + 1, ", update ", run.updates - rounds * config.updates_per_episode,
             "/", config.updates_per_episode, ", ", clock_text(limits.elapsed()), " used, ",
             time_left(run, limits), " left");
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
            << "next        eval " << checkpoint.parent_path().parent_path().string() << std::endl;
}

}  // namespace planet
