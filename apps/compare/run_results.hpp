// What is known of a trained model besides its weights: what it scored and what it cost.
#pragma once

#include <optional>

#include "apps/common/run/checkpoint.hpp"

namespace planet {

struct RunResults {
  std::optional<double> evaluation_return;  // of the evaluation at the checkpoint's updates
  std::optional<double> seconds;            // wall clock of the run up to the checkpoint
  std::int64_t parameters = 0, updates = 0;
};

/// From the run's metrics.jsonl and the checkpoint's state.json; what is not there is left empty.
RunResults run_results(const LoadedModel& loaded);

}  // namespace planet
