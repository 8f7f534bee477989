// A world of one's own, a model of it learned from pictures, and a planner that acts in the model: from
// nothing to an agent in a minute. What each line stands for: apps/minimal.cpp.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "envs/task_env.hpp"
#include "planner/agent.hpp"
#include "rssm/trainer.hpp"

using namespace planet;

// A ball on top of a hill: keep it from rolling off. A picture does not show its speed.
class Hill final : public Task {
 public:
  std::string name() const override { return "hill"; }
  int action_size() const override { return 1; }
  std::vector<std::string> state_names() const override { return {"x", "v"}; }
  void start(Rng& rng) override { x = rng.uniform(-0.8, 0.8), v = 0; }
  TaskStep step(std::span<const double> u, std::span<const double>) override {
    v = std::clamp(v + 0.1 * (0.7 * x + 1.2 * u[0]), -1.0, 1.0);
    x += 0.1 * v;
    if (std::abs(x) > 1) x = std::copysign(1, x), v = 0;  // a wall at the foot
    return {.reward = 1 - x * x};
  }
  void draw(Scene& scene) const override {
    scene.look_at({0, 0}, 2.5);
    scene.disc({0, -1.6}, 1.3, palette::floor);
    scene.disc({x, 0.1 - 0.5 * x * x}, 0.25, palette::tip);
  }
  std::vector<double> state() const override { return {x, v}; }
  void set_state(std::span<const double> s) override { x = s[0], v = s[1]; }
  std::unique_ptr<Task> clone() const override { return std::make_unique<Hill>(*this); }

 private:
  double x = 0, v = 0;
};

Episode play(Env& env, std::uint64_t seed, auto policy) {
  env.reset(seed);
  Episode episode;
  episode.begin(env.image_size(), env.action_size(), env.render().data());
  for (StepResult step; !step.done();) {
    const std::span<const float> action = policy(env.render());
    step = env.step(action);
    episode.append(action.data(), step.reward, env.render().data());
  }
  return episode;
}

int main() {
  TaskEnv env(std::make_unique<Hill>(), {.image_size = 16, .action_repeat = 2, .time_limit = 100});
  WorldModel model(model_preset("tiny", 16), 1);
  Trainer trainer(model, {.batch_size = 16, .batch_length = 20, .adam = {.learning_rate = 2e-3}});
  MpcAgent agent(model, {"cem", 10, 5, 200, 20}, AgentStreams::collecting(1));
  Replay replay(std::size_t{1} << 26);
  Rng random(1, Stream::random_action);
  float action[1];
  for (int episode = 0; episode < 20; ++episode) {
    agent.reset();
    replay.add(play(env, std::uint64_t(episode), [&](const auto& frame) -> std::span<const float> {
      if (episode >= 5) return agent.act(frame, 0.3);  // plans in the model, and explores
      action[0] = static_cast<float>(random.uniform(-1, 1));
      return action;
    }));
    std::printf("episode %2d   return %5.1f of 100\n", episode + 1,
                replay.episodes().back().episode_return());
    if (episode >= 4)
      for (int k = 0; k < 100; ++k) trainer.update(replay, 100 * episode + k);
  }
  double sum = 0;
  for (std::uint64_t seed = 1000; seed < 1005; ++seed) {
    agent.reset();
    sum += play(env, seed, [&](const auto& frame) { return agent.act(frame, 0); }).episode_return();
  }
  std::printf("five new episodes without exploration: return %.1f\n", sum / 5);
}
