#include "apps/play/trajectory.hpp"

#include <algorithm>

#include "autograd/base/error.hpp"
#include "envs/numbers.hpp"

namespace planet {

TrajectoryFile::TrajectoryFile(const std::filesystem::path& path, const Env& env)
    : path_(path), out_(path) {
  require(out_.good(), path_.string(), " cannot be written");
  for (const std::string& name : env.state_names()) out_ << name << ',';
  for (int i = 0; i < env.action_size(); ++i) out_ << "action_" << i << ',';
  out_ << "reward\n";
}

void TrajectoryFile::write(std::span<const ControlStep> steps, std::span<const double> action) {
  for (const ControlStep& step : steps) {
    for (const double x : step.state) out_ << number_text(x) << ',';
    for (const double a : action) out_ << number_text(std::clamp(a, -1.0, 1.0)) << ',';
    out_ << number_text(step.reward) << '\n';
  }
}

void TrajectoryFile::close() {
  out_.close();
  require(!out_.fail(), path_.string(), " could not be written; is the disk full?");
}

}  // namespace planet
