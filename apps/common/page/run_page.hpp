// report.html: what a run is, how well it does, and what it sees, believes, dreams and plans.
#pragma once

#include <deque>
#include <filesystem>
#include <optional>
#include <string>

#include "apps/common/options/run_config.hpp"
#include "apps/common/run/acting.hpp"
#include "rssm/world_model.hpp"

namespace planet {

inline constexpr const char* page_name = "report.html";  // in the run's folder

/// What a page is made of.
struct RunReport {
  std::string path;  // of the run or the model, as its user names it
  const RunConfig& config;
  const WorldModel& model;
  std::int64_t updates = 0;                    // that made the model
  std::optional<std::filesystem::path> run{};  // with its metrics.csv; nothing for a model alone
  /// Of this model. Nothing: none was made, or there is no environment.
  const Evaluation* evaluation = nullptr;
  /// Shown where there is no evaluation: the last two of these.
  const std::deque<Episode>* recorded = nullptr;
};

/// The page, at most 5 MB: of many points means are drawn, of many rows every other is left out.
std::string run_page(const RunReport& report);

}  // namespace planet
