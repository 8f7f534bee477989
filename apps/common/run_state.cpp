#include "apps/common/run_state.hpp"

namespace planet {
namespace {

double mean_of(std::span<const float> values) {
  double sum = 0;
  for (const float v : values) sum += static_cast<double>(v);
  return sum / static_cast<double>(values.size());
}

}  // namespace

void LossSums::add(const ElboTerms<float>& elbo, double norm, double spent) {
  ++updates;
  total += static_cast<double>(elbo.loss.item());
  image += mean_of(elbo.image.value());
  reward += mean_of(elbo.reward.value());
  kl += mean_of(elbo.kl.value());
  grad_norm += norm;
  seconds += spent;
}

Json RunState::to_json() const {
  Json sums = Json::object();
  sums.set("updates", round.updates)
      .set("total", round.total)
      .set("image", round.image)
      .set("reward", round.reward)
      .set("kl", round.kl)
      .set("grad_norm", round.grad_norm)
      .set("seconds", round.seconds);
  Json json = Json::object();
  json.set("format", 1)
      .set("updates", updates)
      .set("episodes", episodes)
      .set("decisions", decisions)
      .set("env_frames", env_frames)
      .set("round", std::move(sums))
      .set("seconds", seconds)
      .set("evaluated_episodes", evaluated_episodes)
      .set("evaluated_updates", evaluated_updates)
      .set("evaluated_seconds", evaluated_seconds)
      .set("evaluation_cost", evaluation_cost)
      .set("metrics_rows", metrics_rows)
      .set("best_return", best_return ? Json(*best_return) : Json())
      .set("best", best);
  return json;
}

RunState RunState::from_json(const Json& json) {
  RunState s;
  s.updates = json.at("updates").as_int64();
  s.episodes = json.at("episodes").as_int64();
  s.decisions = json.at("decisions").as_int64();
  s.env_frames = json.at("env_frames").as_int64();
  const Json& sums = json.at("round");
  s.round.updates = sums.at("updates").as_int64();
  s.round.total = sums.at("total").as_double();
  s.round.image = sums.at("image").as_double();
  s.round.reward = sums.at("reward").as_double();
  s.round.kl = sums.at("kl").as_double();
  s.round.grad_norm = sums.at("grad_norm").as_double();
  s.round.seconds = sums.at("seconds").as_double();
  s.seconds = json.at("seconds").as_double();
  s.evaluated_episodes = json.at("evaluated_episodes").as_int64();
  s.evaluated_updates = json.at("evaluated_updates").as_int64();
  s.evaluated_seconds = json.at("evaluated_seconds").as_double();
  s.evaluation_cost = json.at("evaluation_cost").as_double();
  s.metrics_rows = json.at("metrics_rows").as_int64();
  if (const Json& best = json.at("best_return"); !best.is_null()) s.best_return = best.as_double();
  s.best = json.at("best").as_string();
  return s;
}

}  // namespace planet
