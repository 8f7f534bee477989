// States and distributions of the latent models, in the paper's symbols.
#pragma once

#include "autograd/ops.hpp"

namespace planet {

/// A diagonal Gaussian: mean and standard deviation, both [B,D] (or [L,B,D]).
template <class T>
struct Gaussian {
  Var<T> mean, std;
};

/// The Markov state of the RSSM: the deterministic part h_t [B,D_h] and the sample s_t [B,D_s].
template <class T>
struct State {
  Var<T> h, s;
};

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

}  // namespace planet
