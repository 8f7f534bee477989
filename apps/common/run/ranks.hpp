// Several processes that learn one model together: ranks, in MPI's word.
//
// Every rank holds the same parameters and the same replay memory. It collects episodes of its own and
// computes the gradient of its share of every batch; episodes are handed round and gradients are
// added up, always in the order of the ranks, so that every rank holds the same bits, run after run.
// Everything that the ranks do together is one of two exchanges: gather() and sum().
//
// There are two implementations. One process has nobody to exchange anything with; it is the only one
// of a build without MPI. The other is ranks_mpi.cpp, built with -DPLANET_MPI=ON.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/common/run/acting.hpp"
#include "apps/common/run/run_state.hpp"
#include "autograd/base/error.hpp"
#include "nn/adam.hpp"
#include "rssm/replay.hpp"
#include "rssm/world_model.hpp"

namespace planet {

/// An exchange did not take place. What this rank holds is as it was before; nothing further can be
/// exchanged.
class RanksLost : public Error {
 public:
  RanksLost(const std::string& sentence, std::vector<int> missing, bool left)
      : Error(sentence), missing_(std::move(missing)), left_(left) {}
  /// The ranks that did not answer.
  bool misses(int rank) const;
  /// One of them has stopped after an error, which it says itself.
  bool left() const { return left_; }
  /// Of the ranks that still answer the first: it tells the user.
  bool tells(int rank) const;

 private:
  std::vector<int> missing_;
  bool left_;
};

class Ranks {
 public:
  virtual ~Ranks() = default;
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  int rank() const { return rank_; }
  int size() const { return size_; }
  /// Rank 0 owns the run folder and everything that is printed.
  bool first() const { return rank_ == 0; }

  // ---- exchanges: every rank calls them in the same order; RanksLost ----
  /// What each rank gives, in the order of the ranks, on every rank.
  virtual std::vector<std::string> gather(const std::string& mine) = 0;
  /// x, of one length everywhere, becomes the sum over the ranks, added in their order.
  virtual void sum(std::span<float> x) = 0;
  /// The same for a few numbers.
  void sum_few(std::span<double> x);
  /// Is it true of a rank? Whatever the clock or a signal decides is asked this way, because all ranks
  /// must decide alike.
  bool any(bool mine);
  /// What rank 0 gives, on every rank.
  std::string from_first(const std::string& text) { return gather(first() ? text : "")[0]; }

  /// Tells the others, wherever they wait, that this rank stops after an error.
  virtual void leave() {}
  /// The longest wait for another rank, in seconds; 0: without end.
  virtual void set_patience(double) {}
  /// Seconds spent in exchanges, waiting included.
  double seconds() const { return seconds_; }

 protected:
  Ranks(int rank, int size) : rank_(rank), size_(size) {}
  int rank_, size_;
  double seconds_ = 0;
};

class OneProcess final : public Ranks {
 public:
  OneProcess() : Ranks(0, 1) {}
  std::vector<std::string> gather(const std::string& mine) override { return {mine}; }
  void sum(std::span<float>) override {}
};

/// The ranks that this process was started among (mpirun, in ranks_mpi.cpp), or one process
/// (ranks_alone.cpp).
std::unique_ptr<Ranks> make_ranks();
/// One process, whatever it was started among.
Ranks& one_process();

/// The episodes of all ranks in their order, up to the first rank that has none.
std::vector<CollectedEpisode> hand_round(Ranks& ranks, std::optional<CollectedEpisode> mine);

/// The gradients and the loss terms of every rank's share of a batch of B windows become those of the
/// batch: the gradients in `params` already count by the share's windows, the terms are its means.
LossSums sum_of_shares(Ranks& ranks, ParamStore& params, LossSums mine, std::ptrdiff_t B);

/// What rank 0 has restored becomes every rank's: parameters, moments, counters, episodes.
void share_state(Ranks& ranks, WorldModel& model, Adam& adam, Replay& replay, RunState& run);

/// Error if the bits of the parameters are not the same on all ranks.
void compare_parameters(Ranks& ranks, const ParamStore& params, std::int64_t updates);

}  // namespace planet
