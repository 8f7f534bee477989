#include "apps/common/run/run_state.hpp"

#include "autograd/base/error.hpp"

namespace planet {
namespace {

double mean_of(std::span<const float> values) {
  double sum = 0;
  for (const float v : values) sum += static_cast<double>(v);
  return sum / static_cast<double>(values.size());
}

// Every distance weighs the same, however few rows it has.
double mean_of(std::span<const Var> distances) {
  double sum = 0;
  for (const Var& d : distances) sum += mean_of(d.value<float>());
  return sum / static_cast<double>(distances.size());
}

void add_to(std::optional<double>& sum, const std::optional<double>& x) {
  if (x) sum = sum.value_or(0) + *x;
}

Json json_of(const std::optional<double>& x) { return x ? Json(*x) : Json(); }
// A counter. With a negative one, a resumed run would remove its episodes.
std::int64_t count_of(const Json& json, const char* key, std::int64_t least = 0) {
  const std::int64_t n = json.at(key).as_int64();
  require(n >= least, "\"", key, "\" is ", n, "; it is at least ", least);
  return n;
}
std::optional<double> optional_of(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(json.as_double());
}

}  // namespace

LossSums LossSums::of(const ElboTerms& elbo) {
  LossSums one;
  one.updates = 1;
  if (elbo.loss.empty()) return one;
  one.total = elbo.loss.item();
  one.image = mean_of(elbo.image.value<float>());
  one.reward = mean_of(elbo.reward.value<float>());
  one.kl = mean_of(elbo.kl.value<float>());
  if (!elbo.continues.empty()) one.continues = mean_of(elbo.continues.value<float>());
  if (!elbo.global_kl.empty()) one.global_kl = mean_of(elbo.global_kl.value<float>());
  if (!elbo.overshooting.empty()) one.overshooting = mean_of(elbo.overshooting);
  if (!elbo.overshooting_reward.empty())
    one.overshooting_reward = mean_of(elbo.overshooting_reward);
  return one;
}

LossSums& LossSums::operator+=(const LossSums& other) {
  updates += other.updates;
  total += other.total, image += other.image, reward += other.reward, kl += other.kl;
  add_to(continues, other.continues);
  add_to(global_kl, other.global_kl);
  add_to(overshooting, other.overshooting);
  add_to(overshooting_reward, other.overshooting_reward);
  grad_norm += other.grad_norm;
  seconds += other.seconds;
  return *this;
}

std::array<double*, 8> LossSums::terms() {
  const auto of = [](std::optional<double>& x) { return x ? &*x : nullptr; };
  return {&total,        &image,        &reward,          &kl,
          of(continues), of(global_kl), of(overshooting), of(overshooting_reward)};
}

Json RunState::to_json() const {
  Json sums = Json::object();
  sums.set("updates", round.updates)
      .set("total", round.total)
      .set("image", round.image)
      .set("reward", round.reward)
      .set("kl", round.kl)
      .set("continues", json_of(round.continues))
      .set("global_kl", json_of(round.global_kl))
      .set("overshooting", json_of(round.overshooting))
      .set("overshooting_reward", json_of(round.overshooting_reward))
      .set("grad_norm", round.grad_norm)
      .set("seconds", round.seconds);
  Json json = Json::object();
  json.set("format", 1)
      .set("updates", updates)
      .set("episodes", episodes)
      .set("decisions", decisions)
      .set("env_frames", env_frames)
      .set("episodes_in_memory", episodes_in_memory)
      .set("ranks", ranks)
      .set("round", std::move(sums))
      .set("seconds", seconds)
      .set("evaluated_episodes", evaluated_episodes)
      .set("evaluated_updates", evaluated_updates)
      .set("evaluated_seconds", evaluated_seconds)
      .set("evaluation_cost", evaluation_cost)
      .set("metrics_rows", metrics_rows)
      .set("best_return", json_of(best_return))
      .set("best", best);
  return json;
}

RunState RunState::from_json(const Json& json) {
  RunState s;
  s.updates = count_of(json, "updates");
  s.episodes = count_of(json, "episodes");
  s.decisions = count_of(json, "decisions");
  s.env_frames = count_of(json, "env_frames");
  // Earlier versions did not say it: all of them, then, of which the memory drops the first again.
  const Json* held = json.find("episodes_in_memory");
  s.episodes_in_memory = held == nullptr ? s.episodes : count_of(json, "episodes_in_memory");
  require(s.episodes_in_memory <= s.episodes, "\"episodes_in_memory\" is ", s.episodes_in_memory,
          " of ", s.episodes, " episodes");
  s.ranks = json.find("ranks") == nullptr ? 1 : count_of(json, "ranks", 1);
  const Json& sums = json.at("round");
  s.round.updates = count_of(sums, "updates");
  s.round.total = sums.at("total").as_double();
  s.round.image = sums.at("image").as_double();
  s.round.reward = sums.at("reward").as_double();
  s.round.kl = sums.at("kl").as_double();
  s.round.continues = optional_of(sums.at("continues"));
  s.round.global_kl = optional_of(sums.at("global_kl"));
  s.round.overshooting = optional_of(sums.at("overshooting"));
  s.round.overshooting_reward = optional_of(sums.at("overshooting_reward"));
  s.round.grad_norm = sums.at("grad_norm").as_double();
  s.round.seconds = sums.at("seconds").as_double();
  s.seconds = json.at("seconds").as_double();
  s.evaluated_episodes = count_of(json, "evaluated_episodes", -1);
  s.evaluated_updates = count_of(json, "evaluated_updates", -1);
  s.evaluated_seconds = json.at("evaluated_seconds").as_double();
  s.evaluation_cost = json.at("evaluation_cost").as_double();
  s.metrics_rows = count_of(json, "metrics_rows");
  s.best_return = optional_of(json.at("best_return"));
  s.best = json.at("best").as_string();
  return s;
}

}  // namespace planet
