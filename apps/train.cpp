// train: Algorithm 1 with files, clocks and flags (minimal.cpp is one page without them). Read this
// file from the top: run() is the algorithm, and the functions it calls follow in the order of the
// calls. The files, clocks and flags themselves are in apps/common.
//
//   seed the data set with S random episodes
//   until a limit is reached:
//     model fitting:    C updates: a batch of windows, the loss, its gradient, Adam
//     data collection:  one episode by planning with exploration noise, or one of random actions
//                       (--collect random)
//     logging:          a row of metrics; at intervals an evaluation and a checkpoint
//
// Every random number belongs to a stream named by the seed and the number of the update or the
// episode, so nothing but counters has to be saved for a resumed run to go on bit for bit.
#include <algorithm>
#include <iostream>

#include "apps/common/console/console.hpp"
#include "apps/common/console/interrupt.hpp"
#include "apps/common/files/png.hpp"
#include "apps/common/options/command.hpp"
#include "apps/common/options/command_line.hpp"
#include "apps/common/page/run_page.hpp"
#include "apps/common/report/pictures.hpp"
#include "apps/common/report/verdict.hpp"
#include "apps/common/run/acting.hpp"
#include "apps/common/run/checkpoint.hpp"
#include "apps/common/run/recorded.hpp"
#include "apps/programs.hpp"
#include "apps/train/metrics.hpp"
#include "apps/train/reporting.hpp"
#include "apps/train/seeds.hpp"
#include "apps/train/setup.hpp"
#include "autograd/base/error.hpp"
#include "autograd/base/parallel.hpp"
#include "nn/files/atomic_file.hpp"
#include "rssm/trainer.hpp"

namespace planet {
namespace {

class Training {
 public:
  explicit Training(const Setup& setup);
  int run();

 private:
  // ---- Algorithm 1, in order ----
  void seed();
  bool fit();
  bool collect_episode();
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
  std::string command_to_go_on() const;
  std::vector<double> collected_returns() const;
  int say_finished() const;

  const RunConfig& config_;
  const RunFolder& folder_;
  Console console_;
  WorldModel model_;
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
  double page_seconds_ = 0;  // that the last page took, or the first may
  bool finished_ = false;    // by earlier processes: nothing is left to be done
};

// ---- Algorithm 1 -------------------------------------------------------------------------------

int Training::run() {
  if (finished_) return say_finished();
  seed();
  while (!limits_.reached(run_)) {
    if (evaluation_due() && !evaluate_and_save()) break;
    if (early_look_due()) look_early();
    if (!fit()) break;
    if (!collect_episode()) break;
  }
  return finish();
}

// S episodes of uniformly random actions, or those that were recorded.
void Training::seed() {
  while (run_.episodes < config_.seed_episodes && !interrupted())
    remember(config_.collects() ? collect_random(*env_, config_, run_.episodes)
                                : recorded_episode(config_, run_.episodes));
  if (config_.time_limit.seconds > 0 && run_.evaluation_cost == 0 && config_.has_env())
    run_.evaluation_cost = estimate_evaluation(model_, config_, config_.eval_episodes);
  expect_ending(run_.evaluation_cost);
  if (run_.updates > 0 || interrupted()) return;
  const std::optional<Duration> enough = limits_.enough_to_learn();
  require(!enough, "--time-limit ", write_value(config_.time_limit),
          " leaves no room to learn: the evaluation at the end takes about ",
          fixed(run_.evaluation_cost, 0), " s; ", write_value(enough.value_or(Duration{})),
          " would be enough. The run can go on with it: ",
          command("train", {"--resume", folder_.path().string(), "--time-limit",
                            write_value(enough.value_or(Duration{}))}));
}

// Model fitting: C updates per round. False if there was no time for all of them.
bool Training::fit() {
  const std::int64_t C = config_.updates_per_episode;
  const std::int64_t owed = config_.collects() ? (run_.episodes - config_.seed_episodes + 1) * C
                                               : run_.updates - run_.round.updates + C;
  while (run_.updates < owed) {
    if (limits_.no_room_for_update() || limits_.enough_updates(run_)) return false;
    const double start = process_seconds();
    const Update update = trainer_.update(replay_, run_.updates);
    ++run_.updates;
    evaluated_ = false;
    const double seconds = process_seconds() - start;
    run_.round.add(update.elbo, update.clip.norm, seconds);
    limits_.measured_update(seconds);
    if (checkpoint_due()) save();
    show_bar();
  }
  return true;
}

// Data collection: one episode by planning in the latent space, with exploration noise, or one of
// random actions. False if there was no time for the whole episode; --resume will then play it
// again, bit for bit.
bool Training::collect_episode() {
  if (!config_.collects()) return log_round({}, 0), true;
  const double start = process_seconds();
  std::optional<CollectedEpisode> collected =
      config_.collect == "random" ? collect_random(*env_, config_, run_.episodes)
                                  : collect(*env_, agent_, config_, run_.episodes, limits_);
  if (!collected) return false;
  const double episode_return = collected->episode.episode_return();
  remember(std::move(*collected));
  log_round(episode_return, process_seconds() - start);
  if (checkpoint_due()) save();
  return true;
}

// ---- evaluation, logging, checkpoints

Training::Training(const Setup& setup)
    : config_(setup.config),
      folder_(setup.folder),
      console_(progress_from(setup.config.progress), setup.folder.log()),
      model_(config_.model, config_.seed, config_.precision),
      trainer_(model_, config_.trainer()),
      replay_(config_.replay_bytes()),
      env_(make_env(config_.env, config_.make_env_options())),
      agent_(model_, config_.planner, AgentStreams::collecting(config_.seed)),
      run_(setup.resumed ? restore(folder_, model_, trainer_.adam(), config_.env, replay_)
                         : RunState{}),
      limits_(config_, run_) {
  metrics_ = std::make_unique<MetricsWriter>(folder_.path(), run_.metrics_rows);
  trainer_.tape().check_finite(config_.check_finite);
  evaluated_ = run_.evaluated_updates == run_.updates;
  saved_episodes_ = run_.episodes;
  saved_seconds_ = limits_.elapsed();
  // Half a second for a hundred rows of 32 x 32 pixels; a page has at most 150.
  page_seconds_ = 5e-6 * static_cast<double>(env_->image_size() * env_->image_size() *
                                             std::min(150, env_->episode_length()));
  print_header(console_, setup, *env_, model_);
  if (setup.resumed) {
    console_.line(cat("resumed at ", with_commas(run_.updates), " updates, ",
                      with_commas(run_.episodes), " episodes"));
    expect_ending(run_.evaluation_cost);
    finished_ = evaluated_ && !interrupted() && limits_.reached(run_);
  }
}

void Training::remember(CollectedEpisode collected) {
  folder_.save_episode(run_.episodes, collected.episode, config_.env);
  replay_.add(std::move(collected.episode));
  ++run_.episodes;
  run_.decisions += collected.decisions;
  run_.env_frames += collected.env_frames;
}

void Training::log_round(std::optional<double> episode_return, double collect_seconds) {
  metrics_->write(round_row(run_, replay_, limits_.elapsed(), episode_return, collect_seconds));
  if (config_.collect == "planner") early_cost_ = std::max(early_cost_, 2 * collect_seconds);
  std::optional<double> score;
  if (episode_return)
    score = env_score(env_spec(config_.env), config_.make_env_options(), *episode_return);
  console_.row(round_line(run_, limits_, episode_return, score));
  run_.metrics_rows = metrics_->rows();
  run_.round = {};
}

bool Training::evaluation_due() const {
  const Cadence& every = config_.eval_every;
  const bool looked = config_.collects() ? run_.episodes == run_.evaluated_episodes
                                         : run_.updates == run_.evaluated_updates;
  if (looked || run_.updates == 0) return false;
  if (every.episodes > 0) return run_.episodes % every.episodes == 0;
  return every.seconds > 0 && limits_.elapsed() - run_.evaluated_seconds >= every.seconds;
}

// At most every thirty seconds or tenth of the time limit, if all of them together take less than a
// twentieth of the time.
bool Training::early_look_due() const {
  if (!config_.eval_every.automatic || run_.updates == 0 || early_cost_ == 0) return false;
  const double limit = config_.time_limit.seconds;
  const double pause = limit > 0 ? std::min(30.0, limit / 10) : 30.0;
  const double now = process_seconds();
  return now - looked_at_ >= pause && early_seconds_ + early_cost_ < 0.05 * now &&
         limits_.fits(early_cost_);
}

// How far the agent is, for who watches: two episodes that have no part in the result. It is shown and
// changes nothing.
void Training::look_early() {
  const std::optional<Evaluation> e =
      evaluate(model_, config_, 2, first_early_seed, evaluation_bar("early look: "));
  if (!e) return;
  early_cost_ = e->seconds;
  early_seconds_ += e->seconds;
  looked_at_ = process_seconds();
  console_.row(early_line(run_, *e), true);
}

EvaluationProgress Training::evaluation_bar(const std::string& head) {
  return [this, head](std::int64_t decisions, std::int64_t of) {
    console_.bar(limits_.fraction(run_),
                 cat(head, "decision ", with_commas(decisions), " of ", with_commas(of)));
  };
}

bool Training::checkpoint_due() const {
  const Cadence& every = config_.checkpoint_every;
  if (every.episodes > 0) return run_.episodes - saved_episodes_ >= every.episodes;
  return every.seconds > 0 && limits_.elapsed() - saved_seconds_ >= every.seconds;
}

void Training::save() {
  run_.seconds = limits_.elapsed();
  run_.episodes_in_memory = static_cast<std::int64_t>(replay_.episodes().size());
  checkpoint_ = save_checkpoint(folder_.checkpoints(), config_, model_, trainer_.adam(), run_);
  saved_episodes_ = run_.episodes;
  saved_seconds_ = run_.seconds;
}

// Episodes without noise, which are never trained on. False after Ctrl-C. Without an environment there is
// nothing but the checkpoint and its page.
bool Training::evaluate_and_save() {
  save();
  if (!config_.has_env()) {
    evaluated_ = true;
    run_.evaluated_updates = run_.updates;
    update_checkpoint_state(checkpoint_, run_);
    write_page();
    return true;
  }
  evaluation_ = evaluate(model_, config_, config_.eval_episodes, first_evaluation_seed,
                         evaluation_bar("evaluating: "));
  if (!evaluation_) return false;
  const Evaluation& e = *evaluation_;
  evaluated_ = true;
  run_.evaluated_episodes = run_.episodes;
  run_.evaluated_updates = run_.updates;
  run_.evaluated_seconds = limits_.elapsed();
  run_.evaluation_cost = e.seconds;
  expect_ending(e.seconds);
  MetricsRow row = counters_row(run_, limits_.elapsed());
  row.set("eval/return_mean", e.mean).set("eval/return_std", e.std).set("time/evaluate", e.seconds);
  if (e.score) row.set("eval/score", *e.score);
  metrics_->write(row);
  run_.metrics_rows = metrics_->rows();
  run_.seconds = limits_.elapsed();
  if (!run_.best_return || e.mean > *run_.best_return) {
    run_.best_return = e.mean;
    run_.best = checkpoint_.filename().string();
  }
  // The counters last: a run killed before them evaluates again, one killed after them has it all.
  write_png(folder_.pictures() / cat("eval-", checkpoint_.filename().string(), ".png"),
            reconstruction_sheet(model_, std::span(e.episodes).first(1), config_.seed,
                                 cat("evaluation episode 0 at ", run_.updates, " updates")));
  write_page();
  update_checkpoint_state(checkpoint_, run_);
  console_.row(evaluation_line(run_, e), true);
  return true;
}

// report.html. What shows a run must not end it: a page that cannot be made is said, and that is all.
void Training::write_page() {
  const double start = process_seconds();
  try {
    write_text_atomically(folder_.path() / page_name,
                          run_page({folder_.path().string(), config_, model_, run_.updates,
                                    folder_.path(), evaluation_ ? &*evaluation_ : nullptr,
                                    config_.has_env() ? nullptr : &replay_.episodes()}));
  } catch (const Error& e) {
    console_.line(cat(page_name, " was not written: ", e.what()));
  }
  page_seconds_ = process_seconds() - start;
}

// The last checkpoint, its evaluation, its picture and its page, with some room for a busy machine.
void Training::expect_ending(double evaluation_seconds) {
  limits_.expect_ending(1.1 * (evaluation_seconds + page_seconds_) + 0.3);
}

void Training::show_bar() {
  console_.bar(limits_.fraction(run_), bar_text(run_, limits_, config_));
}

int Training::finish() {
  console_.clear_bar();
  if (!evaluated_ && !interrupted()) evaluate_and_save();
  if (interrupted()) {
    save();
    const std::string text = cat(
        "stopped and saved at ", with_commas(run_.updates), " updates in ", checkpoint_.string(),
        "\nto go on: ", command("train", {"--resume", folder_.path().string()}));
    if (!std::filesystem::exists(folder_.path() / page_name)) write_page();
    console_.note(text);
    std::cout << text << std::endl;
    return status_interrupted;
  }
  if (!config_.has_env()) print_unevaluated(folder_.path(), checkpoint_, limits_.reason(run_));
  if (!evaluation_) return 0;
  print_result(config_, *evaluation_, checkpoint_, limits_.reason(run_));
  if (!config_.collects()) return 0;  // what is not collected cannot rise
  const std::vector<double> returns = collected_returns();
  std::cout << "verdict     " << verdict_text(config_, evaluation_->score, returns, run_.updates)
            << "\n";
  if (judge(evaluation_->score, returns) != Verdict::learned)
    std::cout << "to go on    " << command_to_go_on() << "\n";
  std::cout << std::flush;
  return 0;
}

// With twice the limit that ended it.
std::string Training::command_to_go_on() const {
  std::vector<std::string> words{"--resume", folder_.path().string()};
  for (const std::string& word : limits_.twice(run_)) words.push_back(word);
  return command("train", words);
}

// Of the episodes that the agent chose, as far as the replay memory has them.
std::vector<double> Training::collected_returns() const {
  std::vector<double> returns;
  std::int64_t index = run_.episodes - static_cast<std::int64_t>(replay_.episodes().size());
  for (const Episode& episode : replay_.episodes())
    if (index++ >= config_.seed_episodes) returns.push_back(episode.episode_return());
  return returns;
}

// Not an error: a queue may start a job again that has come to its end.
int Training::say_finished() const {
  std::cout << folder_.path().string() << " is finished: " << limits_.reason(run_)
            << " reached\nto go on: " << command_to_go_on() << std::endl;
  return 0;
}

}  // namespace

int apps::train(int argc, const char* const* argv) {
  const auto asked = setup_run(argc, argv);
  catch_interrupts();
  if (const auto* several = std::get_if<SeedRuns>(&asked)) return train_seeds(*several);
  const auto* setup = std::get_if<Setup>(&asked);
  if (setup == nullptr) return 0;
  try {
    return Training(*setup).run();
  } catch (const NonFinite& e) {
    std::cerr << "train: " << e.what()
              << "\ntrain: nothing was saved after the last good checkpoint in "
              << setup->folder.checkpoints().string() << std::endl;
    return 3;
  }
}

}  // namespace planet
