#include "apps/play/trajectory.hpp"

#include <algorithm>

#include "autograd/base/error.hpp"
#include "envs/numbers.hpp"

namespace planet {

TrajectoryFile::TrajectoryFile(const std::filesystem::path& path, const Env& env) : file_(path) {
  std::string header;
  for (const std::string& name : env.state_names()) header += name + ",";
  for (int i = 0; i < env.action_size(); ++i) header += cat("action_", i, ",");
  file_.write(header + "reward\n");
}

void TrajectoryFile::write(std::span<const ControlStep> steps, std::span<const double> action) {
  std::string rows;
  for (const ControlStep& step : steps) {
    for (const double x : step.state) rows += number_text(x) + ",";
    for (const double a : action) rows += number_text(std::clamp(a, -1.0, 1.0)) + ",";
    rows += number_text(step.reward) + "\n";
  }
  file_.write(rows);
}

}  // namespace planet
