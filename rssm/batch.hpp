// A batch of windows, as sampled from the replay memory.
//
// The time convention, said here once: row t holds the action that LED TO frame t and the reward
// that ARRIVED WITH it. Row 0 of an episode is the reset frame with zero action and zero reward, so
// an episode of T actions has T+1 rows. action[t] is therefore the paper's a_{t-1}; code that steps
// the model from it calls it a_prev.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace planet {

struct Batch {
  std::ptrdiff_t T = 0, B = 0;  // length, windows
  std::ptrdiff_t image_size = 0, action_size = 0;
  std::vector<std::uint8_t> image;  // [T,B,n,n,3]
  std::vector<float> action;        // [T,B,A]
  std::vector<float> reward;        // [T,B]
  // [T,B]: 0 in the row with which the task ended its episode (a time limit ends none), else 1.
  // Empty: not known.
  std::vector<float> continues;
};

}  // namespace planet
