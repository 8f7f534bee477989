// eval --oracle: what is measured, held against what is registered, and what a file of returns says.
#include "apps/eval/oracle.hpp"

#include <doctest/doctest.h>

#include "apps/common/options/version.hpp"
#include "autograd/base/error.hpp"
#include "nn/files/atomic_file.hpp"
#include "nn/files/json.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

Oracle oracle_of(const std::string& task) {
  OracleFlags flags;
  flags.env = task;
  return read_oracle(flags, {});
}

// Ten episodes with these two returns in turn.
Evaluation measured(double a, double b) {
  Evaluation e;
  for (int k = 0; k < 10; ++k) e.returns.push_back(k % 2 == 0 ? a : b);
  return e;
}

// What eval --oracle says of a request that it does not take.
std::string refusal(const Scratch& scratch, const Args& more) {
  const Result r = run(scratch, "eval", Args{"--oracle"} + more);
  CHECK(r.status == 2);
  return r.err;
}

}  // namespace

TEST_CASE("a measured return agrees within three standard errors or a hundredth of the largest") {
  const auto compare = [](const char* task, double a, double b) {
    return *compare_with_registered(oracle_of(task), measured(a, b));
  };
  // point_mass_easy: 384.9 +- 8.5 over 10, the largest 400. With a spread of about 10.5 three
  // combined standard errors are 3 sqrt((8.5^2 + 10.54^2) / 10) = 12.85.
  CHECK(compare("point_mass_easy", 384.9 + 12.5 - 10, 384.9 + 12.5 + 10).agrees());
  const Agreement far = compare("point_mass_easy", 384.9 - 13.2 - 10, 384.9 - 13.2 + 10);
  CHECK_FALSE(far.agrees());
  CHECK(far.apart == doctest::Approx(13.2));
  CHECK(far.allowed == doctest::Approx(12.85).epsilon(1e-3));
  // cartpole_swingup: 851 +- 2 over 5. All alike, the bound is 10 of 1000.
  CHECK(compare("cartpole_swingup", 860.9, 860.9).agrees());
  CHECK_FALSE(compare("cartpole_swingup", 861.1, 861.1).agrees());
  CHECK_FALSE(compare("cartpole_swingup", 840.9, 840.9).agrees());
}

TEST_CASE("a row of the table has what was measured beside what is registered") {
  CHECK(markdown_row(oracle_of("duel"), measured(130, 150)) ==
        "| `duel` | oracle | 300/6/30 x16 | 10 | 140.0 ± 10.5 | 140.2 ± 3.1 | 0.2 of 10.2 |\n");
}

TEST_CASE("a check plays, whatever the file of returns has") {
  const Scratch scratch;
  const Args args{"--oracle",   "--env", "point_mass_easy", "--policy", "random",
                  "--episodes", "100",   "--csv",           "o.csv",    "--json"};
  const Result played = run(scratch, "eval", args);
  INFO(played.err);
  REQUIRE(played.status == 0);
  const Json json = Json::parse(played.out);
  CHECK(json.at("policy").as_string() == "random");
  CHECK(json.at("registered").at("mean").as_double() == 70.4);
  CHECK(json.at("agrees").as_bool());
  // Returns that nobody would measure, in the file's own words.
  const std::string truth = text_of(scratch / "o.csv");
  std::string text = truth.substr(0, truth.find('\n') + 1);
  const std::string constant = truth.substr(truth.find(",point_mass_easy"));
  for (int k = 0; k < 100; ++k)
    text += cat(1000 + k, ",399", constant.substr(0, constant.find('\n') + 1));
  write_text_atomically(scratch / "o.csv", text);
  CHECK(Json::parse(run(scratch, "eval", args).out).at("return_mean").as_double() == 399);
  CHECK(run(scratch, "eval", args + Args{"--check"}).status == 0);
  CHECK(text_of(scratch / "o.csv") == truth);
}

TEST_CASE("a file of returns says what was measured, and another request is refused") {
  const Scratch scratch;
  const Args budget{"--candidates", "4", "--elites", "2", "--iterations", "1"};
  const auto measure = [&](const Args& more) {
    return run(scratch, "eval",
               Args{"--oracle", "--episodes", "1", "--csv", "o.csv", "--threads", "1"} + more);
  };
  const Result first = measure(Args{"--env", "duel", "--env-option", "view=3"} + budget);
  INFO(first.err);
  REQUIRE(first.status == 0);
  const std::string file = text_of(scratch / "o.csv");
  CHECK(file.starts_with("seed,return,env,env_options,policy,planner,future,version\n1000,"));
  CHECK(has(file, ",duel,view=3,oracle,cem horizon=12 iterations=1 candidates=4 elites=2 "));
  CHECK(has(file, ",shared x16,\"" + version_text() + "\"\n"));
  CHECK(measure(Args{"--env", "duel", "--env-option", "view=3"} + budget).out.substr(0, 40) ==
        first.out.substr(0, 40));
  const auto refused = [&](const Args& more, const std::string& sentence) {
    const Result r = measure(more);
    INFO(r.err);
    CHECK(r.status == 2);
    CHECK(r.out.empty());
    CHECK(has(r.err, "o.csv holds returns whose " + sentence));
    CHECK(text_of(scratch / "o.csv") == file);
  };
  refused(Args{"--env", "duel"} + budget, "env_options is 'view=3', and here it is ''");
  refused({"--env", "pendulum_swingup", "--policy", "random"}, "env is 'duel', and here it is");
  refused({"--env", "duel", "--env-option", "view=3", "--policy", "random"}, "policy is 'oracle'");
  refused(Args{"--env", "duel", "--env-option", "view=3", "--horizon", "6"} + budget, "planner is");
  refused(Args{"--env", "duel", "--env-option", "view=3", "--future", "one"} + budget, "future is");
  refused(Args{"--env", "duel", "--env-option", "view=3", "--state-error", "0.5"} + budget,
          "future is 'shared x16', and here it is 'shared x16, state off by 0.5'");
  std::string older = file;
  older.replace(older.find("planet "), 7, "planet-old ");
  write_text_atomically(scratch / "o.csv", older);
  const Result r = measure(Args{"--env", "duel", "--env-option", "view=3"} + budget);
  CHECK(r.status == 2);
  CHECK(has(r.err, "whose version is 'planet-old"));
  write_text_atomically(scratch / "o.csv", "seed,return\n1000,1\n");
  CHECK(has(measure({"--env", "duel"}).err, "o.csv has no column 'env'"));
}

TEST_CASE("only what is registered can be checked") {
  const Scratch scratch;
  const auto error = [&](const Args& more) { return refusal(scratch, Args{"--check"} + more); };
  CHECK(has(error({"--policy", "zero"}), "no return is registered"));
  CHECK(has(error({"--candidates", "20"}), "leave options of the task and of the planner out"));
  CHECK(has(error({"--env-option", "view=3"}), "leave options of the task"));
  CHECK(has(error({"--state-error", "0.1"}), "leave options of the task"));
}

TEST_CASE("an oracle may know its state roughly, random actions know nothing") {
  const Scratch scratch;
  const Args rough{"--oracle", "--env", "point_mass_easy", "--episodes", "1", "--candidates", "4",
                   "--elites", "2",     "--state-error",   "0.5"};
  CHECK(has(run(scratch, "eval", rough).out, ", future one, state off by 0.5\n"));
  const Json json = Json::parse(run(scratch, "eval", rough + Args{"--json"}).out);
  CHECK(json.at("state_error").as_double() == 0.5);
  const auto error = [&](const Args& more) {
    return refusal(scratch, Args{"--state-error"} + more);
  };
  CHECK(has(error({"-0.1"}), "--state-error is -0.1; it must be finite and at least 0"));
  CHECK(has(error({"much"}), "--state-error is 'much'"));
  CHECK(has(error({"0.1", "--policy", "random"}), "--state-error is for --policy oracle"));
}
