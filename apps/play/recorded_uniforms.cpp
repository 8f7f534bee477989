#include "apps/play/recorded_uniforms.hpp"

#include "apps/play/number_rows.hpp"
#include "autograd/base/error.hpp"

namespace planet {

RecordedUniforms::RecordedUniforms(const std::filesystem::path& path, const Env& env)
    : path_(path.string()) {
  require(env.uniforms() > 0, "--uniforms is for tasks with random steps; in ", env.name(),
          " nothing is drawn after the start");
  const auto rows =
      read_number_rows(path, {env.uniforms(), "control step", "a control step of this task draws"});
  for (std::size_t line = 0; line < rows.size(); ++line)
    for (const double w : rows[line]) {
      require(w >= 0 && w < 1, path_, ", line ", line + 1, ": ", w, " does not lie in [0, 1)");
      numbers_.push_back(w);
    }
}

std::span<const double> RecordedUniforms::to_come(const Env& env) const {
  const std::uint64_t read = env.save().control_steps * static_cast<std::uint64_t>(env.uniforms());
  return std::span(numbers_).subspan(std::min<std::size_t>(read, numbers_.size()));
}

StepResult RecordedUniforms::step(Env& env, std::span<const double> action,
                                  std::vector<ControlStep>& trace) const {
  const auto needed = static_cast<std::size_t>(env.uniforms() * env.action_repeat());
  const std::span<const double> w = to_come(env);
  require(w.size() >= needed, path_, " has ",
          numbers_.size() / static_cast<std::size_t>(env.uniforms()),
          " rows; the episode goes on and needs one row per control step");
  return env.step_with(action, w.first(needed), &trace);
}

int RecordedUniforms::unused(const Env& env) const {
  return static_cast<int>(to_come(env).size()) / env.uniforms();
}

}  // namespace planet
