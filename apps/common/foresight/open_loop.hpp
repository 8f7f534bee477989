// Open loop: the model sees k rows of a recorded episode, then closes its eyes: from there on it is
// given only the actions that were taken (Appendix H).
//
//   rows 0 .. k-1    s_t ~ q(s_t | past, o_t)    seen: one path, the same in every sample
//   rows k .. T-1    s_t ~ p(s_t | past)         imagined: K futures of the one state at row k-1
//
// Only features are kept, [T,K,F]; decode() makes pictures of them on demand. Errors are measured
// in open_loop_error.hpp.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rssm/replay.hpp"
#include "rssm/world_model.hpp"

namespace planet {

struct OpenLoopOptions {
  std::ptrdiff_t context = 5;  // k: number of rows seen, including the reset frame
  std::ptrdiff_t rows = 0;     // T: total number of rows; 0: the whole episode
  std::ptrdiff_t samples = 1;  // K: number of futures
  std::uint64_t seed = 1;
  std::uint32_t episode = 0;  // index of the episode: each has random streams of its own
};

struct OpenLoop {
  std::ptrdiff_t context = 0, T = 0, K = 0, F = 0;
  std::vector<float> features;  // [T,K,F]  [s_t, h_t]; in the rows that were seen all K are equal
  std::vector<float> reward;    // [T,K]    predicted, also for row 0
  std::vector<float> kl;        // [k]      KL of posterior to prior in the rows that were seen

  std::span<const float> features_at(std::ptrdiff_t t) const;  // [K,F]
  std::span<const float> reward_at(std::ptrdiff_t t) const;    // [K]
};

/// The noise of sample j at row t is a function of (seed, episode, j, t): it does not depend on the
/// number of samples or rows or on the context, and two models of the same D_s get the same noise.
/// Error: not 1 <= context <= rows <= the episode's rows, no samples, or an episode whose sizes are
/// not the model's.
OpenLoop open_loop(const WorldModel& model, const Episode& episode, const OpenLoopOptions& options);

/// K futures of a state, h [D_h] and s [D_s], under actions [H,A]: row 0 is the state itself, row t
/// follows the t-th action. The noise is that of open_loop() for episode 0. Error: wrong sizes.
OpenLoop imagine_actions(const WorldModel& model, std::span<const float> h,
                         std::span<const float> s, std::span<const float> actions,
                         std::ptrdiff_t samples, std::uint64_t seed);

/// The mean pictures of features [N,F], as [N,n,n,3] in the model's range [-0.5, 0.5]. Decoded in
/// chunks, so that the decoder's memory does not grow with N; no bit depends on the chunks.
std::vector<float> decode(const WorldModel& model, std::span<const float> features);

}  // namespace planet
