// Experience: whole episodes of bytes, and windows sampled from them (Algorithm 1, data set D).
//
// Frames are stored as bytes, because floats would take four times the memory; they are converted
// when a batch is put on the tape (sequence.hpp). Episodes are stored whole, so a window can start
// at any row, the reset frame included, and still end within its episode.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "autograd/base/philox.hpp"

namespace planet {

/// One episode. The time convention, for the whole project: row t holds the action that LED TO
/// frame t and the reward that ARRIVED WITH it. Row 0 is the reset frame with zero action and zero
/// reward, so T actions make T+1 rows. action[t] is therefore the paper's a_{t-1}; code that steps
/// the model with it calls it a_prev.
struct Episode {
  std::ptrdiff_t image_size = 0, action_size = 0;
  std::vector<std::uint8_t> image;  // [T+1,n,n,3]
  std::vector<float> action;        // [T+1,A]
  std::vector<float> reward;        // [T+1]
  bool terminated = false;          // ended by the task
  bool truncated = false;           // ended by the time limit

  std::ptrdiff_t rows() const { return static_cast<std::ptrdiff_t>(reward.size()); }
  std::size_t frame_bytes() const { return static_cast<std::size_t>(image_size * image_size * 3); }
  double episode_return() const;  // sum of the rewards
  std::size_t bytes() const;      // of the three arrays and this struct: what the budget counts
  /// The reset frame [n,n,3]: begins the episode. n >= 1 and A >= 1, else Error.
  void begin(std::ptrdiff_t image_size, std::ptrdiff_t action_size, const std::uint8_t* frame);
  /// The action [A] that was executed, and its result. Error: begin() was not called; a number that
  /// is not finite.
  void append(const float* action, double reward, const std::uint8_t* frame);
  /// Error unless all arrays have the same number of rows and row 0 is a reset row.
  void check() const;
};

/// Rows first .. first + rows - 1 of an episode, by reference.
struct Window {
  const Episode* episode = nullptr;
  std::ptrdiff_t first = 0, rows = 0;
};

/// Whole episodes within a memory budget; when it is exceeded, the oldest are dropped.
class Replay {
 public:
  explicit Replay(std::size_t budget_bytes);  // Error: a budget of 0

  /// Stores the episode and drops the oldest ones until bytes() <= budget(). Error: the episode
  /// fails its check(), exceeds the budget alone, or has other sizes than those stored.
  void add(Episode episode);
  /// B windows of L rows: an episode uniformly among those with at least L rows, then a start
  /// uniformly. As in PlaNet, a long episode is no more likely than a short one. A window never
  /// crosses an episode. Valid until the next sample() or add(). Error: B or L below 1; no episode
  /// has L rows.
  std::span<const Window> sample(std::ptrdiff_t B, std::ptrdiff_t L, Rng& rng);

  const std::deque<Episode>& episodes() const { return episodes_; }
  std::int64_t first_index() const { return dropped_; }  // number of episodes dropped so far
  std::size_t bytes() const { return bytes_; }
  std::size_t budget() const { return budget_; }
  std::ptrdiff_t frames() const;  // rows of all episodes

 private:
  std::deque<Episode> episodes_;
  std::vector<const Episode*> eligible_;  // in the last sample: the episodes with enough rows
  std::vector<Window> windows_;           // what it drew
  std::size_t budget_, bytes_ = 0;
  std::int64_t dropped_ = 0;
};

}  // namespace planet
