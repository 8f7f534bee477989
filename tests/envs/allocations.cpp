// A binary of its own, because it replaces operator new: what a planner in the true simulator calls
// millions of times, and what an episode does at every decision, allocates no memory.
#include <doctest/doctest.h>

#include <vector>

#include "tests/support/counting_new.hpp"
#include "tests/worlds/worlds.hpp"

using namespace planet;

TEST_CASE("set_state and step and render allocate no memory") {
  for (const EnvSpec& spec : test::every_world()) {
    CAPTURE(spec.name);
    const auto env = make_env(spec);
    env->reset(1);
    const std::vector<double> state = env->state(),
                              action(static_cast<std::size_t>(env->action_size()), 0.3);
    std::vector<std::uint8_t> pixels(env->image_bytes());
    const long before = test::allocations;
    double total = 0;
    for (int k = 0; k < 50; ++k) {
      if (k % 5 == 0) env->set_state(state);
      const StepResult result = env->step(action);
      total += result.reward;
      env->render(pixels);
      if (result.done()) env->reset();
    }
    const long after = test::allocations;
    CHECK(after == before);
    CHECK(before > 0);  // the counter works
    CHECK(total >= 0);
  }
}
