// train: Algorithm 1 with files, clocks and flags (minimal.cpp is one page without them). Read this
// file from the top: run() is the algorithm, and the functions it calls follow in the order of the
// calls. The files, clocks and flags themselves are in apps/common.
//
//   seed the data set with S random episodes
//   until a limit is reached:
//     model fitting:    C updates: a batch of windows, the loss, its gradient, Adam
//     data collection:  an episode by planning with exploration noise, or of random actions
//                       (--collect random), or several (--episodes-per-round)
//     logging:          a row of metrics; at intervals an evaluation and a checkpoint
//
// Every random number belongs to a stream named by the seed and the number of the update or the
// episode, so nothing but counters has to be saved for a resumed run to go on bit for bit.
//
// Under mpirun every rank runs this program. Where they must agree they ask ranks_.any(); what they
// exchange is in apps/common/run/ranks.hpp. One process asks nobody.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>

#include "apps/common/console/interrupt.hpp"
#include "apps/common/files/png.hpp"
#include "apps/common/options/command.hpp"
#include "apps/common/report/pictures.hpp"
#include "apps/programs.hpp"
#include "apps/train/reporting.hpp"
#include "apps/train/seeds.hpp"
#include "apps/train/training.hpp"
#include "apps/train/verdict.hpp"
#include "autograd/base/error.hpp"

namespace planet {

// ---- Algorithm 1 -------------------------------------------------------------------------------

int Training::run() {
  try {
    return learn();
  } catch (const RanksLost& lost) {
    return stop_without(lost);
  }
}

int Training::learn() {
  if (finished_) return say_finished();
  seed();
  while (!ranks_.any(limits_.reached(run_))) {
    if (ranks_.any(evaluation_due()) && !evaluate_and_save()) break;
    if (ranks_.any(early_look_due())) look_early();
    if (!fit()) break;
    if (!collect_episodes()) break;
  }
  return finish();
}

// S episodes of uniformly random actions.
void Training::seed() {
  while (run_.episodes < config_.seed_episodes && !ranks_.any(interrupted()))
    collect_one_each(config_.seed_episodes - run_.episodes, true);
  if (config_.time_limit.seconds > 0 && run_.evaluation_cost == 0)
    run_.evaluation_cost = estimate_evaluation(
        model_, config_, (config_.eval_episodes + ranks_.size() - 1) / ranks_.size());
  expect_ending(run_.evaluation_cost);
  if (run_.updates > 0 || interrupted() || !ranks_.first()) return;
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
  const std::int64_t collected = run_.episodes - config_.seed_episodes;
  const std::int64_t rounds = collected / config_.episodes_per_round + 1;
  const double exchanging = ranks_.seconds();
  while (run_.updates < rounds * config_.updates_per_episode) {
    if (ranks_.any(limits_.no_room_for_update())) return false;
    const double start = process_seconds();
    LossSums losses;
    const Update update = trainer_.update(
        replay_, run_.updates, {ranks_.rank(), ranks_.size()},
        [&](ParamStore& params, const Update& mine) {
          losses = sum_of_shares(ranks_, params, LossSums::of(mine.elbo), config_.batch_size);
        });
    ++run_.updates;
    evaluated_ = false;
    losses.grad_norm = update.clip.norm;
    losses.seconds = process_seconds() - start;
    run_.round += losses;
    limits_.measured_update(losses.seconds);
    if (checkpoint_due()) save();
    show_bar();
  }
  exchange_seconds_ += ranks_.seconds() - exchanging;
  compare_parameters(ranks_, model_.params(), run_.updates);
  return true;
}

// Data collection: the round's episodes by planning in the latent space, with exploration noise, or of
// random actions. False if there was no time for all of them; --resume will then play the others
// again, bit for bit.
bool Training::collect_episodes() {
  const std::int64_t n = config_.episodes_per_round;
  std::int64_t left = n - (run_.episodes - config_.seed_episodes) % n;
  if (config_.total_episodes > 0) left = std::min(left, config_.total_episodes - run_.episodes);
  for (const std::int64_t end = run_.episodes + left; run_.episodes < end;)
    if (!collect_one_each(end - run_.episodes, config_.collect == "random")) return false;
  return true;
}

// An episode on each rank, `most` of them at most. False if there was no time for one.
bool Training::collect_one_each(std::int64_t most, bool random) {
  const double start = process_seconds();
  const std::int64_t wanted = std::min<std::int64_t>(most, ranks_.size());
  const std::int64_t index = run_.episodes + ranks_.rank();
  std::optional<CollectedEpisode> own;
  if (ranks_.rank() < wanted)
    own = random ? collect_random(*env_, config_, index)
                 : collect(*env_, agent_, config_, index, limits_);
  std::vector<CollectedEpisode> all = hand_round(ranks_, std::move(own));
  const auto n = static_cast<std::int64_t>(all.size());
  for (CollectedEpisode& collected : all) {
    const double episode_return = collected.episode.episode_return();
    remember(std::move(collected));
    if (run_.updates > 0) log_episode(episode_return, (process_seconds() - start) / double(n));
  }
  if (run_.updates > 0 && n > 0 && checkpoint_due()) save();
  return n == wanted;
}

// ---- evaluation, logging, checkpoints

Training::Training(const Setup& setup, Ranks& ranks)
    : config_(setup.config),
      ranks_(ranks),
      folder_(setup.folder),
      console_(ranks.first() ? progress_from(config_.progress) : Progress::none,
               ranks.first() ? setup.folder.log() : ""),
      model_(config_.model, config_.seed, config_.precision),
      trainer_(model_, config_.trainer()),
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
  print_header(console_, setup, *env_, model_, ranks.size());
  if (setup.resumed) {
    if (run_.ranks != ranks.size())
      console_.line(
          cat("number of ranks: ", ranks.size(), ", before: ", run_.ranks,
              "; gradients are summed in other shares, so the bits are others from here"));
    run_.ranks = ranks.size();
    console_.line(cat("resumed at ", with_commas(run_.updates), " updates, ",
                      with_commas(run_.episodes), " episodes"));
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

void Training::log_episode(double episode_return, double collect_seconds) {
  const MetricsRow row = episode_row(run_, limits_.elapsed(), replay_, collect_seconds);
  if (metrics_) metrics_->write(row);
  ++run_.metrics_rows;
  if (config_.collect == "planner") early_cost_ = std::max(early_cost_, 2 * collect_seconds);
  if (run_.round.updates > 0)  // the first of the round
    console_.row(
        round_line(run_, limits_, episode_return,
                   env_score(env_spec(config_.env), config_.make_env_options(), episode_return)));
  run_.round = {};
}

bool Training::evaluation_due() const {
  const Cadence& every = config_.eval_every;
  if (run_.episodes == run_.evaluated_episodes || run_.updates == 0) return false;
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
  if (!ranks_.first()) return;
  run_.seconds = limits_.elapsed();
  run_.episodes_in_memory = static_cast<std::int64_t>(replay_.episodes().size());
  checkpoint_ = save_checkpoint(folder_.checkpoints(), config_, model_, trainer_.adam(), run_);
  saved_episodes_ = run_.episodes;
  saved_seconds_ = run_.seconds;
}

// Episodes without noise, which are never trained on. False after Ctrl-C.
bool Training::evaluate_and_save() {
  save();
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
                                 cat("evaluation episode 0 at ", run_.updates, " updates")));
  update_checkpoint_state(checkpoint_, run_);
  console_.row(evaluation_line(run_, e), true);
  return true;
}

// The last checkpoint, its evaluation and its picture, with some room for a busy machine.
void Training::expect_ending(double evaluation_seconds) {
  limits_.expect_ending(1.1 * evaluation_seconds + 0.3);
}

void Training::show_bar() {
  console_.bar(limits_.fraction(run_), bar_text(run_, limits_, config_));
}

int Training::finish() {
  console_.clear_bar();
  if (!evaluated_ && !ranks_.any(interrupted())) evaluate_and_save();
  const bool stopped = ranks_.any(interrupted());
  if (!ranks_.first()) return 0;
  if (ranks_.size() > 1)
    console_.line(cat("ranks    exchanges and waiting took ", fixed(exchange_seconds_, 1),
                      " s of fitting and ", fixed(ranks_.seconds() - exchange_seconds_, 1),
                      " s of the rest"));
  if (stopped) {
    save();
    const std::string text = cat("stopped and saved at ", with_commas(run_.updates), " updates in ",
                                 checkpoint_.string(), "\nto go on: ", command_to_go_on({}));
    console_.note(text);
    std::cout << text << std::endl;
    return status_interrupted;
  }
  if (!evaluation_) return 0;
  print_result(config_, *evaluation_, checkpoint_, limits_.reason(run_));
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

namespace {

// The first rank's sentence that has one.
std::string first_said(const std::vector<std::string>& by_rank) {
  const auto said = std::ranges::find_if(by_rank, [](const std::string& s) { return !s.empty(); });
  return said != by_rank.end() ? *said : "the sum of all ranks' gradients is not finite";
}

}  // namespace

int apps::train(int argc, const char* const* argv) {
  const std::unique_ptr<Ranks> ranks = make_ranks();
  try {
    Asked asked = ranks->first() ? setup_run(argc, argv, ranks->size()) : Asked{};
    catch_interrupts();
    if (const auto* several = std::get_if<SeedRuns>(&asked)) return train_seeds(*several);
    const std::optional<Setup> setup = share_setup(std::move(asked), *ranks);
    if (!setup) return 0;
    try {
      return Training(*setup, *ranks).run();
    } catch (const NonFinite& e) {
      const std::string what = first_said(ranks->gather(e.what()));
      if (ranks->first())
        std::cerr << "train: " << what
                  << "\ntrain: nothing was saved after the last good checkpoint in "
                  << setup->folder.checkpoints().string() << std::endl;
      return 3;
    }
  } catch (const RanksLost&) {
    if (ranks->first()) throw;
    return 0;  // rank 0 says why, and has the status
  } catch (...) {
    ranks->leave();
    throw;
  }
}

}  // namespace planet
