// MpcAgent in small environments whose frames record the actions.
#include "planner/agent.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "autograd/base/parallel.hpp"
#include "autograd/kernels/random.hpp"
#include "rssm/preprocess.hpp"
#include "tests/planner/spy.hpp"
#include "tests/planner/toys.hpp"
#include "tests/rssm/support.hpp"

using namespace planet;
using planet::test::copy;
using planet::test::error_of;
using planet::test::Floats;
using planet::test::run;
using planet::test::Spy;

namespace {

PlannerConfig small_cem() {
  PlannerConfig c;
  c.horizon = 4, c.iterations = 3, c.candidates = 40, c.elites = 6;
  return c;
}

}  // namespace

TEST_CASE("P15 an episode after another begins with the belief it would have alone") {
  const WorldModel model(miniature_model(), 7);
  MpcAgent agent(model, small_cem(), AgentStreams::collecting(1));
  Spy first;
  run(agent, first, 6, 0.3);
  const AgentStreams place = agent.streams();
  agent.reset();
  CHECK(agent.previous_action()[0] == 0);
  CHECK(copy(agent.h()) == Floats(7, 0.0f));
  CHECK(copy(agent.s()) == Floats(3, 0.0f));
  Spy second(1);
  const auto after = run(agent, second, 1, 0.3);
  const Floats h = copy(agent.h()), s = copy(agent.s());

  MpcAgent fresh(model, small_cem(), place);
  Spy alone(1);
  CHECK(run(fresh, alone, 1, 0.3) == after);
  CHECK(copy(fresh.h()) == h);
  CHECK(copy(fresh.s()) == s);
  // Without the reset the belief would have been different.
  MpcAgent careless(model, small_cem(), AgentStreams::collecting(1));
  Spy again, next(1);
  run(careless, again, 6, 0.3);
  run(careless, next, 1, 0.3);
  CHECK(copy(careless.h()) != h);
}

TEST_CASE("P16 the belief is updated with the executed action") {
  const WorldModel model(miniature_model(), 7);
  const ModelConfig& c = model.config();
  for (const double noise : {0.0, 0.3, 10.0}) {
    MpcAgent agent(model, small_cem(), AgentStreams::collecting(2));
    Spy spy;
    // The same filter by hand, given what the spy recorded. It draws, in the same order, from its
    // own copy of the agent's stream.
    Rng rng = AgentStreams::collecting(2).agent;
    Floats h(7), s(3), a(2), planned(2), h_planned;
    for (int t = 0; t < 5; ++t) {
      const auto frame = spy.frame();
      Tape tape(Precision::f32, Mode::inference);
      float *x = nullptr, *z = nullptr;
      const Var image = tape.uninitialised({1, 8, 8, 3}, &x);
      const Var e = tape.uninitialised({1, 3}, &z);
      preprocess(frame.data(), 8 * 8 * 3, c.image_bits, rng, x);
      kernels::fill_normal(rng, z, 3);
      const State prev{tape.constant(h, {1, 7}), tape.constant(s, {1, 3})};
      const Var h_t = rssm_of(model).transition(prev, tape.constant(a, {1, 2}));
      h_planned =
          copy(rssm_of(model).transition(prev, tape.constant(planned, {1, 2})).value<float>());
      s = copy(sample(rssm_of(model).posterior(h_t, model.encode(image)), e).value<float>());
      h = copy(h_t.value<float>());

      spy.step(agent.act(frame, noise));
      CHECK(copy(agent.h()) == h);
      CHECK(copy(agent.s()) == s);
      if (noise > 0 && t > 0) CHECK(copy(agent.h()) != h_planned);  // not the planned action
      a = spy.executed.back();
      planned = {agent.plan().mean[0], agent.plan().mean[1]};
      CHECK(copy(agent.previous_action()) == a);
      if (noise == 0) CHECK(a == planned);
    }
  }
}

TEST_CASE("P17 no executed action leaves the box with noise 10") {
  const WorldModel model(miniature_model(), 7);
  MpcAgent agent(model, small_cem(), AgentStreams::collecting(3));
  Spy spy;
  int on_bound = 0;
  for (const Floats& a : run(agent, spy, 100, 10.0))
    for (const float x : a) {
      CHECK(std::abs(x) <= 1.0f);
      on_bound += std::abs(x) == 1.0f;
    }
  CHECK(on_bound > 150);  // of 200: noise was added
}

TEST_CASE("P18 an evaluation without noise is repeatable bit for bit") {
  const WorldModel model(miniature_model(), 7);
  const auto evaluate = [&](double noise, std::uint32_t episode) {
    MpcAgent agent(model, small_cem(), AgentStreams::evaluating(1, episode));
    Spy spy;
    auto actions = run(agent, spy, 6, noise);
    // Without noise the exploration stream is not used, and the action is the planned one.
    CHECK((agent.streams().explore.position() == 0) == (noise == 0));
    return actions;
  };
  const auto once = evaluate(0, 0);
  CHECK(evaluate(0, 0) == once);
  CHECK(evaluate(0.3, 0) != once);
  CHECK(evaluate(0, 1) != once);  // another episode draws other numbers
}

TEST_CASE("from the positions of its streams an agent goes on bit for bit") {
  const WorldModel model(miniature_model(), 7);
  MpcAgent agent(model, small_cem(), AgentStreams::collecting(4));
  Spy first, second(1), resumed(1);
  run(agent, first, 4, 0.3);
  const std::uint64_t place[] = {agent.streams().agent.position(),
                                 agent.streams().planner.position(),
                                 agent.streams().explore.position()};
  agent.reset();
  run(agent, second, 4, 0.3);

  MpcAgent other(model, small_cem(), AgentStreams::collecting(4));
  other.streams().agent.seek(place[0]);
  other.streams().planner.seek(place[1]);
  other.streams().explore.seek(place[2]);
  CHECK(run(other, resumed, 4, 0.3) == second.executed);
}

TEST_CASE("actions have the same bits on any number of threads") {
  const WorldModel model(miniature_model(), 7);
  const int before = threads();
  std::vector<std::vector<Floats>> all;
  for (const int n : {1, 2, 3, 7}) {
    set_threads(n);
    PlannerConfig cem = small_cem();
    cem.candidates = 500;
    MpcAgent agent(model, cem, AgentStreams::collecting(5));
    Spy spy;
    all.push_back(run(agent, spy, 4, 0.3));
  }
  set_threads(before);
  for (const auto& actions : all) CHECK(actions == all[0]);
}

TEST_CASE("training between two decisions is seen by the next one") {
  WorldModel model(miniature_model(), 7);
  MpcAgent agent(model, small_cem(), AgentStreams::collecting(6));
  MpcAgent other(model, small_cem(), AgentStreams::collecting(6));
  const Spy spy;
  agent.act(spy.frame(), 0);
  for (std::ptrdiff_t i = 0; i < model.params().size(); ++i)
    model.params().values<float>()[i] *= 1.1f;
  other.act(spy.frame(), 0);
  CHECK(copy(agent.s()) != copy(other.s()));
}

TEST_CASE("agent errors are sentences") {
  const WorldModel model(miniature_model(), 7);
  MpcAgent agent(model, small_cem(), AgentStreams::evaluating(1, 0));
  CHECK(error_of([&] { agent.act(std::vector<std::uint8_t>(193), 0); }) ==
        "[MpcAgent] the frame has 193 bytes; one of 8 by 8 pixels has 192");
  const std::vector<std::uint8_t> frame(192);
  CHECK(error_of([&] { agent.act(frame, -0.1); }) != "");
  CHECK(error_of([&] { agent.act(frame, std::nan("")); }) != "");
  CHECK(error_of([&] { agent.plan(); }) == "[MpcAgent] there is no plan yet; act() makes it");
  agent.act(frame, 0);
  CHECK(agent.plan().mean.size() == 8);
  agent.reset();
  CHECK(error_of([&] { agent.plan(); }) != "");
}
