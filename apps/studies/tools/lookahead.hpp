// Held-out episodes of the peg family, and the moments in them from which a model predicts.
//
//   peg_catch    the last frame seen is k = 7, at the peg, where chance decides the side; the model
//                must show k = 11
//   peg_dodge    the same at its lower peg: k = 14 and 18
//   peg_memory   the last frame seen is k = 8, just before the screen, when the ball has moved to
//   peg_cued     its side; the model must show k = 11 + hidden, the first step at which the whole
//                ball is below the screen
//
// The picture at k = 8 does not depend on the screen's length. It shows only a sliver of the ball,
// at 32 pixels less than a pixel from the middle: in peg_memory nothing else tells the side. In
// peg_cued the lamp has shown the side at the start of the drop.
#pragma once

#include <string>
#include <vector>

#include "apps/common/options/run_config.hpp"
#include "rssm/replay.hpp"

namespace planet {

struct Moment {
  std::size_t episode = 0;   // index into HeldOutEpisodes::episodes
  std::ptrdiff_t seen = 0;   // the last row that the model sees
  std::ptrdiff_t shown = 0;  // the row that it must imagine
  double x = 0;              // position of the true ball in that row
  std::vector<float> left,
      right;  // that row's picture, with the ball at -|x| and at +|x| (two_places.hpp)
};

struct Lookaheads {
  std::vector<Episode> episodes;
  std::vector<Moment> moments;  // in the order of the episodes
};

/// `episodes` episodes of uniformly random actions from the environment seeds 1000, 1001, ...,
/// which no run is trained on, and all of their moments. They depend on the task and its options
/// alone. Error: a task without such moments, or a time limit that leaves none.
Lookaheads look_ahead(const RunConfig& config, int episodes);

/// Steps k of a drop: the last that the model sees, and the one that it must show.
struct Steps {
  int seen = 0, shown = 0;
};
Steps lookahead_steps(const RunConfig& config);
/// The task's `hidden`; 0 where there is no screen.
int hidden_steps(const RunConfig& config);

}  // namespace planet
