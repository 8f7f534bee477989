// A binary of its own, because it replaces operator new: after warm-up a decision and a plan
// allocate no memory, on any thread.
#include <doctest/doctest.h>

#include <utility>

#include "autograd/base/parallel.hpp"
#include "planner/agent.hpp"
#include "tests/planner/toys.hpp"
#include "tests/rssm/support.hpp"
#include "tests/support/counting_new.hpp"

using namespace planet;

namespace {

// Every method, with its defaults and with all options that carry, share or draw more.
std::vector<PlannerConfig> planners() {
  std::vector<PlannerConfig> all = planet::test::every_planner(12, 3, 500, 100);
  for (std::size_t i = 0, n = all.size(); i < n; ++i) {
    PlannerConfig more = planet::test::warm(all[i]);
    more.samples_per_candidate = 2;
    more.start_state = "per-candidate";
    all.push_back(more);
  }
  return all;
}

}  // namespace

TEST_CASE("P43 a decision allocates no memory after warm-up") {
  const WorldModel in_f32(miniature_model(), 7), in_bf16(miniature_model(), 7, Precision::bf16);
  const int before = threads();
  for (const auto& [n, of] : {std::pair{1, &in_f32}, {2, &in_f32}, {5, &in_f32}, {2, &in_bf16}}) {
    const WorldModel& model = *of;
    set_threads(n);
    for (const PlannerConfig& planner : planners()) {
      INFO(planner_text(planner), ", ", threads(), " threads, ", name(model.precision()));
      MpcAgent agent(model, planner, AgentStreams::evaluating(1, 0));
      const std::vector<std::uint8_t> frame(8 * 8 * 3, 100);
      for (int i = 0; i < 3; ++i) agent.act(frame, 0.3);
      CHECK(test::allocations > 0);  // the counter works
      CHECK(test::allocations_in([&] {
              for (int i = 0; i < 5; ++i) agent.act(frame, 0.3);
              agent.reset();
              agent.act(frame, 0);
            }) == 0);
    }
  }
  set_threads(before);
}
