#include "apps/play/policies.hpp"

#include "apps/common/run/acting.hpp"
#include "apps/common/simulator/simulator_dynamics.hpp"
#include "apps/play/number_rows.hpp"
#include "planner/agent.hpp"
#include "planner/make_planner.hpp"

namespace planet {
namespace {

using Action = std::optional<std::span<const double>>;

class Zero final : public Policy {
 public:
  explicit Zero(int A) : action_(static_cast<std::size_t>(A), 0.0) {}
  Action act(const Env&, const Image&) override { return action_; }

 private:
  std::vector<double> action_;
};

class Random final : public Policy {
 public:
  Random(int A, std::uint64_t seed)
      : rng_(seed, Stream::random_action), action_(static_cast<std::size_t>(A)) {}
  Action act(const Env&, const Image&) override {
    for (double& a : action_) a = rng_.uniform(-1, 1);
    return action_;
  }

 private:
  Rng rng_;
  std::vector<double> action_;
};

class Agent final : public Policy {
 public:
  Agent(const WorldModel& model, const RunConfig& config, std::uint64_t seed)
      : agent_(model, config.planner,
               AgentStreams::evaluating(
                   config.seed, static_cast<std::uint32_t>(seed - first_evaluation_seed))) {}
  Action act(const Env&, const Image& image) override {
    const std::span<const float> a = agent_.act(image.rgb, 0.0);
    action_.assign(a.begin(), a.end());
    return action_;
  }

 private:
  MpcAgent agent_;
  std::vector<double> action_;
};

class Oracle final : public Policy {
 public:
  Oracle(const Env& prototype, const PlannerConfig& budget, std::uint64_t seed,
         const FutureConfig& future, const RecordedUniforms* recorded)
      : dynamics_(prototype, future),
        planner_(make_planner(budget)),
        rng_(seed, Stream::planner),
        recorded_(recorded) {}
  Action act(const Env& env, const Image&) override {
    if (recorded_ != nullptr) dynamics_.start(env, recorded_->to_come(env));
    else dynamics_.start(env);
    const Plan& plan = planner_->plan(dynamics_, rng_);
    action_.assign(plan.actions.begin(), plan.actions.begin() + env.action_size());
    return action_;
  }

 private:
  SimulatorDynamics dynamics_;
  std::unique_ptr<Planner> planner_;
  Rng rng_;
  const RecordedUniforms* recorded_;
  std::vector<double> action_;
};

class FromFile final : public Policy {
 public:
  explicit FromFile(std::vector<std::vector<double>> rows) : rows_(std::move(rows)) {}
  Action act(const Env&, const Image&) override {
    if (next_ == rows_.size()) return std::nullopt;
    return rows_[next_++];
  }
  int unused() const override { return static_cast<int>(rows_.size() - next_); }

 private:
  std::vector<std::vector<double>> rows_;
  std::size_t next_ = 0;
};

}  // namespace

std::unique_ptr<Policy> zero_policy(int action_size) { return std::make_unique<Zero>(action_size); }

std::unique_ptr<Policy> random_policy(int action_size, std::uint64_t seed) {
  return std::make_unique<Random>(action_size, seed);
}

std::unique_ptr<Policy> agent_policy(const WorldModel& model, const RunConfig& config,
                                     std::uint64_t seed) {
  return std::make_unique<Agent>(model, config, seed);
}

std::unique_ptr<Policy> oracle_policy(const Env& prototype, const PlannerConfig& planner,
                                      std::uint64_t seed, const FutureConfig& future,
                                      const RecordedUniforms* recorded) {
  return std::make_unique<Oracle>(prototype, planner, seed, future, recorded);
}

std::unique_ptr<Policy> actions_from_file(const std::filesystem::path& path, int action_size) {
  return std::make_unique<FromFile>(
      read_number_rows(path, {action_size, "decision", "an action of this task has"}));
}

}  // namespace planet
