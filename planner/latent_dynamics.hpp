// The learned model as the planner's world: no images, only the prior and the reward head.
//
//   h_t = f(h_{t-1}, s_{t-1}, a_{t-1})    s_t ~ p(s_t | h_t)
//   return = sum_{t=1..H} c_1 ... c_{t-1} E[r_t | h_t, s_t]
//
// c_t = p(the episode goes on after t | h_t, s_t), of the continue head; 1 in a model that has
// none. So a reward counts as far as the episode had not ended before it. Every candidate starts
// from the belief's one posterior sample and draws its own future, one noise for each step
// (Section 2). Both can be had otherwise: a posterior sample for each (Algorithm 2 as printed), and
// several futures that all candidates share (dynamics.hpp). The layers are those that were trained,
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
  /// The model must outlive this; its weights are read anew by every imagine().
  explicit LatentDynamics(const WorldModel& model);

  /// The posterior sample to plan from: h [D_h], s [D_s]; copied. Error: wrong sizes.
  void start(std::span<const float> h, std::span<const float> s);
  /// The posterior itself: every future starts from a sample of its own, mean + std noise.
  /// h [D_h], mean and std [D_s].
  void start(std::span<const float> h, std::span<const float> mean, std::span<const float> std);

  std::ptrdiff_t action_size() const override { return model_.config().action_size; }
  /// Each step takes ceil(J D_s / 4) counters of rng: element (j, d) of step t has the number that
  /// kernels::fill_normal gives it in a fill of J D_s. So neither the cut into chunks nor the
  /// number of threads can be seen in the returns. Starts that are sampled are one more such fill,
  /// before the first step. With N > 1 futures the fills are of N D_s, the same for all candidates.
  /// Error: start() was not called.
  void imagine(const Candidates& candidates, Rng& rng, double* returns) override;

  /// Rows that are rolled together: J candidates in an even number of nearly equal chunks. A
  /// multiple of four, so that a chunk begins where a counter does.
  static std::ptrdiff_t chunk_rows(std::ptrdiff_t J);

 private:
  struct Lane {  // the workshop of one chunk at a time
    Tape tape{Precision::f32, Mode::inference};
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
  /// Numbers in a fill of noise: a row for each candidate, or for each future that all share.
  std::ptrdiff_t fill_size(const Candidates& candidates) const;

  const WorldModel& model_;
  std::vector<float> h_, s_;  // [D_h], [D_s]: a sample, or the mean of
  std::vector<float> std_;    // [D_s]: the starts' spread; empty when s is a sample already
  std::deque<Lane> lanes_;
};

}  // namespace planet
