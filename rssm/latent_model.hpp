// The interface of the latent models: what losses, planner and programs know of them.
//
// A latent model carries a state from step to step (latent.hpp), with or without an observation:
//
//   imagine   s_t ~ p(s_t | past)        the prior predicts it from the action alone
//   observe   s_t ~ q(s_t | past, o_t)   the posterior has also seen the frame
//
// The loss KL[q || p] measures how far the prior was from the posterior. The three models, one file
// each: rnn.hpp (a deterministic path), ssm.hpp (a stochastic one), rssm.hpp (both). By name:
// make_latent_model.hpp. The whole model with encoder, decoder and heads: world_model.hpp.
#pragma once

#include <algorithm>
#include <cstddef>

#include "rssm/latent.hpp"

namespace planet {

/// A step without an observation: the state, and the prior that it is a sample of.
struct PriorStep {
  State state;  // [B,D_h], [B,D_s]
  Gaussian p;   // [B,D_s]
};

/// A step with an observation: the state, and the posterior that it is a sample of.
struct PosteriorStep {
  State state;  // [B,D_h], [B,D_s]
  Gaussian q;   // [B,D_s]
};

/// A window filtered from its first row to its last: for each t the state, which is a sample of q,
/// and both distributions of s_t.
struct FilteredWindow {
  State state;    // [L,B,D_h], [L,B,D_s]
  Gaussian q, p;  // [L,B,D_s]  posterior and prior, both from the same h_t
};

class LatentModel {
 public:
  virtual ~LatentModel() = default;

  std::ptrdiff_t deter_size() const { return deter_size_; }  // D_h; 0: no deterministic path
  std::ptrdiff_t stoch_size() const { return stoch_size_; }  // D_s
  std::ptrdiff_t feature_size() const { return stoch_size_ + deter_size_; }

  // ---- states ----
  /// Zeros: the state before the first row of a window or an episode.
  State initial(Tape& tape, std::ptrdiff_t B) const;
  /// B states from memory, row by row: h [B,D_h] (not read when D_h is 0), s [B,D_s]. The memory
  /// must outlive its use on the tape. Error: the tape's
  /// elements are not float.
  State borrow(Tape& tape, const float* h, const float* s, std::ptrdiff_t B) const;

  // ---- one step; a_prev [B,A] led to it, noise [B,D_s] is standard normal ----
  virtual PriorStep imagine(const State& prev, Var a_prev, Var noise) const = 0;
  /// e_t [B,E] is the embedding of the frame.
  virtual PosteriorStep observe(const State& prev, Var a_prev, Var e_t, Var noise) const = 0;

  // ---- a window, from the zero state ----
  /// embedding [L,B,E], action [L,B,A] (row t led to frame t), noise [L,B,D_s].
  virtual FilteredWindow filter(Var embedding, Var action, Var noise) const = 0;

  /// s_t from its distribution, prior or posterior: a sample, or the mean in a deterministic model.
  virtual Var draw(const Gaussian& g, Var noise) const { return sample(g, noise); }

 protected:
  LatentModel(std::ptrdiff_t deter_size, std::ptrdiff_t stoch_size)
      : deter_size_(deter_size), stoch_size_(stoch_size) {}
  std::ptrdiff_t deter_size_, stoch_size_;
};

inline State LatentModel::initial(Tape& tape, std::ptrdiff_t B) const {
  return {deter_size_ == 0 ? Var{} : tape.zeros({B, deter_size_}), tape.zeros({B, stoch_size_})};
}

inline State LatentModel::borrow(Tape& tape, const float* h, const float* s,
                                 std::ptrdiff_t B) const {
  return {deter_size_ == 0 ? Var{} : tape.borrow(h, {B, deter_size_}),
          tape.borrow(s, {B, stoch_size_})};
}

/// Copies the rows of a state on an f32 tape to memory; h is not written when the state has none.
inline void copy_state(const State& state, float* h, float* s) {
  if (!state.h.empty()) std::ranges::copy(state.h.value<float>(), h);
  std::ranges::copy(state.s.value<float>(), s);
}

}  // namespace planet
