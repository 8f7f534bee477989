// States and distributions of the latent models, in the paper's symbols.
#pragma once

#include <algorithm>

#include "autograd/ops.hpp"

namespace planet {

/// A diagonal Gaussian: mean and standard deviation, both [B,D] (or [L,B,D]).
template <class T>
struct Gaussian {
  Var<T> mean, std;
};

/// The Markov state: the deterministic part h_t [B,D_h] and the sample s_t [B,D_s]. A model without
/// a deterministic path leaves h empty.
template <class T>
struct State {
  Var<T> h, s;
};

/// What the decoder and every other head read: [s_t, h_t], or s_t alone. [...,D_s+D_h].
template <class T>
Var<T> features(const State<T>& state) {
  return state.h.empty() ? state.s : concat(state.s, state.h);
}

/// f of each part that there is: rows of a sequence of states, a reshape, a stop-gradient.
template <class T, class F>
State<T> map_state(const State<T>& state, F&& f) {
  return {state.h.empty() ? state.h : f(state.h), f(state.s)};
}

/// N(mean, 1), whose KL to another one is 1/2 |mean - mean'|^2.
template <class T>
Gaussian<T> of_variance_one(Var<T> mean) {
  T* one = nullptr;
  const Var<T> std = mean.on().uninitialised(mean.shape(), &one);
  std::fill_n(one, mean.shape().size(), T(1));
  return {mean, std};
}

/// The same distribution, which no loss can change.
template <class T>
Gaussian<T> stop_gradient(const Gaussian<T>& g) {
  return {stop_gradient(g.mean), stop_gradient(g.std)};
}

/// KL[q || p], summed over D: [...,D] -> [...].
template <class T>
Var<T> gaussian_kl(const Gaussian<T>& q, const Gaussian<T>& p) {
  return gaussian_kl(q.mean, q.std, p.mean, p.std);
}

/// mean + std * noise.
template <class T>
Var<T> sample(const Gaussian<T>& g, Var<T> noise) {
  return gaussian_sample(g.mean, g.std, noise);
}

/// The mean over time and batch of max(KL - f, 0): each (t,b) may spend f nats for nothing. The KL
/// comes in already summed over D, and is averaged only after the subtraction: [...] -> [1].
template <class T>
Var<T> mean_above_free_nats(Var<T> kl, double free_nats) {
  return mean(maximum(add_constant(kl, -free_nats), 0));
}

/// Dreamer's: max(mean KL - f, 0), where a step that spends much is excused by one that spends
/// little.
template <class T>
Var<T> mean_above_free_nats_after_mean(Var<T> kl, double free_nats) {
  return maximum(add_constant(mean(kl), -free_nats), 0);
}

}  // namespace planet
