#include "envs/env.hpp"

#include <algorithm>
#include <array>

#include "autograd/base/error.hpp"

namespace planet {

StepResult Env::step(std::span<const float> action) {
  std::array<double, 64> few;  // most actions fit, and then a step allocates no memory
  std::vector<double> many(action.size() > few.size() ? action.size() : 0);
  const std::span<double> wide(many.empty() ? few.data() : many.data(), action.size());
  std::ranges::copy(action, wide.begin());
  return step(std::span<const double>(wide));
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
  require(w.empty(), "[", name(), "] a decision was given ", w.size(),
          " uniform numbers, but this environment draws none");
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
