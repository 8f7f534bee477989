// What surrounds the algorithm of apps/train.cpp: evaluations, rows, checkpoints, the page, the ending.
#include "apps/train/training.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>

#include "apps/common/console/interrupt.hpp"
#include "apps/common/files/png.hpp"
#include "apps/common/options/command.hpp"
#include "apps/common/page/run_page.hpp"
#include "apps/common/report/pictures.hpp"
#include "apps/common/report/verdict.hpp"
#include "apps/train/reporting.hpp"
#include "autograd/base/error.hpp"
#include "nn/files/atomic_file.hpp"

namespace planet {

Training::Training(const Setup& setup, Ranks& ranks)
    : config_(setup.config),
      ranks_(ranks),
      folder_(setup.folder),
      console_(ranks.first() ? progress_from(config_.progress) : Progress::none,
               ranks.first() ? setup.folder.log() : ""),
      learner_(config_.model, config_.seed, config_.precision),
      average_(config_.average_decay > 0
                   ? std::make_unique<WorldModel>(config_.model, config_.seed, config_.precision)
                   : nullptr),
      model_(average_ ? *average_ : learner_),
      trainer_(learner_, config_.trainer()),
      replay_(config_.replay_bytes()),
      env_(make_env(config_.env, config_.make_env_options())),
      agent_(model_, config_.planner, AgentStreams::collecting(config_.seed)),
      run_(restore(setup, ranks, model_, trainer_.adam(), replay_)),
      limits_(config_, run_) {
  if (ranks.first()) metrics_ = std::make_unique<MetricsWriter>(folder_.path(), run_.metrics_rows);
  trainer_.tape().check_finite(config_.check_finite);
  evaluated_ = run_.evaluated_updates == run_.updates;
  saved_episodes_ = run_.episodes;
  saved_seconds_ = limits_.elapsed();
  // Half a second for a hundred rows of 32 x 32 pixels; a page has at most 150.
  page_seconds_ = 5e-6 * static_cast<double>(env_->image_size() * env_->image_size() *
                                             std::min(150, env_->episode_length()));
  print_header(console_, setup, *env_, model_, ranks.size());
  if (setup.resumed) {
    if (run_.ranks != ranks.size())
      console_.line(
          cat("number of ranks: ", ranks.size(), ", before: ", run_.ranks,
              "; gradients are summed in other shares, so the bits are others from here"));
    run_.ranks = ranks.size();
    console_.line(cat("resumed at ", counted(run_.updates, "update"), ", ",
                      counted(run_.episodes, "episode")));
    expect_ending(run_.evaluation_cost);
    finished_ = evaluated_ && !ranks.any(interrupted()) && ranks.any(limits_.reached(run_));
  }
}

void Training::remember(CollectedEpisode collected) {
  if (ranks_.first()) folder_.save_episode(run_.episodes, collected.episode, config_.env);
  replay_.add(std::move(collected.episode));
  ++run_.episodes;
  run_.decisions += collected.decisions;
  run_.env_frames += collected.env_frames;
}

void Training::log_round(std::optional<double> episode_return, double collect_seconds) {
  const MetricsRow row =
      round_row(run_, replay_, limits_.elapsed(), episode_return, collect_seconds);
  if (metrics_) metrics_->write(row);
  ++run_.metrics_rows;
  if (config_.collect == "planner") early_cost_ = 2 * collect_seconds;
  std::optional<double> score;
  if (episode_return)
    score = env_score(env_spec(config_.env), config_.make_env_options(), *episode_return);
  if (run_.round.updates > 0)  // the first of the round
    console_.row(round_line(run_, limits_, episode_return, score));
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
      evaluate(model_, config_, 2, first_early_seed, evaluation_bar("early look: "), ranks_);
  if (!e) return;
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
  if (!ranks_.first()) return;
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
                         evaluation_bar("evaluating: "), ranks_);
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
  if (metrics_) metrics_->write(row);
  ++run_.metrics_rows;
  run_.seconds = limits_.elapsed();
  if (!run_.best_return || e.mean > *run_.best_return) {
    run_.best_return = e.mean;
    run_.best = checkpoint_.filename().string();
  }
  if (!ranks_.first()) return true;
  // The counters last: a run killed before them evaluates again, one killed after them has it all.
  write_png(folder_.pictures() / cat("eval-", checkpoint_.filename().string(), ".png"),
            reconstruction_sheet(model_, std::span(e.episodes).first(1), config_.seed,
                                 cat("evaluation episode 0 at ", counted(run_.updates, "update"))));
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
  env_.reset();  // a process that it may have plays the evaluation
  if (!evaluated_ && !ranks_.any(interrupted())) evaluate_and_save();
  const bool stopped = ranks_.any(interrupted());
  if (!ranks_.first()) return 0;
  if (ranks_.size() > 1)
    console_.line(cat("ranks    exchanges and waiting took ", fixed(exchange_seconds_, 1),
                      " s of fitting and ", fixed(ranks_.seconds() - exchange_seconds_, 1),
                      " s of the rest"));
  if (stopped) {
    save();
    const std::string text = cat("stopped and saved at ", counted(run_.updates, "update"), " in ",
                                 checkpoint_.string(), "\nto go on: ", command_to_go_on({}));
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
    std::cout << "to go on    " << command_to_go_on(limits_.twice(run_)) << "\n";
  std::cout << std::flush;
  return 0;
}

// The others do not answer, but what this rank holds is whole: rank 0 saves it. The first rank that
// still answers tells the user, before mpirun ends all of them.
int Training::stop_without(const RanksLost& lost) {
  if (lost.left() && !ranks_.first()) return 0;  // the rank that left says why
  console_.clear_bar();
  if (lost.tells(ranks_.rank())) {
    const std::string text =
        cat(lost.what(), "; the run can go on from its last checkpoint: ", command_to_go_on({}));
    std::cerr << "train: " << text << std::endl;
    console_.note(text);
  }
  if (ranks_.first()) save();
  else std::this_thread::sleep_for(std::chrono::seconds(30));  // while rank 0 saves
  return interrupted() ? status_interrupted : 2;
}

// The process of an environment has failed: the episode that it played is played again by --resume.
void Training::stop_after(const EnvLost& lost) {
  console_.clear_bar();
  if (!ranks_.first()) throw lost;  // and rank 0, told that this one has left, saves
  save();
  const std::string text =
      cat(lost.what(), "; the run is saved and can go on: ", command_to_go_on({}));
  console_.note(text);
  fail(text);
}

std::string Training::command_to_go_on(const std::vector<std::string>& more) const {
  std::vector<std::string> words{"--resume", folder_.path().string()};
  words.insert(words.end(), more.begin(), more.end());
  return cat(ranks_.size() > 1 ? cat("mpirun -n ", ranks_.size(), " ") : "",
             command("train", words));
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
  if (!ranks_.first()) return 0;
  std::cout << folder_.path().string() << " is finished: " << limits_.reason(run_)
            << " reached\nto go on: " << command_to_go_on(limits_.twice(run_)) << std::endl;
  return 0;
}

}  // namespace planet
