// plan: the search that is shown is the agent's own, and what is said of it can be added up again.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "apps/common/foresight/open_loop.hpp"
#include "apps/common/foresight/search.hpp"
#include "apps/common/options/values.hpp"
#include "apps/common/run/checkpoint.hpp"
#include "autograd/base/error.hpp"
#include "planner/agent.hpp"
#include "tests/apps/csv.hpp"
#include "tests/apps/xml.hpp"
#include "tests/support/png.hpp"

using namespace planet;
using namespace planet::test;

namespace {

// Two iterations of three candidates, H = 2, A = 2; number j of step t is 100 j + 10 t + a.
PlanTrace by_hand() {
  PlanTrace trace;
  for (const float shift : {0.0f, 1000.0f}) {
    PlanTrace::Iteration it;
    it.candidates = 3;
    it.mean = {0, 0.1f, 0.2f, 0.3f};
    it.std = {1, 1, 0.5f, 0.5f};
    for (const float t : {0.0f, 1.0f})
      for (const float j : {0.0f, 1.0f, 2.0f})
        for (const float a : {0.0f, 1.0f}) it.actions.push_back(shift + 100 * j + 10 * t + a);
    it.returns = {4, 1, 7};
    it.elites = {0, 2};
    trace.iterations.push_back(it);
  }
  trace.iterations[1].returns = {NAN, 3, 9};
  trace.iterations[1].elites = {1, 2};
  return trace;
}

}  // namespace

TEST_CASE("the best and the worst candidate of a search by hand") {
  const PlanTrace trace = by_hand();
  const ScoredCandidate best = best_candidate(trace, 2), worst = worst_candidate(trace, 2);
  CHECK((best.iteration == 1 && best.j == 2 && best.value == 9));
  CHECK(best.actions == std::vector<float>{1200, 1201, 1210, 1211});
  CHECK((worst.iteration == 0 && worst.j == 1 && worst.value == 1));
  CHECK(worst.actions == std::vector<float>{100, 101, 110, 111});
  PlanTrace nothing = trace;
  for (auto& it : nothing.iterations) std::ranges::fill(it.returns, INFINITY);
  CHECK_THROWS_AS(best_candidate(nothing, 2), Error);

  const SearchSummary first = summarise(trace.iterations[0]);
  CHECK((first.worst == 1 && first.mean == 4 && first.best == 7));
  CHECK((first.elites == 5.5 && first.spread == 0.75));
  const SearchSummary second = summarise(trace.iterations[1]);  // the NaN does not count
  CHECK((second.worst == 3 && second.mean == 6 && second.best == 9 && second.elites == 6));
}

TEST_CASE("tables of a search have bars only where they are asked for") {
  const PlanTrace trace = by_hand();
  Plan plan;
  plan.actions = {1, -0.5f, 0, 0.25f};
  plan.mean = plan.actions;
  plan.std = {0.1f, 0.1f, 0.1f, 0.1f};
  const std::string lines = search_table(trace, false);
  CHECK(lines ==
        "iteration  candidates    worst     mean     best   elites   spread\n"
        "        1           3    1.000    4.000    7.000    5.500    0.750\n"
        "        2           3    3.000    6.000    9.000    6.000    0.750\n");
  // From 1 to 9: (5.5 - 1) / 8 of 16 cells is nine; 0.75 of ten is eight.
  const auto blocks = [](int n) {
    std::string s;
    for (int i = 0; i < n; ++i) s += "\u2588";
    return s;
  };
  CHECK(search_table(trace, true).find("elites " + blocks(9) + "\u00b7") != std::string::npos);
  CHECK(search_table(trace, true).find("spread " + blocks(8) + "\u00b7") != std::string::npos);
  CHECK(plan_table(plan, 2, false) ==
        "step  action 0  action 1\n   1     1.000    -0.500\n   2     0.000     0.250\n");
  const std::string drawn = plan_table(plan, 2, true);
  CHECK(drawn.find("\u2502" + blocks(8) + "    -0.500") != std::string::npos);  // all to the right
  CHECK(drawn.find("\u00b7" + blocks(4) + "\u2502\u00b7") !=
        std::string::npos);  // half to the left
  CHECK(xml_fault(search_svg(trace, plan, 2)) == "");
  PlotOptions options;
  options.levels.emplace_back(5, "plan");
  CHECK(xml_fault(returns_svg(trace, options)) == "");
}

TEST_CASE("imagined actions begin at the state and follow the actions") {
  const Scratch scratch;
  REQUIRE(run(scratch, "train", smallest(scratch / "run", {"--total-episodes", "2"})).status == 0);
  const LoadedModel loaded = load_model(scratch / "run");
  const std::vector<float> h(8, 0.1f), s{0.2f, -0.3f, 0.4f, 0.5f}, actions{0.5f, -1, 0.25f};
  const OpenLoop a = imagine_actions(*loaded.model, h, s, actions, 2, 1);
  CHECK((a.T == 4 && a.K == 2 && a.F == 12));
  const std::span<const float> start = a.features_at(0);
  CHECK(std::ranges::equal(start.subspan(0, 4), s));
  CHECK(std::ranges::equal(start.subspan(4, 8), h));
  std::vector<float> other = actions;
  other[2] = 1;  // leads to row 3
  const OpenLoop b = imagine_actions(*loaded.model, h, s, other, 2, 1);
  for (std::ptrdiff_t t = 0; t < 4; ++t)
    CHECK(std::ranges::equal(a.features_at(t), b.features_at(t)) == (t < 3));
  CHECK_THROWS_AS(imagine_actions(*loaded.model, h, h, actions, 2, 1), Error);
}

TEST_CASE("the search that is shown is the agent's own") {
  const Scratch scratch;
  REQUIRE(run(scratch, "train", smallest(scratch / "run")).status == 0);
  const Args args{"run", "--decisions", "6", "--seed", "1001"};
  const Result r = run(scratch, "plan", args + Args{"--threads", "1"});
  INFO(r.err);
  REQUIRE(r.status == 0);
  const fs::path out = scratch / "run" / "plans" / latest(scratch / "run").filename();
  std::vector<std::string> names;
  for (const auto& [name, text] : contents(out)) names.push_back(name);
  CHECK(names == std::vector<std::string>{"plan.png", "returns.svg", "search.csv", "search.svg"});
  for (const char* name : {"returns.svg", "search.svg"})
    CHECK(xml_fault(text_of(out / name)) == "");
  CHECK(read_png(out / "plan.png").width > 4 * 64);  // now and three steps
  CHECK(r.out.find("\u2588") == std::string::npos);  // no bars: not a terminal
  REQUIRE(run(scratch, "plan", args + Args{"--out", "again", "--threads", "3"}).status == 0);
  CHECK(contents(out) == contents(scratch / "again"));

  // Two iterations of ten candidates, two elites each: those of highest return. The mean of the
  // last ones is the plan, and its first action is what the agent does there in `play`.
  const std::vector<CsvRow> rows = read_csv(out / "search.csv");
  REQUIRE(rows.size() == 20);
  double planned = 0;
  for (const char* iteration : {"1", "2"}) {
    std::vector<double> returns, elites;
    for (const CsvRow& row : rows) {
      if (row.at("iteration") != iteration) continue;
      returns.push_back(std::stod(row.at("return")));
      if (row.at("elite") != "1") continue;
      elites.push_back(returns.back());
      if (std::string(iteration) == "2") planned += std::stod(row.at("action_1_0")) / 2;
    }
    REQUIRE((returns.size() == 10 && elites.size() == 2));
    std::sort(returns.rbegin(), returns.rend());
    std::sort(elites.rbegin(), elites.rend());
    CHECK((elites[0] == returns[0] && elites[1] == returns[1]));
  }
  REQUIRE(run(scratch, "play", {"run", "--seed", "1001", "--trajectory", "t.csv"}).status == 0);
  const double played = std::stod(read_csv(scratch / "t.csv").at(12).at("action_0"));
  CHECK(std::abs(played - planned) < 2e-6);

  // The returns at the end: an agent of our own up to that decision, its plan imagined again.
  const LoadedModel loaded = load_model(scratch / "run");
  const RunConfig& c = loaded.config;
  const auto env = make_env(c.env, c.make_env_options());
  MpcAgent agent(*loaded.model, c.planner, AgentStreams::evaluating(c.seed, 1));
  env->reset(1001);
  for (int i = 0; i < 6; ++i) env->step(agent.act(env->render(), 0));
  agent.act(env->render(), 0);
  const std::vector<float>& actions = agent.plan().actions;
  const OpenLoop again = imagine_actions(*loaded.model, agent.h(), agent.s(), actions, 32, 1001);
  double imagined = 0, really = 0;
  for (std::ptrdiff_t t = 1; t < again.T; ++t) {
    for (const float reward : again.reward_at(t)) imagined += double{reward} / 32;
    really += env->step(std::span(actions).subspan(static_cast<std::size_t>(t - 1), 1)).reward;
  }
  CHECK(r.out.find(cat("plan      in the true world ", fixed(really, 3), ", imagined again ",
                       fixed(imagined, 3), " +- ")) != std::string::npos);
}

TEST_CASE("plan says what is wrong") {
  const Scratch scratch;
  REQUIRE(run(scratch, "train", smallest(scratch / "run", {"--total-episodes", "2"})).status == 0);
  const auto says = [&](const Args& more, const std::string& words) {
    const Result r = run(scratch, "plan", Args{"run"} + more);
    INFO(r.err);
    CHECK(r.status == 2);
    CHECK(r.out.empty());
    CHECK(r.err.find(words) != std::string::npos);
  };
  says({"--decisions", "10"}, "--decisions is 10, but the episode from seed 1000 ends after 10");
  says({"--decisions", "-1"}, "--decisions is -1; it must be at least 0");
  says({"--iterations", "0"}, "--iterations is 0; there would be no search to show");
  says({"--elites", "11"}, "elites (K) is 11");
  says({"--futures", "1"}, "--futures is 1; a spread needs at least 2");
  says({"--candidtes", "5"}, "did you mean '--candidates'");
  says({"--batch-size", "5"}, "there is no option --batch-size");
  const Result r =
      run(scratch, "plan", {"run", "--iterations", "1", "--candidates", "4", "--decisions", "2"});
  INFO(r.err);
  REQUIRE(r.status == 0);
  CHECK(r.out.find("H 3, I 1, J 4, K 2") != std::string::npos);
}
