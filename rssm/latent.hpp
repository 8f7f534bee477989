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

/// Applies f (rows of a sequence, a reshape, a stop-gradient) to s and, unless it is empty, to h.
template <class F>
State map_state(const State& state, F&& f) {
  return {state.h.empty() ? state.h : f(state.h), f(state.s)};
}

/// N(mean, 1). The KL between two of these is 1/2 |mean - mean'|^2.
inline Gaussian unit_variance(Var mean) {
  const auto ones = [&](auto* memory) { std::fill_n(memory, mean.shape().size(), 1); };
  return {mean, mean.on().filled(mean.shape(), ones)};
}

/// The same distribution behind a stop-gradient.
inline Gaussian stop_gradient(const Gaussian& g) {
  return {stop_gradient(g.mean), stop_gradient(g.std)};
}

/// KL[q || p], summed over D: [...,D] -> [...].
inline Var gaussian_kl(const Gaussian& q, const Gaussian& p) {
  return gaussian_kl(q.mean, q.std, p.mean, p.std);
}

/// mean + std * noise, with standard normal noise [...,D]: [...,D].
inline Var sample(const Gaussian& g, Var noise) { return gaussian_sample(g.mean, g.std, noise); }

/// The mean over time and batch of max(KL - f, 0): in each (t,b) the first f nats are free. The KL
/// arrives summed over D and is averaged only after the subtraction: [...] -> [1].
inline Var free_nats_per_step(Var kl, double free_nats) {
  return mean(maximum(add_constant(kl, -free_nats), 0));
}

/// Dreamer's rule, max(mean KL - f, 0): a step with a large KL may use the free nats of others.
inline Var free_nats_of_mean(Var kl, double free_nats) {
  return maximum(add_constant(mean(kl), -free_nats), 0);
}

}  // namespace planet
