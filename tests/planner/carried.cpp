// What an agent's planner carries from one decision to the next, and the state it plans from.
#include <doctest/doctest.h>

#include <algorithm>

#include "autograd/kernels/random.hpp"
#include "rssm/preprocess.hpp"
#include "tests/planner/spy.hpp"
#include "tests/planner/toys.hpp"
#include "tests/rssm/support.hpp"

using namespace planet;
using planet::test::copy;
using planet::test::error_of;
using planet::test::every_planner;
using planet::test::Floats;
using planet::test::run;
using planet::test::Spy;
using planet::test::warm;

TEST_CASE("P25 an episode after another is planned as if it were the first") {
  const WorldModel model(miniature_model(), 7);
  for (const PlannerConfig& config : every_planner(4, 3, 40, 6)) {
    INFO(planner_text(config));
    MpcAgent agent(model, warm(config), AgentStreams::collecting(1));
    Spy first, second(1), careless(1), alone(1);
    run(agent, first, 5, 0.3);
    const AgentStreams place = agent.streams();
    agent.reset();
    run(agent, second, 4, 0.3);
    MpcAgent fresh(model, warm(config), place);
    CHECK(run(fresh, alone, 4, 0.3) == second.executed);
    // A planner that is not reset would continue from the last episode's plan. The belief is the
    // same here: it begins at zero either way.
    MpcAgent cold(model, config, place);
    const auto one = cold.act(careless.frame(), 0.3);
    CHECK(copy(one) == alone.executed[0]);  // the first decision is cold
    careless.step(one);
    CHECK(copy(cold.act(careless.frame(), 0.3)) != alone.executed[1]);  // the second is not
  }
}

TEST_CASE("each candidate's start state is a sample of the posterior") {
  const WorldModel model(miniature_model(), 7);
  const ModelConfig& c = model.config();
  PlannerConfig config{"cem", 4, 2, 40, 6};
  const Spy spy;
  MpcAgent shared(model, config, AgentStreams::collecting(2));
  const Floats shared_action = copy(shared.act(spy.frame(), 0));
  config.start_state = "per-candidate";
  MpcAgent agent(model, config, AgentStreams::collecting(2));
  const Floats action = copy(agent.act(spy.frame(), 0));
  CHECK(action != shared_action);
  CHECK(copy(agent.s()) == copy(shared.s()));  // the belief's own sample is unchanged

  // The posterior by hand, and a plan from it.
  Rng rng = AgentStreams::collecting(2).agent, planning = AgentStreams::collecting(2).planner;
  Tape tape(Precision::f32, Mode::inference);
  float* x = nullptr;
  const Var image = tape.uninitialised({1, 8, 8, 3}, &x);
  const auto frame = spy.frame();
  preprocess(frame.data(), 8 * 8 * 3, c.image_bits, rng, x);
  const State zero{tape.zeros({1, 7}), tape.zeros({1, 3})};
  const Var h = rssm_of(model).transition(zero, tape.zeros({1, 2}));
  const Gaussian q = rssm_of(model).posterior(h, model.encode(image));
  LatentDynamics dynamics(model);
  dynamics.start(h.value<float>(), q.mean.value<float>(), q.std.value<float>());
  const auto planner = make_planner(config);
  CHECK(planner->plan(dynamics, planning).actions == agent.plan().actions);
}

TEST_CASE("an option without meaning for an RNN is refused") {
  ModelConfig c = miniature_model();
  choose_latent_model(c, "rnn");
  const WorldModel model(c, 7);
  PlannerConfig config{"cem", 4, 2, 40, 6};
  const auto refusal = [&] {
    return error_of([&] { MpcAgent agent(model, config, AgentStreams::collecting(2)); });
  };
  CHECK(refusal() == "");
  config.samples_per_candidate = 4;
  CHECK(refusal() ==
        "[planner] samples_per_candidate is 4, but all futures of an rnn are the same; it is 1");
  config = {"cem", 4, 2, 40, 6};
  config.start_state = "per-candidate";
  CHECK(refusal() ==
        "[planner] start_state is per-candidate, but an rnn has one state to start from; it is "
        "shared");
}
