// Planning in the learned model: no images, only the prior and the reward head.
//
//   h_t = f(h_{t-1}, s_{t-1}, a_{t-1})    s_t ~ p(s_t | h_t)
//   return = sum_{t=1..H} c_1 ... c_{t-1} E[r_t | h_t, s_t]
//
// c_t = p(the episode goes on after t | h_t, s_t) is given by the continue head, and is 1 in a
// model without one. So a reward is weighted by the probability that the episode has not ended
// before it. Every candidate starts from the same posterior sample and draws its own future, with
// one noise per step (Section 2). Options: a posterior sample per candidate (Algorithm 2 as
// printed), and futures that all candidates share (dynamics.hpp). The layers are the trained ones,
// on tapes in inference mode.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "planner/dynamics.hpp"
#include "rssm/world_model.hpp"

namespace planet {

class LatentDynamics final : public Dynamics {
 public:
  /// The model must outlive this; every imagine() reads its current weights.
  explicit LatentDynamics(const WorldModel& model);

  /// The posterior sample to plan from: h [D_h], s [D_s]; copied. Error: wrong sizes.
  void start(std::span<const float> h, std::span<const float> s);
  /// The posterior to plan from: every future starts from its own sample, mean + std noise.
  /// h [D_h], mean and std [D_s].
  void start(std::span<const float> h, std::span<const float> mean, std::span<const float> std);

  std::ptrdiff_t action_size() const override { return model_.config().action_size; }
  /// Each step takes ceil(J D_s / 4) counters of rng: element (j, d) of step t is the number that
  /// kernels::fill_normal puts there in a fill of J D_s. So the returns depend neither on the
  /// division into chunks nor on the number of threads. Sampled starts take one more such fill,
  /// before the first step. With N > 1 futures the fills are of N D_s, the same for all candidates.
  /// Error: start() was not called.
  void imagine(const Candidates& candidates, Rng& rng, double* returns) override;

  /// Rows per chunk, for J candidates in an even number of nearly equal chunks. A multiple of four,
  /// so that a chunk begins at the start of a counter.
  static std::ptrdiff_t chunk_rows(std::ptrdiff_t J);

 private:
  struct Lane {  // scratch memory, for one chunk at a time
    explicit Lane(Precision precision) : tape(precision, Mode::inference) {}
    Tape tape;
    std::vector<float> h, s;   // [rows,D_h], [rows,D_s]: the state between two steps
    std::vector<float> z;      // [rows,D_s]: the noise of the starts
    std::vector<float> sums;   // [rows]: the rewards so far
    std::vector<float> alive;  // [rows]: c_1 ... c_{t-1}, with a continue head
  };
  struct Chunk {
    std::ptrdiff_t begin, end;  // candidates begin .. end-1
    Rng noise;                  // where the noise of this iteration begins
  };
  void roll(Lane& lane, const Candidates& candidates, Chunk chunk, double* returns) const;
  void place_starts(Lane& lane, const Candidates& candidates, Chunk chunk) const;
  void draw(const Candidates& candidates, Chunk chunk, std::ptrdiff_t fill, float* z) const;
  /// Numbers in a fill of noise: one row per candidate, or per shared future.
  std::ptrdiff_t fill_size(const Candidates& candidates) const;

  const WorldModel& model_;
  std::vector<float> h_, s_;  // [D_h], [D_s]: a sample, or the mean of
  std::vector<float> std_;    // [D_s]: std of the starts; empty when s is a sample
  std::deque<Lane> lanes_;
};

}  // namespace planet
