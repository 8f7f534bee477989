// The latent models' one interface: what losses, planner and programs know of them.
//
// A latent model carries a state from step to step (latent.hpp), with eyes open or closed:
//
//   imagine   s_t ~ p(s_t | past)        the prior foresees it from the action alone
//   observe   s_t ~ q(s_t | past, o_t)   the posterior has seen the frame
//
// What it costs that the prior did not foresee the posterior is KL[q || p]. The models behind it, a
// file each: rnn.hpp (a deterministic path), ssm.hpp (a stochastic one), rssm.hpp (both). By name:
// make_latent_model.hpp. Whole model with encoder, decoder and heads: world_model.hpp.
#pragma once

#include <algorithm>
#include <cstddef>

#include "rssm/latent.hpp"

namespace planet {

/// A step with eyes closed: the state, and the prior that it is a sample of.
template <class T>
struct Imagined {
  State<T> state;  // [B,D_h], [B,D_s]
  Gaussian<T> p;   // [B,D_s]
};

/// A step with open eyes: the state, and the posterior that it is a sample of.
template <class T>
struct Observed {
  State<T> state;  // [B,D_h], [B,D_s]
  Gaussian<T> q;   // [B,D_s]
};

/// A window seen from its first row to its last: for each t the state, a sample of q, and both
/// distributions of s_t.
template <class T>
struct Filtered {
  State<T> state;    // [L,B,D_h], [L,B,D_s]
  Gaussian<T> q, p;  // [L,B,D_s]  posterior and prior, both from the same h_t
};

template <class T>
class LatentModel {
 public:
  virtual ~LatentModel() = default;

  std::ptrdiff_t deter_size() const { return deter_size_; }  // D_h; 0: no deterministic path
  std::ptrdiff_t stoch_size() const { return stoch_size_; }  // D_s
  std::ptrdiff_t feature_size() const { return stoch_size_ + deter_size_; }

  // ---- states ----
  /// Zeros: the state before the first row of a window or an episode.
  State<T> initial(Tape<T>& tape, std::ptrdiff_t B) const;
  /// B states that lie in memory, row by row; they must outlive their use on the tape. h is not
  /// read when D_h is 0.
  State<T> borrow(Tape<T>& tape, const T* h, const T* s, std::ptrdiff_t B) const;

  // ---- one step; a_prev [B,A] led to it, noise [B,D_s] is standard normal ----
  virtual Imagined<T> imagine(const State<T>& prev, Var<T> a_prev, Var<T> noise) const = 0;
  /// e_t [B,E] is the embedding of the frame.
  virtual Observed<T> observe(const State<T>& prev, Var<T> a_prev, Var<T> e_t,
                              Var<T> noise) const = 0;

  // ---- a window, from the zero state ----
  /// embedding [L,B,E], action [L,B,A] (row t led to frame t), noise [L,B,D_s].
  virtual Filtered<T> filter(Var<T> embedding, Var<T> action, Var<T> noise) const = 0;

  /// s_t of its distribution, prior or posterior: a sample; the mean, in a model that draws
  /// nothing.
  virtual Var<T> draw(const Gaussian<T>& g, Var<T> noise) const { return sample(g, noise); }

 protected:
  LatentModel(std::ptrdiff_t deter_size, std::ptrdiff_t stoch_size)
      : deter_size_(deter_size), stoch_size_(stoch_size) {}
  std::ptrdiff_t deter_size_, stoch_size_;
};

template <class T>
State<T> LatentModel<T>::initial(Tape<T>& tape, std::ptrdiff_t B) const {
  return {deter_size_ == 0 ? Var<T>{} : tape.zeros({B, deter_size_}), tape.zeros({B, stoch_size_})};
}

template <class T>
State<T> LatentModel<T>::borrow(Tape<T>& tape, const T* h, const T* s, std::ptrdiff_t B) const {
  return {deter_size_ == 0 ? Var<T>{} : tape.borrow(h, {B, deter_size_}),
          tape.borrow(s, {B, stoch_size_})};
}

/// Copies the rows of a state to memory; h is left alone when the state has none.
template <class T>
void copy_state(const State<T>& state, T* h, T* s) {
  if (!state.h.empty()) std::ranges::copy(state.h.value(), h);
  std::ranges::copy(state.s.value(), s);
}

}  // namespace planet
