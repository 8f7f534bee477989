// Held-out episodes of the peg family, and the moments in them from which a model looks ahead.
//
//   peg_catch    seen up to k = 7, at the peg, where chance decides the side; shown at k = 11
//   peg_dodge    the same at its lower peg: k = 14 and 18
//   peg_memory   seen up to k = 8, the last step before the screen, when the ball has moved to its
//   peg_cued     side; shown at k = 11 + hidden, the first with all of it below the screen
//
// The picture at k = 8 is the same whatever the screen's length. Of the ball it shows a sliver, at
// 32 pixels less than a pixel from the middle: in peg_memory that is all there is to remember. In
// peg_cued the lamp has told the side at the start of the drop.
#pragma once

#include <string>
#include <vector>

#include "apps/common/options/run_config.hpp"
#include "rssm/replay.hpp"

namespace planet {

struct Moment {
  std::size_t episode = 0;   // which of the held-out ones
  std::ptrdiff_t seen = 0;   // the last row that the model sees
  std::ptrdiff_t shown = 0;  // the row that it has to imagine
  double x = 0;              // of the true ball in that row
  std::vector<float> left,
      right;  // that row's picture, with the ball at -|x| and at +|x| (two_places.hpp)
};

struct Lookaheads {
  std::vector<Episode> episodes;
  std::vector<Moment> moments;  // in the order of the episodes
};

/// `episodes` episodes of uniformly random actions from the environment seeds 1000, 1001, ...,
/// which no run is trained on, and all of their moments. They depend on the task and its options
/// alone. Error: a task without such moments; a time limit that leaves none.
Lookaheads look_ahead(const RunConfig& config, int episodes);

/// Steps k of a drop: after which the model closes its eyes, and which it is asked to show.
struct Steps {
  int seen = 0, shown = 0;
};
Steps lookahead_steps(const RunConfig& config);
/// The task's `hidden`; 0 where there is no screen.
int hidden_steps(const RunConfig& config);

}  // namespace planet
