// The agent that acts by planning: model-predictive control in the latent space (Algorithm 2).
//
//   o_t --encode--> e_t,  q(s_t | h_t, o_t) from the action that was executed last
//   a plan from one sample of it, or from many     planner.hpp, latent_dynamics.hpp
//   a_t = clip(first action of the plan + noise_std * N(0, 1))      noise when collecting, none
//   else
//
// and a_t is what the next belief is told. One agent can hold several beliefs, each in an episode
// of its own with random streams of its own: together or alone, the same bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "planner/latent_dynamics.hpp"
#include "planner/planner.hpp"

namespace planet {

/// Where one belief's randomness comes from. Their positions are all that resuming needs.
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
  /// One belief for each entry of `streams`, at an episode's start. The model must outlive this;
  /// its weights are read anew by every act(). Error: no streams; planner.check(),
  /// check_planner_for().
  MpcAgent(const WorldModel<float>& model, const PlannerConfig& planner,
           std::vector<AgentStreams> streams);

  std::ptrdiff_t beliefs() const { return static_cast<std::ptrdiff_t>(streams_.size()); }

  /// At an episode's start: zero state, zero previous action and nothing carried by the planner,
  /// of every belief or of belief b.
  void reset();
  void reset(std::ptrdiff_t b);
  /// Belief b's episode is over: act() leaves it alone, and its action is 0, until its reset().
  void retire(std::ptrdiff_t b);

  /// One decision. frames: [B,n,n,3], that of a retired belief is not read. Returns the actions to
  /// execute, [B,A], each number in [-1, 1]; valid until the next call.
  /// Error: a wrong number of bytes, a negative or infinite noise_std. NonFinite: see Planner.
  std::span<const float> act(std::span<const std::uint8_t> frames, double noise_std);

  // ---- for those who look ----
  std::span<const float> h(std::ptrdiff_t b) const;  // [D_h]  of the posterior sample at hand
  std::span<const float> s(std::ptrdiff_t b) const;  // [D_s]
  /// The action that b's next belief update will be told, [A]: zero, or the one last executed.
  std::span<const float> previous_action(std::ptrdiff_t b) const;
  /// The plan behind b's last action, before noise. Error: none was made since its reset().
  const Plan& plan(std::ptrdiff_t b) const;
  /// From now on every act() writes the search of its first belief there; null: stop.
  void trace(PlanTrace* trace) { planner_->trace(trace); }

  // ---- for checkpoints ----
  const AgentStreams& streams(std::ptrdiff_t b) const;
  AgentStreams& streams(std::ptrdiff_t b);

 private:
  void update_beliefs(std::span<const std::uint8_t> frames);
  void make_plans();
  void choose_actions(double noise_std);
  std::size_t checked(std::ptrdiff_t b) const;

  const WorldModel<float>& model_;
  std::vector<AgentStreams> streams_;  // [B]
  std::vector<float> h_, s_, a_prev_;  // [B,D_h], [B,D_s], [B,A]
  std::vector<Plan> plans_;            // [B], empty before the first act() of an episode
  std::vector<std::uint8_t> retired_;  // [B]
  Tape<float> tape_{Mode::inference};
  LatentDynamics dynamics_;
  std::unique_ptr<Planner> planner_;
  // Of the n beliefs that act, without gaps.
  std::vector<std::size_t> acting_;    // [n], in ascending order
  std::vector<float> h_n_, s_n_;       // [n,D_h], [n,D_s]
  std::vector<float> mean_n_, std_n_;  // [n,D_s]: the posteriors
  std::vector<Rng> planner_streams_;   // [n]
};

}  // namespace planet
