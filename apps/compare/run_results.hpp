// The results of a run besides its weights: its return and its training time.
#pragma once

#include <optional>

#include "apps/common/run/checkpoint.hpp"

namespace planet {

struct RunResults {
  std::optional<double> evaluation_return;  // of the evaluation at the checkpoint's updates
  std::optional<double> seconds;            // wall clock of the run up to the checkpoint
  std::int64_t parameters = 0, updates = 0;
};

/// Read from the run's metrics.jsonl and the checkpoint's state.json; missing values stay empty.
RunResults run_results(const LoadedModel& loaded);

}  // namespace planet
