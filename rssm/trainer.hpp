// Model fitting (Algorithm 1): one update of the world model from the replay memory. The same
// update written out within the whole of Algorithm 1: apps/minimal.cpp.
#pragma once

#include <cstdint>
#include <functional>

#include "nn/adam.hpp"
#include "rssm/world_model.hpp"

namespace planet {

struct TrainerConfig {
  std::uint64_t seed = 1;            // of the random streams of all updates
  std::ptrdiff_t batch_size = 50;    // B
  std::ptrdiff_t batch_length = 50;  // L
  double grad_clip = 1000;           // largest global norm of the gradient
  AdamConfig adam = {};
};

/// The loss terms and the step of an update. Values are valid until the trainer's tape is reset.
struct Update {
  Sequence batch;
  ElboTerms elbo;
  Clip clip;
};

/// Several processes learn one model from shares of the same batches: in place of the gradients in
/// the store, those of this process's share, puts their sum over all shares. It must give every
/// process the same bits. `update` has this share's loss terms, or an empty loss if it is not finite.
using SumOfShares = std::function<void(ParamStore& params, const Update& update)>;

class Trainer {
 public:
  /// The model must outlive this; the tape has its precision.
  Trainer(WorldModel& model, const TrainerConfig& config);

  /// Update k: a batch of windows, the loss, its gradient, clipping, Adam. Its random streams
  /// depend on (seed, k) alone, so a run that is resumed at k draws the same numbers.
  /// NonFinite: the loss or the gradient is not finite; the first op that made it so is named, and
  /// no parameter was changed. Error: see Replay::sample() and make_sequence().
  Update update(Replay& replay, std::int64_t k) { return update(replay, k, Share{}, nullptr); }
  /// The same update, of which this process computes one share. The loss terms of the result are
  /// means over the share's windows. NonFinite is thrown by all processes if by one; its text is empty
  /// in those whose own share is finite.
  Update update(Replay& replay, std::int64_t k, const Share& share, const SumOfShares& sum);

  // ---- its two halves ----
  /// Resets the tape and puts the batch of update k on it, or a share of it.
  Sequence batch(Replay& replay, std::int64_t k, const Share& share = {});
  /// The gradient of a loss on tape(), clipped, and Adam's step. Error: it is not finite.
  Clip step(Var loss);

  Tape& tape() { return tape_; }
  Adam& adam() { return adam_; }
  const Adam& adam() const { return adam_; }

 private:
  void backward(Var loss);
  Clip clip() const { return clip_by_global_norm(model_.params(), config_.grad_clip); }
  [[noreturn]] void explain_non_finite(Replay& replay, std::int64_t k, const Share& share);

  WorldModel& model_;
  TrainerConfig config_;
  Adam adam_;
  Tape tape_;
};

}  // namespace planet
