#include "envs/env.hpp"

#include <array>
#include <bit>
#include <cmath>

#include "autograd/base/error.hpp"

namespace planet {
namespace {

// "PLANETEN" and a version: a list of other numbers is not mistaken for a snapshot.
constexpr std::uint64_t snapshot_tag = 0x504c414e4554454eULL;
constexpr std::uint64_t snapshot_version = 1;
constexpr std::size_t snapshot_head = 8;

}  // namespace

std::vector<std::uint64_t> EnvSnapshot::to_words() const {
  std::vector<std::uint64_t> words{snapshot_tag,
                                   snapshot_version,
                                   seed,
                                   rng_position,
                                   seeded,
                                   control_steps,
                                   static_cast<std::uint64_t>(phase),
                                   state.size()};
  for (const double value : state) words.push_back(std::bit_cast<std::uint64_t>(value));
  return words;
}

EnvSnapshot EnvSnapshot::from_words(std::span<const std::uint64_t> words) {
  require(words.size() >= snapshot_head, "an environment snapshot has at least ", snapshot_head,
          " words, this one has ", words.size());
  require(words[0] == snapshot_tag && words[1] == snapshot_version,
          "these words are not an environment snapshot of version ", snapshot_version);
  require(words[4] <= 1 && words[6] <= static_cast<std::uint64_t>(Phase::ended) &&
              words[7] == words.size() - snapshot_head,
          "the environment snapshot is damaged: its head says ", words[7], " state entries, phase ",
          words[6], ", and ", words.size() - snapshot_head, " entries follow");
  EnvSnapshot out;
  out.seed = words[2];
  out.rng_position = words[3];
  out.seeded = words[4];
  out.control_steps = words[5];
  out.phase = static_cast<Phase>(words[6]);
  for (const std::uint64_t word : words.subspan(snapshot_head))
    out.state.push_back(std::bit_cast<double>(word));
  return out;
}

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
