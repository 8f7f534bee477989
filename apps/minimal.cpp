// PlaNet on one page: Algorithm 1 of "Learning Latent Dynamics for Planning from Pixels" (Hafner et
// al. 2019), from top to bottom. From pictures alone it learns to swing up a pendulum, in about a
// minute on two cores:
//
//   build/release/bin/minimal 40        # episodes; 25 unless told
//
// What it stands on: the world model and its loss in rssm/, Algorithm 2 in planner/cem.cpp, the
// pendulum in envs/tasks/, layers and Adam in nn/, the tape that finds every gradient in autograd/.
// train.cpp is the same with files, clocks and flags.
#include <cstdio>
#include <cstdlib>

#include "envs/registry.hpp"
#include "nn/adam.hpp"
#include "planner/agent.hpp"
#include "rssm/world_model.hpp"

using namespace planet;

namespace {

constexpr std::uint64_t seed = 1;
constexpr int S = 5;                             // seed episodes of random actions
constexpr std::ptrdiff_t B = 16, L = 25;         // a batch: B windows of L rows
constexpr double alpha = 2e-3;                   // learning rate
constexpr double max_norm = 1000;                // of the gradient; a longer one is clipped
constexpr double sigma = 0.3;                    // standard deviation of the exploration noise
const PlannerConfig cem{"cem", 12, 6, 200, 20};  // H, I, J and K of Algorithm 2

// One episode: row 0 is the first frame; row t + 1 holds a_t, and the reward and the frame that it
// led to. `policy` gives a_t for o_t.
Episode play(Env& env, int number, auto policy) {
  env.reset(static_cast<std::uint64_t>(number));
  std::vector<std::uint8_t> o = env.render();  // [n,n,3]
  Episode episode;
  episode.begin(env.image_size(), env.action_size(), o.data());
  for (StepResult step; !step.done();) {
    const std::span<const float> a = policy(o);
    step = env.step(a);  // a for R control steps, and the sum of their rewards
    env.render(o);
    episode.append(a.data(), step.reward, o.data());
  }
  return episode;
}

// Fits theta, the parameters of the model, while the data set D grows to N episodes, by C updates between
// two episodes.
void algorithm_1(Env& env, WorldModel& model, Replay& D, int N, int C = 100) {
  // D begins with S random episodes.
  Rng random(seed, Stream::random_action);
  std::vector<float> a(static_cast<std::size_t>(env.action_size()));
  const auto act_randomly = [&](std::span<const std::uint8_t>) {
    for (float& x : a) x = static_cast<float>(random.uniform(-1, 1));
    return std::span<const float>(a);
  };
  for (int n = 0; n < S; ++n) D.add(play(env, n, act_randomly));

  Adam adam(model.params(), {.learning_rate = alpha});
  MpcAgent agent(model, cem, AgentStreams::collecting(seed));
  Tape tape(Precision::f32);
  std::uint32_t k = 0;           // updates so far; each has random streams of its own
  for (int n = S; n < N; ++n) {  // "while not converged"
    // Model fitting: C updates.
    double mean_loss = 0;
    for (int s = 0; s < C; ++s, ++k) {
      Rng choose(seed, Stream::replay, k), dequantise(seed, Stream::dequantise, k),
          posterior(seed, Stream::posterior, k);
      // Draw B windows (o_t, a_t, r_t) of L rows from D.
      tape.reset();
      const auto batch =
          make_sequence(tape, D.sample(B, L, choose), model.config(), dequantise, posterior);
      const Var loss = model.elbo(batch).loss;  // L(theta), Equation 3
      // theta <- theta - alpha grad L(theta), as Adam does it.
      model.params().zero_grad();
      tape.backward(loss);
      adam.step(clip_by_global_norm(model.params(), max_norm));
      mean_loss += loss.item() / C;
    }
    // Data collection: infer q(s_t | o_<=t, a_<t), plan a_t from it (Algorithm 2), add noise, act.
    agent.reset();
    D.add(play(env, n, [&](const auto& o_t) { return agent.act(o_t, sigma); }));
    std::printf("episode %3d   loss %8.3f   return %6.1f\n", n + 1, mean_loss,
                D.episodes().back().episode_return());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int N = argc > 1 ? std::atoi(argv[1]) : 25;
  if (N <= S || argc > 2) {
    std::fprintf(stderr, "usage: minimal [EPISODES], more than %d\n", S);
    return 2;
  }
  const auto env = make_env("pendulum_swingup", {.image_size = 32});
  WorldModel model(model_preset("tiny"), seed);  // random theta
  Replay D(std::size_t{1} << 28);                // bytes
  algorithm_1(*env, model, D, N);
  return 0;
}
