// States and distributions of the latent models, in the paper's symbols.
#pragma once

#include "autograd/ops.hpp"

namespace planet {

/// A diagonal Gaussian: mean and standard deviation, both [B,D].
template <class T>
struct Gaussian {
  Var<T> mean, std;
};

/// The Markov state of the RSSM: the deterministic part h_t [B,D_h] and the sample s_t [B,D_s].
template <class T>
struct State {
  Var<T> h, s;
};

/// KL[q || p] summed over D: [B,D] -> [B].
template <class T>
Var<T> gaussian_kl(const Gaussian<T>& q, const Gaussian<T>& p) {
  return gaussian_kl(q.mean, q.std, p.mean, p.std);
}
template <class T>
Var<T> sample(const Gaussian<T>& g, Var<T> noise) {
  return gaussian_sample(g.mean, g.std, noise);
}

}  // namespace planet
