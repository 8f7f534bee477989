// What a training holds and does: the algorithm in apps/train.cpp, the rest in apps/train/training.cpp.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/common/bridge/bridge.hpp"
#include "apps/common/console/console.hpp"
#include "apps/common/run/acting.hpp"
#include "apps/common/run/checkpoint.hpp"
#include "apps/common/run/ranks.hpp"
#include "apps/train/metrics.hpp"
#include "apps/train/setup.hpp"
#include "rssm/trainer.hpp"

namespace planet {

class Training {
 public:
  Training(const Setup& setup, Ranks& ranks);
  int run();

 private:
  int learn();
  // ---- Algorithm 1, in order ----
  void seed();
  bool fit();
  bool collect_episodes();
  bool collect_one_each(std::int64_t most, bool random);
  // ---- evaluation, logging, checkpoints ----
  void remember(CollectedEpisode collected);
  void log_round(std::optional<double> episode_return, double collect_seconds);
  bool evaluate_and_save();
  void save();
  bool evaluation_due() const;
  bool checkpoint_due() const;
  bool early_look_due() const;
  void look_early();
  void write_page();
  EvaluationProgress evaluation_bar(const std::string& head);
  void expect_ending(double evaluation_seconds);
  void show_bar();
  int finish();
  int stop_without(const RanksLost& lost);
  [[noreturn]] void stop_after(const EnvLost& lost);
  std::string command_to_go_on(const std::vector<std::string>& more) const;
  std::vector<double> collected_returns() const;
  int say_finished() const;

  const RunConfig& config_;
  Ranks& ranks_;
  const RunFolder& folder_;  // only rank 0 writes there
  Console console_;
  WorldModel learner_;
  std::unique_ptr<WorldModel> average_;  // of its parameters, with --average-decay
  WorldModel& model_;                    // that acts: the average or else the learner
  Trainer trainer_;
  Replay replay_;
  std::unique_ptr<Env> env_;
  MpcAgent agent_;
  RunState run_;
  Limits limits_;
  std::unique_ptr<MetricsWriter> metrics_;
  std::optional<Evaluation> evaluation_;  // the last one
  std::filesystem::path checkpoint_;      // and the checkpoint
  std::int64_t saved_episodes_ = 0;
  double saved_seconds_ = 0;
  bool evaluated_ = false;  // whether the present parameters have been evaluated
  // Early looks of this process: what the next one takes, what all took, and when the last one was.
  double early_cost_ = 0, early_seconds_ = 0, looked_at_ = 0;
  double page_seconds_ = 0;      // that the last page took, or the first may
  double exchange_seconds_ = 0;  // between ranks, while fitting
  bool finished_ = false;        // by earlier processes: nothing is left to be done
};

}  // namespace planet
