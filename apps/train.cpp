// train: Algorithm 1 with files, clocks and flags (minimal.cpp is one page without them). Read this
// file from the top: run() is the algorithm, and the functions it calls follow in the order of the
// calls. Evaluations, rows, checkpoints and the ending are in apps/train/training.cpp; the files, clocks
// and flags themselves are in apps/common.
//
//   seed the data set with S random episodes, or with those that an --initial-model plays
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
#include <iostream>

#include "apps/common/console/interrupt.hpp"
#include "apps/common/options/command.hpp"
#include "apps/programs.hpp"
#include "apps/train/recorded.hpp"
#include "apps/train/seeds.hpp"
#include "apps/train/training.hpp"
#include "autograd/base/error.hpp"

namespace planet {

// ---- Algorithm 1 -------------------------------------------------------------------------------

int Training::run() {
  try {
    return learn();
  } catch (const RanksLost& lost) {
    return stop_without(lost);
  } catch (const EnvLost& lost) {
    stop_after(lost);
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

// S episodes: of uniformly random actions, played by the initial model, or recorded elsewhere.
void Training::seed() {
  const bool random = config_.initial_model.empty() || config_.collect == "random";
  while (run_.episodes < config_.seed_episodes && !ranks_.any(interrupted())) {
    if (!config_.collects()) remember(recorded_episode(config_, run_.episodes));
    else if (!collect_one_each(config_.seed_episodes - run_.episodes, random)) break;
  }
  if (config_.time_limit.seconds > 0 && run_.evaluation_cost == 0 && config_.has_env())
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
  const std::int64_t C = config_.updates_per_episode;
  const std::int64_t collected = run_.episodes - config_.seed_episodes;
  const std::int64_t owed = config_.collects() ? (collected / config_.episodes_per_round + 1) * C
                                               : run_.updates - run_.round.updates + C;
  const double exchanging = ranks_.seconds();
  while (run_.updates < owed) {
    if (ranks_.any(limits_.no_room_for_update()) || limits_.enough_updates(run_)) return false;
    const double start = process_seconds();
    LossSums losses;
    const Update update = trainer_.update(
        replay_, run_.updates, {ranks_.rank(), ranks_.size()},
        [&](ParamStore& params, const Update& mine) {
          losses = sum_of_shares(ranks_, params, LossSums::of(mine.elbo), config_.batch_size);
        });
    ++run_.updates;
    if (average_)
      update_average(average_->params(), learner_.params(), config_.average_decay, run_.updates);
    evaluated_ = false;
    losses.grad_norm = update.clip.norm;
    losses.seconds = process_seconds() - start;
    run_.round += losses;
    limits_.measured_update(losses.seconds);
    if (checkpoint_due()) save();
    show_bar();
  }
  exchange_seconds_ += ranks_.seconds() - exchanging;
  compare_parameters(ranks_, learner_.params(), run_.updates);
  return true;
}

// Data collection: the round's episodes by planning in the latent space, with exploration noise, or of
// random actions. False if there was no time for all of them; --resume will then play the others
// again, bit for bit. Without collection the round is logged, and that is all.
bool Training::collect_episodes() {
  if (!config_.collects()) return log_round({}, 0), true;
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
    if (run_.updates > 0) log_round(episode_return, (process_seconds() - start) / double(n));
  }
  if (run_.updates > 0 && n > 0 && checkpoint_due()) save();
  return n == wanted;
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
