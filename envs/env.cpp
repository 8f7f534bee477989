#include "envs/env.hpp"

#include <array>

#include "autograd/base/error.hpp"

namespace planet {

StepResult Env::step(std::span<const float> action) {
  std::array<double, 64> wide{};
  require(action.size() <= wide.size(), "[", name(), "] an action has ", action_size(),
          " entries, this one has ", action.size());
  for (std::size_t i = 0; i < action.size(); ++i) wide[i] = static_cast<double>(action[i]);
  return step(std::span<const double>(wide.data(), action.size()));
}

StepResult Env::step_traced(std::span<const double> action, std::vector<ControlStep>& trace) {
  require(action_repeat() == 1, "[", name(),
          "] repeats actions, so it has to override step_traced()");
  trace.clear();
  const StepResult result = step(action);
  trace.push_back({state(), result.reward});
  return result;
}

StepResult Env::step_with(std::span<const double> action, std::span<const double> w,
                          std::vector<ControlStep>* trace) {
  require(w.empty(), "[", name(), "] nothing happens by chance here, a decision was given ",
          w.size(), " uniform numbers");
  return trace == nullptr ? step(action) : step_traced(action, *trace);
}

std::size_t Env::image_bytes() const {
  const auto n = static_cast<std::size_t>(image_size());
  return n * n * 3;
}

std::vector<std::uint8_t> Env::render() const {
  std::vector<std::uint8_t> pixels(image_bytes());
  render(pixels);
  return pixels;
}

}  // namespace planet
