// States and distributions of the latent models, in the paper's symbols.
#pragma once

#include <algorithm>

#include "autograd/ops.hpp"

namespace planet {

/// A diagonal Gaussian: mean and standard deviation, both [B,D] (or [L,B,D]).
struct Gaussian {
  Var mean, std;
};

/// The Markov state: the deterministic part h_t [B,D_h] and the sample s_t [B,D_s]. A model without
/// a deterministic path leaves h empty.
struct State {
  Var h, s;
};

/// What the decoder and every other head read: [s_t, h_t], or s_t alone. [...,D_s+D_h].
inline Var features(const State& state) {
  return state.h.empty() ? state.s : concat(state.s, state.h);
}

/// f of each part that there is: rows of a sequence of states, a reshape, a stop-gradient.
template <class F>
State map_state(const State& state, F&& f) {
  return {state.h.empty() ? state.h : f(state.h), f(state.s)};
}

/// N(mean, 1), whose KL to another one is 1/2 |mean - mean'|^2.
inline Gaussian of_variance_one(Var mean) {
  const auto ones = [&](auto* memory) { std::fill_n(memory, mean.shape().size(), 1); };
  return {mean, mean.on().filled(mean.shape(), ones)};
}

/// The same distribution, which no loss can change.
inline Gaussian stop_gradient(const Gaussian& g) {
  return {stop_gradient(g.mean), stop_gradient(g.std)};
}

/// KL[q || p], summed over D: [...,D] -> [...].
inline Var gaussian_kl(const Gaussian& q, const Gaussian& p) {
  return gaussian_kl(q.mean, q.std, p.mean, p.std);
}

/// mean + std * noise.
inline Var sample(const Gaussian& g, Var noise) { return gaussian_sample(g.mean, g.std, noise); }

/// The mean over time and batch of max(KL - f, 0): each (t,b) may spend f nats for nothing. The KL
/// comes in already summed over D, and is averaged only after the subtraction: [...] -> [1].
inline Var mean_above_free_nats(Var kl, double free_nats) {
  return mean(maximum(add_constant(kl, -free_nats), 0));
}

/// Dreamer's: max(mean KL - f, 0), where a step that spends much is excused by one that spends
/// little.
inline Var mean_above_free_nats_after_mean(Var kl, double free_nats) {
  return maximum(add_constant(mean(kl), -free_nats), 0);
}

}  // namespace planet
