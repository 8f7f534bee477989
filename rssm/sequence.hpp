// From the replay's bytes to the tape: a batch in the form that the model reads.
#pragma once

#include <span>

#include "rssm/config.hpp"
#include "rssm/latent.hpp"
#include "rssm/replay.hpp"

namespace planet {

/// B windows of L rows, time-major. The meaning of a row: Episode in replay.hpp.
struct Sequence {
  Var image;           // [L*B,n,n,3]  in [-0.5, 0.5)
  Var action;          // [L,B,A]      action[t] led to image[t]
  Var reward;          // [L,B]        reward[t] arrived with image[t]
  Var noise;           // [L,B,D_s]    standard normal, of the posterior samples
  Var continues = {};  // [L,B]  0 where the task ended the episode, else 1; empty: not known
  // [D,L,B,D_s], standard normal, for the states imagined at the distances 1..D (overshooting.hpp).
  // Empty: no overshooting, and the loss is the plain ELBO.
  Var overshoot_noise = {};
  // For finite differences, which see through a stop-gradient: constants in place of what is behind
  // one. Empty: q and p of this batch.
  Gaussian fixed_q = {}, fixed_p = {};  // [L,B,D_s]
};

/// One of `count` shares of a batch of B windows, as equal as whole windows allow: what one of several
/// processes computes of it.
struct Share {
  std::ptrdiff_t index = 0, count = 1;

  std::ptrdiff_t first(std::ptrdiff_t B) const { return B * index / count; }
  std::ptrdiff_t windows(std::ptrdiff_t B) const { return B * (index + 1) / count - first(B); }
};

/// Copies the windows to the tape. Bytes become 5-bit images with fresh dequantisation noise
/// (preprocess.hpp). The posterior noise is fresh as well, and so is the noise for overshooting, if
/// its stream is given and the config has an overshooting distance. `continues` is filled if the
/// config has a continue head. Advances the streams. Of a share, only its windows: each has the noise
/// that it has in the whole batch. Error: no windows, windows of different lengths, a window that
/// exceeds its episode, sizes that are not the model's.
Sequence make_sequence(Tape& tape, std::span<const Window> windows, const ModelConfig& config,
                       Rng& dequantise, Rng& posterior, Rng* overshoot = nullptr,
                       const Share& share = {});

}  // namespace planet
