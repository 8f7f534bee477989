// Experience: whole episodes of bytes, and windows sampled from them (Algorithm 1, data set D).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <vector>

#include "autograd/base/philox.hpp"
#include "rssm/batch.hpp"

namespace planet {

/// One episode. T actions make T+1 rows; row 0 is the reset frame with zero action and zero reward;
/// row t holds the action that led to frame t and the reward that arrived with it (batch.hpp).
struct Episode {
  std::ptrdiff_t image_size = 0, action_size = 0;
  std::vector<std::uint8_t> image;  // [T+1,n,n,3]
  std::vector<float> action;        // [T+1,A]
  std::vector<float> reward;        // [T+1]
  bool terminated = false;          // ended by the task
  bool truncated = false;           // ended by the time limit

  std::ptrdiff_t rows() const { return static_cast<std::ptrdiff_t>(reward.size()); }
  double episode_return() const;  // sum of the rewards
  std::size_t bytes() const;
  /// The reset frame: begins the episode.
  void begin(std::ptrdiff_t image_size, std::ptrdiff_t action_size, const std::uint8_t* frame);
  /// The action that was executed, and what came of it.
  void append(const float* action, double reward, const std::uint8_t* frame);
};

/// Whole episodes within a memory budget; when it is exceeded the oldest go.
class Replay {
 public:
  explicit Replay(std::size_t budget_bytes);

  /// Throws if the episode alone exceeds the budget or its sizes differ from the others'.
  void add(Episode episode);
  /// B windows of L rows: an episode uniformly among those with at least L rows, then a start
  /// uniformly. A window never crosses an episode; the batch is a copy. Throws, naming both
  /// numbers, when no episode is long enough. Memory of `batch` is reused.
  void sample(std::ptrdiff_t B, std::ptrdiff_t L, Rng& rng, Batch& batch) const;

  const std::deque<Episode>& episodes() const { return episodes_; }
  std::int64_t first_index() const { return dropped_; }  // number of episodes dropped so far
  std::size_t bytes() const { return bytes_; }
  std::size_t budget() const { return budget_; }
  std::ptrdiff_t frames() const;

 private:
  std::deque<Episode> episodes_;
  std::size_t budget_, bytes_ = 0;
  std::int64_t dropped_ = 0;
};

}  // namespace planet
