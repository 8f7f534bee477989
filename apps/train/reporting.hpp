// The lines that train prints, and the parts of it that are not the algorithm: restoring a run, and
// rows of the table.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "apps/common/console/console.hpp"
#include "apps/common/run/acting.hpp"
#include "apps/common/run/checkpoint.hpp"
#include "apps/train/metrics.hpp"
#include "apps/train/setup.hpp"

namespace planet {

/// Loads a run's newest checkpoint and the episodes it had: where the run goes on, on every rank. A
/// run that was stopped before its first checkpoint begins again from nothing, as a new one does.
RunState restore(const Setup& setup, Ranks& ranks, WorldModel& model, Adam& adam, Replay& replay);

/// Prints the set-up of the run: machine, task, model, memory, limits, columns of the table.
void print_header(Console& console, const Setup& setup, const Env& env, const WorldModel& model,
                  int ranks);

/// A row with the four counters and the clock.
MetricsRow counters_row(const RunState& run, double elapsed);

/// The row of a round: the means of its losses, and the episode that was collected last, if one was; of a
/// round's episodes, the first has the losses.
MetricsRow round_row(const RunState& run, const Replay& replay, double elapsed,
                     std::optional<double> episode_return, double collect_seconds);

/// What the score's 0 and 1 are.
std::string scale_line(const RunConfig& config);
/// The table's head, and one row of it: at most 80 characters.
std::string round_header();
std::string round_line(const RunState& run, const Limits& limits,
                       std::optional<double> episode_return, std::optional<double> score);
std::string evaluation_line(const RunState& run, const Evaluation& e);
std::string early_line(const RunState& run, const Evaluation& e);
std::string bar_text(const RunState& run, const Limits& limits, const RunConfig& config);
/// The end of a run that has no environment, to stdout.
void print_unevaluated(const std::filesystem::path& run, const std::filesystem::path& checkpoint,
                       const std::string& reason);
/// The result, to stdout.
void print_result(const RunConfig& config, const Evaluation& e,
                  const std::filesystem::path& checkpoint, const std::string& reason);

}  // namespace planet
