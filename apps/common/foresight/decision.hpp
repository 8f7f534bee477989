// What one decision comes to: its plan, and the best and the worst candidate of its search, imagined
// anew, beside the plan carried out in the true environment.
//
// Imagined anew, with other random numbers than the planner's: the winner of a search is also the
// luckiest candidate, and fresh futures remove that bias.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/common/foresight/open_loop_pictures.hpp"
#include "apps/common/foresight/search.hpp"
#include "apps/common/run/acting.hpp"

namespace planet {

struct Outlook {
  struct Imagined {
    std::vector<double> returns;  // [futures]
    Strip strip;                  // [1+H], of the first future; row 0 is the belief
  };
  ScoredCandidate best, worst;  // of the whole search
  Imagined plan, imagined_best, imagined_worst;
  Strip truth;             // the plan carried out until the episode ends
  double true_return = 0;  // and its return

  /// The strips of the sheet: the truth, the plan, the best, the worst.
  std::vector<Strip> strips() const;
};

/// `episode`, from the environment seed `seed`, has the rows before the decision, and may have more.
/// Error: the search had no iteration, or no candidate with a finite return.
Outlook look_ahead(const WorldModel& model, const RunConfig& config, std::uint64_t seed,
                   const Episode& episode, const Decision& decision, std::int64_t futures);

}  // namespace planet
