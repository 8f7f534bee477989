// What a run can honestly say at its end: did it learn?
#pragma once

#include <optional>
#include <span>
#include <string>

#include "apps/common/options/run_config.hpp"

namespace planet {

enum class Verdict {
  learned,  // the score of the last evaluation is at least 0.9
  rising,   // the last third of the returns is above the middle third by two standard errors
  flat,     // neither
  unclear,  // no score of 0.9, and too few episodes for thirds of three
};
inline constexpr double learned_score = 0.9;

/// Of the last evaluation's score, if the task has one, and the returns of the episodes that the agent
/// collected, in order.
Verdict judge(std::optional<double> score, std::span<const double> returns);

/// The verdict in a line.
std::string verdict_line(std::optional<double> score, std::span<const double> returns);
/// The same, and a second line where the run made fewer updates than those of
/// apps/studies/learning needed.
std::string verdict_text(const RunConfig& config, std::optional<double> score,
                         std::span<const double> returns, std::int64_t updates);

}  // namespace planet
