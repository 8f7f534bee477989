#include "planner/config.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/base/error.hpp"
#include "autograd/base/text.hpp"

namespace planet {
namespace {

void one_of(const char* name, const std::string& word, const std::vector<std::string>& words) {
  require(std::find(words.begin(), words.end(), word) != words.end(), "[planner] ", name, " is '",
          word, "'; it is one of ", join(words), did_you_mean(word, words));
}

void check_icem(const IcemOptions& o) {
  require(o.beta >= 0 && o.beta <= 10, "[planner] icem_beta is ", o.beta,
          "; it must lie between 0 (white noise) and 10");
  require(o.decay >= 1 && std::isfinite(o.decay), "[planner] icem_decay is ", o.decay,
          "; it must be at least 1 (no decay) and finite");
  require(o.kept >= 0 && o.kept <= 1, "[planner] icem_kept is ", o.kept,
          "; it is a share of the elites, between 0 and 1");
  require(o.momentum >= 0 && o.momentum < 1, "[planner] icem_momentum is ", o.momentum,
          "; it is a share of the old mean, at least 0 and below 1");
  one_of("icem_execute", o.execute, {"best", "mean"});
}

void check_mppi(const MppiOptions& o) {
  require(o.temperature > 0 && std::isfinite(o.temperature), "[planner] mppi_temperature is ",
          o.temperature, "; it must be positive and finite");
  require(o.min_std > 0 && o.min_std <= o.max_std && std::isfinite(o.max_std),
          "[planner] mppi_min_std is ", o.min_std, " and mppi_max_std is ", o.max_std,
          "; they must be positive, finite and in this order");
}

}  // namespace

std::vector<std::string> planner_methods() { return {"cem", "icem", "mppi", "random"}; }

void PlannerConfig::check() const {
  one_of("planner", method, planner_methods());
  require(horizon >= 1, "[planner] horizon (H) is ", horizon, "; a plan has at least one action");
  require(iterations >= 0, "[planner] iterations (I) is ", iterations, "; it must be at least 0");
  require(candidates >= 1, "[planner] candidates (J) is ", candidates, "; it must be at least 1");
  require(method == "random" || (elites >= 1 && elites <= candidates), "[planner] elites (K) is ",
          elites, "; it must lie between 1 and the number of candidates, ", candidates);
  require(init_std > 0 && std::isfinite(init_std), "[planner] init_std is ", init_std,
          "; it must be positive and finite");
  require(samples_per_candidate >= 1, "[planner] samples_per_candidate is ", samples_per_candidate,
          "; it must be at least 1");
  one_of("start_state", start_state, {"shared", "per-candidate"});
  one_of("cem_covariance", cem.covariance, {"diagonal", "full"});
  check_icem(icem);
  check_mppi(mppi);
  const auto unread = [&](const char* owner, bool as_default) {
    require(method == owner || as_default, "[planner] an option ", owner,
            "_... was changed, but the planner is ", method, ", which reads none of them");
  };
  unread("cem", cem == CemOptions{});
  unread("icem", icem == IcemOptions{});
  unread("mppi", mppi == MppiOptions{});
}

int PlannerConfig::population(int iteration) const {
  if (method != "icem") return candidates;
  const double decayed = candidates / std::pow(icem.decay, iteration);
  return std::max(static_cast<int>(decayed), std::min(2 * elites, candidates));
}

std::int64_t PlannerConfig::rollouts() const {
  std::int64_t sum = 0;
  for (int i = 0; i < iterations; ++i) sum += population(i);
  return sum;
}

std::string method_of_option(const std::string& key) {
  for (const std::string& method : planner_methods())
    if (key.starts_with(method + "_")) return method;
  return "";
}

bool option_has_effect(const PlannerConfig& config, const std::string& key) {
  const std::string owner = method_of_option(key);
  if (!owner.empty()) return owner == config.method;
  return !(key == "elites" && config.method == "random");
}

std::string planner_text(const PlannerConfig& c) {
  std::string text = cat("H ", c.horizon, ", I ", c.iterations, ", J ", c.candidates);
  if (c.method != "random") text += cat(", K ", c.elites);
  if (c.method != "cem") text += cat(", ", c.method);
  if (c.cem.covariance != "diagonal") text += cat(", ", c.cem.covariance, " covariance");
  if (c.samples_per_candidate > 1) text += cat(", ", c.samples_per_candidate, " shared futures");
  if (c.start_state != "shared") text += cat(", start state ", c.start_state);
  if (c.warm_start) text += ", warm start";
  return text;
}

}  // namespace planet
