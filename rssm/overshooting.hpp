// Latent overshooting (Section 4): the posterior trains priors over d steps, not just one.
//
//   p(s_t | s_{t-d}) = E[p(s_t | s_{t-1})], s_{t-1} imagined by d-1 steps from a posterior s_{t-d}
//   KL_d             = KL[sg(q(s_t)) || p(s_t | s_{t-1})]                     sg: stop-gradient
//   loss_KL          = KL_1 + scale 1/(D-1) sum_{d=2..D} KL_d
//
// KL_d is the mean over the batch and over every start whose target lies in the window: the zero
// state before row 0, and every posterior row. The gradient flows into the start but not into the
// target, because the posterior has seen more than the prior. For a window of L = 5, the table
// shows from which state the prior of row t started (z: the zero state before row 0; 0 .. 3: the
// posterior of that row):
//
//   row t        0   1   2   3   4
//   distance 1   z   0   1   2   3        L - d + 1 starts
//   distance 2       z   0   1   2
//   distance 3           z   0   1
//
// Each row of the table is the row above, one step further and one place to the right. So all
// starts advance together, as rows of one matrix, and the last of them, whose target has left the
// window, is dropped: there is no padding and no mask.
#pragma once

#include <span>

#include "rssm/latent_model.hpp"

namespace planet {

/// Imagined states and priors at the distances d = 1..D from the posteriors `seen`. Entry d - 1
/// holds the rows t = d-1 .. L-1: state [L-d+1,B,.] and the prior that it is a sample of. Entry 0
/// is the prior of `seen` itself. action [L,B,A]; noise [D,L,B,D_s]: noise[d-1][t] belongs to row t
/// at distance d. Error: D > L.
std::span<const PriorStep> overshoot(const LatentModel& latent, const FilteredWindow& seen,
                                     Var action, Var noise);

/// 1/(D-1) sum_{d=2..D} of one number [1] per distance: every distance has the same weight, however
/// few starts it has. Entries of `terms`: d = 2..D.
template <class F>
Var mean_over_distances(std::span<const Var> terms, F&& number_of) {
  Var sum = number_of(terms[0]);
  for (const Var& term : terms.subspan(1)) sum = sum + number_of(term);
  return scale(sum, 1.0 / static_cast<double>(terms.size()));
}

/// The last rows of a sequence of distributions: those of t = first .. L-1.
inline Gaussian rows_from(const Gaussian& g, std::ptrdiff_t first) {
  const std::ptrdiff_t L = g.mean.shape()[0];
  return {slice_first(g.mean, first, L), slice_first(g.std, first, L)};
}

}  // namespace planet
