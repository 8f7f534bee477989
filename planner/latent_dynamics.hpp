// The learned model as the planner's world: no images, only the prior and the reward head.
//
//   h_t = f(h_{t-1}, s_{t-1}, a_{t-1})    s_t ~ p(s_t | h_t)
//   return = sum_{t=1..H} E[r_t | h_t, s_t]
//
// Every candidate starts from its belief's one posterior sample and draws its own future, one noise
// for each step (Section 2). The layers are those that were trained, on tapes in inference mode.
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

  std::ptrdiff_t action_size() const override { return model_.config().action_size; }
  std::ptrdiff_t beliefs() const override { return beliefs_; }
  /// Each step takes ceil(J D_s / 4) counters of rngs[b]: element (j, d) of step t has the number
  /// that kernels::fill_normal gives it in a fill of J D_s. So neither the cut into chunks nor the
  /// number of threads can be seen in the returns.
  void imagine(const Candidates& candidates, std::span<Rng> rngs, float* returns) override;

  /// From now on the time of every op is added to `profile`; null: stop. With one thread only.
  void profile(OpProfile* profile) { profile_ = profile; }

  /// Rows that are rolled together: J candidates in an even number of nearly equal chunks. A
  /// multiple of four, so that a chunk begins where a counter does.
  static std::ptrdiff_t chunk_rows(std::ptrdiff_t J);

 private:
  struct Lane {  // the workshop of one chunk at a time
    Tape<float> tape{Mode::inference};
    std::vector<float> h, s;  // [rows,D_h], [rows,D_s]: the state between two steps
  };
  struct Chunk {
    std::ptrdiff_t b, begin, end;  // candidates begin .. end-1 of belief b
  };
  void roll(Lane& lane, const Candidates& candidates, Chunk chunk, const Rng& rng,
            float* returns) const;

  const WorldModel<float>& model_;
  std::ptrdiff_t beliefs_ = 0;
  std::vector<float> h_, s_;  // [B,D_h], [B,D_s]
  std::vector<Rng> places_;   // [B]: where each belief's noise begins
  std::deque<Lane> lanes_;
  OpProfile* profile_ = nullptr;
};

}  // namespace planet
