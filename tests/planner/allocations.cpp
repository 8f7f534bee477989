// A binary of its own, because it replaces operator new: after warm-up a decision and a plan ask
// for no memory at all, on any thread.
#include <doctest/doctest.h>

#include "autograd/base/parallel.hpp"
#include "planner/agent.hpp"
#include "tests/rssm/support.hpp"
#include "tests/support/counting_new.hpp"

using namespace planet;

TEST_SUITE("planner") {
  TEST_CASE("P43 a decision asks for no memory after warm-up") {
    const WorldModel<float> model(miniature_model(), 7);
    const int before = threads();
    for (const int n : {1, 2}) {
      set_threads(n);
      for (const std::uint32_t B : {1u, 3u}) {
        std::vector<AgentStreams> streams;
        for (std::uint32_t b = 0; b < B; ++b) streams.push_back(AgentStreams::evaluating(1, b));
        PlannerConfig cem;
        cem.iterations = 3;
        cem.candidates = 500;
        MpcAgent agent(model, cem, streams);
        const std::vector<std::uint8_t> frames(B * 8 * 8 * 3, 100);
        for (int i = 0; i < 3; ++i) agent.act(frames, 0.3);
        CHECK(test::allocations > 0);  // the counter counts
        CHECK(test::fewest_allocations_in([&] {
                for (int i = 0; i < 5; ++i) agent.act(frames, 0.3);
                agent.reset();
                agent.act(frames, 0);
              }) == 0);
      }
    }
    set_threads(before);
  }
}
