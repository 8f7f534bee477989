// The agent that acts by planning: model-predictive control in the latent space (Algorithm 2).
//
//   o_t --encode--> e_t,  q(s_t | h_t, o_t) from the action that was executed last
//   a plan from one sample of it, or from many     planner.hpp, latent_dynamics.hpp
//   a_t = clip(first action of the plan + noise_std * N(0, 1))      noise only when collecting
//
// and a_t is what the next belief is told. An agent acts in one episode; whoever plays several in
// parallel makes an agent for each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "planner/latent_dynamics.hpp"
#include "planner/planner.hpp"

namespace planet {

/// Where an agent's randomness comes from. Their positions are all that resuming needs.
struct AgentStreams {
  Rng agent;    // dequantisation and posterior samples
  Rng planner;  // candidates and imagined states
  Rng explore;  // exploration noise; untouched when there is none

  /// The streams of the agent that collects experience.
  static AgentStreams collecting(std::uint64_t seed);
  /// Streams for episode k of an evaluation: not shared with collecting, nor with another episode.
  static AgentStreams evaluating(std::uint64_t seed, std::uint32_t episode);
};

/// Throws when an option of the planner could have no effect in this model: nothing is drawn in an
/// RNN, so that all its futures are one.
void check_planner_for(const ModelConfig& model, const PlannerConfig& planner);

class MpcAgent {
 public:
  /// At an episode's start. The model must outlive this; its weights are read anew by every act().
  /// Error: planner.check(), check_planner_for().
  MpcAgent(const WorldModel& model, const PlannerConfig& planner, AgentStreams streams);

  /// At an episode's start: zero state, zero previous action and nothing carried by the planner.
  void reset();

  /// One decision. frame: [n,n,3]. Returns the action to execute, [A], each number in [-1, 1];
  /// valid until the next call.
  /// Error: a wrong number of bytes, a negative or infinite noise_std. NonFinite: see Planner.
  std::span<const float> act(std::span<const std::uint8_t> frame, double noise_std);

  // ---- for those who look ----
  std::span<const float> h() const { return h_; }  // [D_h]  of the posterior sample at hand
  std::span<const float> s() const { return s_; }  // [D_s]
  /// The action that the next belief update will be told, [A]: zero, or the one last executed.
  std::span<const float> previous_action() const { return a_prev_; }
  /// The plan behind the last action, before noise. Error: none was made since reset().
  const Plan& plan() const;
  /// From now on every act() writes its search there; null: stop.
  void trace(PlanTrace* trace) { planner_->trace(trace); }

  // ---- for checkpoints ----
  const AgentStreams& streams() const { return streams_; }
  AgentStreams& streams() { return streams_; }

 private:
  void update_belief(std::span<const std::uint8_t> frame);
  void make_plan();
  void choose_action(double noise_std);

  const WorldModel& model_;
  AgentStreams streams_;
  std::vector<float> h_, s_, a_prev_;  // [D_h], [D_s], [A]
  std::vector<float> mean_, std_;      // [D_s]: the posterior that s is a sample of
  const Plan* plan_ = nullptr;         // the planner's; null before the first act() of an episode
  Tape tape_{Precision::f32, Mode::inference};
  LatentDynamics dynamics_;
  std::unique_ptr<Planner> planner_;
};

}  // namespace planet
