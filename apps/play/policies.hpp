// The policies of `play`: random actions, zero actions, the trained agent, the planner in the true
// simulator, actions from a file, or a person at the keyboard.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/common/options/run_config.hpp"
#include "apps/common/simulator/futures.hpp"
#include "apps/play/recorded_uniforms.hpp"
#include "envs/env.hpp"
#include "envs/raster.hpp"
#include "rssm/world_model.hpp"

namespace planet {

/// What is to happen before the next action. Only a person wants anything but to act.
enum class Wish { act, wait, restart, stop };

class Policy {
 public:
  virtual ~Policy() = default;
  virtual Wish wish() { return Wish::act; }
  /// Text to show under the picture.
  virtual std::vector<std::string> lines() const { return {}; }
  /// The action [A] in `env`'s present state, which `image` shows; valid until the next call.
  /// Nothing when there are no more.
  virtual std::optional<std::span<const double>> act(const Env& env, const Image& image) = 0;
  /// The number of actions that were not used.
  virtual int unused() const { return 0; }
};

std::unique_ptr<Policy> zero_policy(int action_size);
/// Uniform in [-1, 1]^A.
std::unique_ptr<Policy> random_policy(int action_size, std::uint64_t seed);
/// The agent without exploration noise. Seeds from 1000 on are the episodes of an evaluation: play
/// from seed 1003 is its fourth, bit for bit. The model must outlive it.
std::unique_ptr<Policy> agent_policy(const WorldModel& model, const RunConfig& config,
                                     std::uint64_t seed);
/// The planner in the true simulator, a copy of `prototype` (oracle_planner() makes its config).
/// Its stream is Rng(seed, Stream::planner).
/// `recorded`, if not null, is the chance that will be played, and must outlive it.
/// Error: a future that the task does not have.
std::unique_ptr<Policy> oracle_policy(const Env& prototype, const PlannerConfig& planner,
                                      std::uint64_t seed, const FutureConfig& future = {},
                                      const RecordedUniforms* recorded = nullptr);
/// A CSV without header, one row of A numbers per decision. Error, with the line: a wrong number of
/// columns, a word that is no finite number, no rows.
std::unique_ptr<Policy> actions_from_file(const std::filesystem::path& path, int action_size);
/// The keyboard (keys.cpp): the first key begins, and a push lasts for three decisions after its
/// key. Error: stdin or stdout is no terminal.
std::unique_ptr<Policy> keys_policy(int action_size);

}  // namespace planet
