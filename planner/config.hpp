// What a planner is asked to do: which method, how much it may imagine, and how it values chance.
//
// The defaults are PlaNet's (Algorithm 2 and Appendix A). A group with a method's name is read by
// that method alone; set beside another method it is an error, never ignored. Next: planner.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace planet {

struct CemOptions {
  std::string covariance = "diagonal";  // or full: of all H A numbers of a sequence together
  bool operator==(const CemOptions&) const = default;
};

/// The defaults are those of Pinneri et al. 2020; beta is what they plan most tasks with.
struct IcemOptions {
  double beta = 2.5;             // power density of the noise ~ 1 / frequency^beta; 0: white
  double decay = 1.25;           // gamma: candidates of round i = J / gamma^i, at least 2 K
  double kept = 0.3;             // share of the elites that stand again in the next round
  double momentum = 0.1;         // share of the old mean and std in the new ones
  std::string execute = "best";  // the best candidate of the last round, or the mean
  bool operator==(const IcemOptions&) const = default;
};

struct MppiOptions {
  double temperature = 0.5;  // lambda, in units of return: weight ~ exp(return / lambda)
  double min_std = 0.05;     // bounds of every refitted standard deviation
  double max_std = 2;
  bool operator==(const MppiOptions&) const = default;
};

struct PlannerConfig {
  std::string method = "cem";  // cem, icem, mppi or random
  int horizon = 12;            // H: actions a_t .. a_{t+H-1} and as many rewards
  int iterations = 10;         // I; 0 returns the actions it would have begun at
  int candidates = 1000;       // J
  int elites = 100;            // K; not read by random
  double init_std = 1;         // of every action before the first iteration

  // ---- every method ----
  int samples_per_candidate = 1;       // futures; above 1 they are shared by all candidates
  bool warm_start = false;             // begin at the last plan, one step on
  std::string start_state = "shared";  // or per-candidate: a posterior sample for each
  // ---- one method each ----
  CemOptions cem = {};
  IcemOptions icem = {};
  MppiOptions mppi = {};

  bool operator==(const PlannerConfig&) const = default;
  /// Throws with a sentence naming the field: 1 <= K <= J (except random), H >= 1, I >= 0, a word
  /// that is none of those above, an option of another method.
  void check() const;
  /// Candidates in iteration i: J, except where icem's population decays.
  int population(int iteration) const;
  /// Candidates imagined for one plan, all iterations together: the budget.
  std::int64_t rollouts() const;
};

/// Calls visit(name, help, field) for every field of a PlannerConfig: the one list behind the flags
/// of the programs and config.toml. An option of one method begins with the method's name.
template <class Config, class Visit>
void for_each_planner_field(Config& c, Visit&& visit) {
  // clang-format off
  visit("planner", "cem (PlaNet's), icem, mppi or random", c.method);
  visit("horizon", "H, decisions planned ahead", c.horizon);
  visit("iterations", "I, rounds of candidates, each followed by a refit", c.iterations);
  visit("candidates", "J, action sequences imagined in each round; of icem in the first", c.candidates);
  visit("elites", "K, the best candidates, to which the distribution is refitted", c.elites);
  visit("init_std", "standard deviation of every candidate before the first refit", c.init_std);
  visit("samples_per_candidate", "futures of a candidate: 1, a fresh one each; above, shared by all candidates", c.samples_per_candidate);
  visit("warm_start", "begin at the last plan, one step on (icem: its elites too)", c.warm_start);
  visit("start_state", "shared: all from one posterior sample; per-candidate: each from its own", c.start_state);
  visit("cem_covariance", "diagonal, or full: of all H A numbers together", c.cem.covariance);
  visit("icem_beta", "noise power ~ 1 / frequency^beta; 0: white", c.icem.beta);
  visit("icem_decay", "gamma, candidates shrink by it each round, to 2 K at least", c.icem.decay);
  visit("icem_kept", "share of the elites that are evaluated again in the next round", c.icem.kept);
  visit("icem_momentum", "share of the old mean and standard deviation in the new", c.icem.momentum);
  visit("icem_execute", "best: the last round's best candidate; or mean", c.icem.execute);
  visit("mppi_temperature", "lambda, in units of return: weight ~ exp(return / lambda)", c.mppi.temperature);
  visit("mppi_min_std", "smallest standard deviation after a refit", c.mppi.min_std);
  visit("mppi_max_std", "largest standard deviation after a refit", c.mppi.max_std);
  // clang-format on
}

std::vector<std::string> planner_methods();

/// The method that alone reads the option with this key ("icem_beta" -> "icem"), or "".
std::string method_of_option(const std::string& key);
/// Whether `config` reads the planner option with this key ("elites" is nothing to random).
bool option_has_effect(const PlannerConfig& config, const std::string& key);

/// "H 12, I 10, J 1000, K 100", and after it whatever is not PlaNet's: ", icem, warm start".
std::string planner_text(const PlannerConfig& config);

}  // namespace planet
