// eval --oracle: what is measured, held against what is registered. Its rows stand in the CSV, so that
// nothing has to be played here.
#include <doctest/doctest.h>

#include <fstream>

#include "envs/registry.hpp"
#include "nn/files/json.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

// A CSV of ten episodes with these two returns in turn.
void write_returns(const fs::path& file, double a, double b) {
  std::ofstream out(file);
  out << "seed,return\n";
  for (int k = 0; k < 10; ++k) out << 1000 + k << "," << (k % 2 == 0 ? a : b) << "\n";
}

}  // namespace

TEST_CASE("a measured return agrees within three standard errors or a hundredth of the largest") {
  const Scratch scratch;
  const std::string csv = (scratch / "returns.csv").string();
  // point_mass_easy: 384.9 +- 8.5 over 10, the largest 400. With a spread of about 10.5 three
  // combined standard errors are 3 sqrt((8.5^2 + 10.54^2) / 10) = 12.85.
  const auto check = [&](double a, double b) {
    write_returns(csv, a, b);
    return run(scratch, "eval", {"--oracle", "--env", "point_mass_easy", "--csv", csv, "--check"});
  };
  CHECK(check(384.9 + 12.5 - 10, 384.9 + 12.5 + 10).status == 0);
  const Result far = check(384.9 - 13.2 - 10, 384.9 - 13.2 + 10);
  CHECK(far.status == 1);
  CHECK(has(far.out, "differs (13.20 apart, 12.85 may be)"));
  // cartpole_swingup: 851 +- 2 over 5. All alike, the bound is 10 of 1000.
  const auto cartpole = [&](double value) {
    write_returns(csv, value, value);
    return run(scratch, "eval", {"--oracle", "--env", "cartpole_swingup", "--csv", csv, "--check"})
        .status;
  };
  CHECK(cartpole(860.9) == 0);
  CHECK(cartpole(861.1) == 1);
  CHECK(cartpole(840.9) == 1);
}

TEST_CASE("a row of the table has what was measured beside what is registered") {
  const Scratch scratch;
  const std::string csv = (scratch / "returns.csv").string();
  write_returns(csv, 130, 150);
  const Result r = run(scratch, "eval", {"--oracle", "--env", "duel", "--csv", csv, "--row"});
  CHECK(r.out ==
        "| `duel` | oracle | 300/6/30 x16 | 10 | 140.0 ± 10.5 | 140.2 ± 3.1 | 0.2 of 10.2 |\n");
}

TEST_CASE("the oracle's JSON has the registered return and whether the measured one agrees") {
  const Scratch scratch;
  const std::string csv = (scratch / "returns.csv").string();
  const auto json = [&](double value) {
    write_returns(csv, value, value);
    const Result r =
        run(scratch, "eval", {"--oracle", "--env", "cartpole_swingup", "--csv", csv, "--json"});
    CHECK(r.status == 0);  // without --check
    return Json::parse(r.out);
  };
  const Json near = json(860), far = json(870);
  CHECK(near.at("policy").as_string() == "oracle");
  CHECK(near.at("return_mean").as_double() == 860);
  CHECK(near.at("registered").at("mean").as_double() == 851);
  CHECK(near.at("registered").at("episodes").as_int64() == 5);
  CHECK(near.at("agrees").as_bool());
  CHECK_FALSE(far.at("agrees").as_bool());
}

TEST_CASE("only what is registered can be checked") {
  const Scratch scratch;
  const auto error = [&](const Args& more) {
    const Result r = run(scratch, "eval", Args{"--oracle", "--check"} + more);
    CHECK(r.status == 2);
    return r.err;
  };
  CHECK(has(error({"--policy", "zero"}), "no return is registered"));
  CHECK(has(error({"--candidates", "20"}), "leave options of the task and of the planner out"));
  CHECK(has(error({"--env-option", "view=3"}), "leave options of the task"));
}
