// The cost of a plan in multiply-adds, a count that does not depend on the machine's load.
#include <doctest/doctest.h>

#include "planner/latent_dynamics.hpp"
#include "planner/make_planner.hpp"
#include "tests/support/multiply_adds.hpp"

using namespace planet;

TEST_CASE("P43 a plan costs H x I x J steps of the model and nothing else") {
  const ModelConfig c = model_preset("tiny");
  const WorldModel model(c, 1);
  LatentDynamics dynamics(model);
  const std::vector<float> zero_h(64), zero_s(16);
  const auto work = [&](const PlannerConfig& config) {
    Rng stream(0, Stream::planner);
    const auto planner = make_planner(config);
    const test::MultiplyAdds count;
    dynamics.start(zero_h, zero_s);
    planner->plan(dynamics, stream);
    return count.value();
  };
  // One step of one candidate: s, a -> GRU -> prior; then the reward of (h, s).
  const std::int64_t h = 64, s = 16, u = 64, r = 64;
  const std::int64_t step =
      (s + 1) * h + 2 * h * 3 * h + h * u + u * 2 * s + (h + s) * r + r * r + r;
  const PlannerConfig config{.horizon = 12, .iterations = 3, .candidates = 100, .elites = 10};
  const std::int64_t needed = 12 * 3 * 100 * step, once = work(config);
  INFO(once, " multiply-adds, needed ", needed);
  CHECK(once >= needed);
  CHECK(once <= needed * 5 / 4);  // padding to whole registers
  const auto with = [&](auto change) {
    PlannerConfig other = config;
    change(other);
    return work(other);
  };
  // iCEM's population shrinks; several futures multiply the work of every step, and no more.
  PlannerConfig icem = config;
  icem.method = "icem", icem.icem.decay = 2;
  CHECK(icem.rollouts() == 100 + 50 + 25);
  CHECK(work(icem) >= 12 * 175 * step);
  CHECK(work(icem) <= 12 * 175 * step * 5 / 4);
  CHECK(with([](PlannerConfig& x) { x.samples_per_candidate = 3; }) <= 3 * once);
  CHECK(with([](PlannerConfig& x) { x.candidates *= 2; }) <= 2 * once);
  CHECK(with([](PlannerConfig& x) { x.iterations *= 2; }) == 2 * once);
  CHECK(with([](PlannerConfig& x) { x.horizon *= 2; }) == 2 * once);
}
