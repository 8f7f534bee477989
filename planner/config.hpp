// The options of the planners: the method, its budget, and how futures are sampled.
//
// The defaults are PlaNet's (Algorithm 2 and Appendix A). A group with a method's name is read by
// that method alone; changing it together with another method is an error. Next: planner.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace planet {

struct CemOptions {
  std::string covariance = "diagonal";  // or full: of all H A numbers of a sequence together
  bool operator==(const CemOptions&) const = default;
};

/// The defaults are those of Pinneri et al. 2020; beta is their value for most tasks.
struct IcemOptions {
  double beta = 2.5;             // power density of the noise ~ 1 / frequency^beta; 0: white
  double decay = 1.25;           // gamma: iteration i has J / gamma^i candidates, at least 2 K
  double kept = 0.3;             // share of the elites re-evaluated in the next iteration
  double momentum = 0.1;         // share of the old mean and std in the new ones
  std::string execute = "best";  // the best candidate of the last iteration, or the mean
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
  int iterations = 10;         // I; 0 returns the initial mean
  int candidates = 1000;       // J
  int elites = 100;            // K; not read by random
  double init_std = 1;         // of every action before the first iteration

  // ---- every method ----
  int samples_per_candidate = 1;       // futures; above 1 they are shared by all candidates
  bool warm_start = false;             // start from the last plan, shifted by one step
  std::string start_state = "shared";  // or per-candidate: a posterior sample for each
  // ---- one method each ----
  CemOptions cem = {};
  IcemOptions icem = {};
  MppiOptions mppi = {};

  bool operator==(const PlannerConfig&) const = default;
  /// Error, naming the field, unless 1 <= K <= J (except for random), H >= 1, I >= 0, every word is
  /// one of those above, and options of other methods have their defaults.
  void check() const;
  /// Candidates in iteration i: J, except where icem's population decays.
  int population(int iteration) const;
  /// Candidates imagined for one plan, all iterations together: the budget.
  std::int64_t rollouts() const;
};

/// Calls visit(name, help, field) for every field of a PlannerConfig: the single list behind the
/// programs' flags and config.toml. An option of one method begins with the method's name.
template <class Config, class Visit>
void for_each_planner_field(Config& c, Visit&& visit) {
  // clang-format off
  visit("planner", "planning method: cem (PlaNet's), icem, mppi or random", c.method);
  visit("horizon", "H, decisions planned ahead", c.horizon);
  visit("iterations", "I, times that candidates are drawn and the distribution refitted", c.iterations);
  visit("candidates", "J, action sequences imagined per iteration; icem: in the first", c.candidates);
  visit("elites", "K, the best candidates, to which the distribution is refitted", c.elites);
  visit("init_std", "standard deviation of every candidate before the first refit", c.init_std);
  visit("samples_per_candidate", "futures per candidate; 1: each has its own, more: all candidates share them", c.samples_per_candidate);
  visit("warm_start", "start from the last plan, shifted by one step (icem: from its elites, too)", c.warm_start);
  visit("start_state", "shared: all from one posterior sample; per-candidate: each from its own", c.start_state);
  visit("cem_covariance", "covariance of the candidates: diagonal, or full over all H A numbers", c.cem.covariance);
  visit("icem_beta", "exponent of the noise's power spectrum, 1 / frequency^beta; 0: white noise", c.icem.beta);
  visit("icem_decay", "gamma, iteration i has J / gamma^i candidates, at least 2 K", c.icem.decay);
  visit("icem_kept", "share of the elites that is re-evaluated in the next iteration", c.icem.kept);
  visit("icem_momentum", "share of the old mean and standard deviation in the new", c.icem.momentum);
  visit("icem_execute", "the plan: best, the last iteration's best candidate, or mean", c.icem.execute);
  visit("mppi_temperature", "lambda, in units of return: weight ~ exp(return / lambda)", c.mppi.temperature);
  visit("mppi_min_std", "smallest standard deviation after a refit", c.mppi.min_std);
  visit("mppi_max_std", "largest standard deviation after a refit", c.mppi.max_std);
  // clang-format on
}

std::vector<std::string> planner_methods();

/// The method that alone reads the option with this key ("icem_beta" -> "icem"), or "".
std::string method_of_option(const std::string& key);
/// Whether `config` reads the planner option with this key (random does not read "elites").
bool option_has_effect(const PlannerConfig& config, const std::string& key);

/// "H 12, I 10, J 1000, K 100", followed by what differs from PlaNet: ", icem, warm start".
std::string planner_text(const PlannerConfig& config);

}  // namespace planet
