// The agent that acts by planning: model-predictive control in the latent space (Algorithm 2).
//
//   e_t = encoder(o_t);  q(s_t | h_t, o_t)                      the belief, given a_{t-1}
//   plan from one sample of it, or from many                    planner.hpp, latent_dynamics.hpp
//   a_t = clip(first action of the plan + noise_std * N(0, 1))  noise only while collecting
//
// The next belief update uses a_t. An agent acts in one episode; several episodes in parallel need
// one agent each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "planner/latent_dynamics.hpp"
#include "planner/planner.hpp"

namespace planet {

/// The random streams of an agent. Their positions are all that resuming needs.
struct AgentStreams {
  Rng agent;    // dequantisation and posterior samples
  Rng planner;  // candidates and imagined states
  Rng explore;  // exploration noise; untouched when there is none

  /// The streams of the agent that collects experience.
  static AgentStreams collecting(std::uint64_t seed);
  /// Streams for episode k of an evaluation: not shared with collecting, nor with another episode.
  static AgentStreams evaluating(std::uint64_t seed, std::uint32_t episode);
};

/// Error: an option of the planner that has no effect with this model. An RNN samples nothing, so
/// all its futures are the same.
void check_planner_for(const ModelConfig& model, const PlannerConfig& planner);

class MpcAgent {
 public:
  /// Ready for an episode. The model must outlive this; every act() reads its current weights and
  /// computes in its precision.
  /// Error: those of planner.check() and check_planner_for().
  MpcAgent(const WorldModel& model, const PlannerConfig& planner, AgentStreams streams);

  /// Before an episode: sets the state and the previous action to zero and clears the planner.
  void reset();

  /// One decision. frame: [n,n,3]. Returns the action to execute, [A], each number in [-1, 1];
  /// valid until the next call.
  /// Error: a frame of a wrong size; a noise_std that is negative or not finite. NonFinite: see
  /// Planner::plan().
  std::span<const float> act(std::span<const std::uint8_t> frame, double noise_std);

  // ---- inspection ----
  std::span<const float> h() const { return h_; }  // [D_h]  of the current posterior sample
  std::span<const float> s() const { return s_; }  // [D_s]
  /// The action that the next belief update will use, [A]: the last one executed, at first zero.
  std::span<const float> previous_action() const { return a_prev_; }
  /// The plan behind the last action, without noise. Error: none was made since reset().
  const Plan& plan() const;
  /// Makes every act() write its search there; null turns this off.
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
  Tape tape_;
  LatentDynamics dynamics_;
  std::unique_ptr<Planner> planner_;
};

}  // namespace planet
