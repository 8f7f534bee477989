// The learned model as the planner's world: no images, only the prior and the reward head.
//
//   h_t = f(h_{t-1}, s_{t-1}, a_{t-1})    s_t ~ p(s_t | h_t)
//   return = sum_{t=1..H} c_1 ... c_{t-1} E[r_t | h_t, s_t]
//
// c_t = p(the episode goes on after t | h_t, s_t), of the continue head; 1 in a model that has
// none. So a reward counts as far as the episode had not ended before it. Every candidate starts
// from its belief's one posterior sample and draws its own future, one noise for each step (Section
// 2). Both can be had otherwise: a posterior sample for each (Algorithm 2 as printed), and several
// futures that all candidates share (dynamics.hpp). The layers are those that were trained, on
// tapes in inference mode.
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
  explicit LatentDynamics(const WorldModel<float>& model);

  /// The posterior samples to plan from: h [B,D_h], s [B,D_s]; copied. Error: wrong sizes, B = 0.
  void start(std::span<const float> h, std::span<const float> s);
  /// The posteriors themselves: every future starts from a sample of its own, mean + std noise.
  /// h [B,D_h], mean and std [B,D_s].
  void start(std::span<const float> h, std::span<const float> mean, std::span<const float> std);

  std::ptrdiff_t action_size() const override { return model_.config().action_size; }
  std::ptrdiff_t beliefs() const override { return beliefs_; }
  /// Each step takes ceil(J D_s / 4) counters of rngs[b]: element (j, d) of step t has the number
  /// that kernels::fill_normal gives it in a fill of J D_s. So neither the cut into chunks nor the
  /// number of threads can be seen in the returns. Starts that are sampled are one more such fill,
  /// before the first step. With N futures the fills are of N D_s, from futures[b].
  void imagine(const Candidates& candidates, std::span<Rng> rngs, double* returns) override;

  /// From now on the time of every op is added to `profile`; null: stop. With one thread only.
  void profile(OpProfile* profile) { profile_ = profile; }

  /// Rows that are rolled together: J candidates in an even number of nearly equal chunks. A
  /// multiple of four, so that a chunk begins where a counter does.
  static std::ptrdiff_t chunk_rows(std::ptrdiff_t J);

 private:
  struct Lane {  // the workshop of one chunk at a time
    Tape<float> tape{Mode::inference};
    std::vector<float> h, s;   // [rows,D_h], [rows,D_s]: the state between two steps
    std::vector<float> z;      // [rows,D_s]: the noise of the starts
    std::vector<float> sums;   // [rows]: the rewards so far
    std::vector<float> alive;  // [rows]: c_1 ... c_{t-1}, with a continue head
  };
  struct Chunk {
    std::ptrdiff_t b, begin, end;  // candidates begin .. end-1 of belief b
  };
  void roll(Lane& lane, const Candidates& candidates, Chunk chunk, double* returns) const;
  void place_starts(Lane& lane, const Candidates& candidates, Chunk chunk) const;
  void draw(const Candidates& candidates, Chunk chunk, std::ptrdiff_t fill, float* z) const;

  const WorldModel<float>& model_;
  std::ptrdiff_t beliefs_ = 0;
  std::vector<float> h_, s_;  // [B,D_h], [B,D_s]: a sample, or the mean of
  std::vector<float> std_;    // [B,D_s]: the starts' spread; empty when they are samples already
  std::vector<Rng> places_;   // [B]: where each belief's noise begins
  std::deque<Lane> lanes_;
  OpProfile* profile_ = nullptr;
};

}  // namespace planet
