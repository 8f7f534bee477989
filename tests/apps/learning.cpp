// Am I learning? What train says before, during and after about the return.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include "apps/common/options/recipes.hpp"
#include "apps/common/options/run_config.hpp"
#include "apps/common/report/verdict.hpp"
#include "envs/numbers.hpp"
#include "envs/registry.hpp"
#include "tests/apps/csv.hpp"
#include "tests/apps/programs.hpp"
#include "tests/apps/terminal.hpp"

namespace planet::test {
namespace {

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

// The task's own time limit, so that its score holds.
const Args with_score{"--env-option", "time_limit=200"};

}  // namespace

TEST_CASE("the verdict is learned, rising or flat") {
  std::vector<double> rising, noisy;
  for (int i = 0; i < 12; ++i) {
    rising.push_back(10 * i + (i % 2 == 0 ? 1 : -1));
    noisy.push_back(100 + (i % 2 == 0 ? 30 : -30) + i);
  }
  CHECK(judge(0.9, noisy) == Verdict::learned);
  CHECK(judge(0.89, rising) == Verdict::rising);
  CHECK(judge(std::nullopt, rising) == Verdict::rising);
  CHECK(judge(0.89, noisy) == Verdict::flat);  // 4 above, with a standard error of 24
  std::ranges::reverse(rising);
  CHECK(judge(0.2, rising) == Verdict::flat);
  CHECK(judge(0.2, std::vector<double>(8, 1.0)) == Verdict::unclear);
  // A score just below 0.9 is not called a failure.
  CHECK(
      verdict_line(0.89, noisy) ==
      "a score below 0.9, and the last third of the returns is not clearly above the middle third");
  CHECK(verdict_line(std::nullopt, noisy) ==
        "the last third of the returns is not clearly above the middle third");
  // Exactly at the border: thirds {0, 2, 1} and above, each with a squared error of 1/3.
  const double two_errors = 2 * std::sqrt(2.0 / 3);
  for (const auto& [more, verdict] :
       {std::pair{0.999, Verdict::flat}, std::pair{1.001, Verdict::rising}}) {
    std::vector<double> returns{5, 5, 5, 0, 2, 1};
    for (const double r : {0.0, 2.0, 1.0}) returns.push_back(r + more * two_errors);
    CHECK(judge(0, returns) == verdict);
  }
}

TEST_CASE("the verdict says what too few updates are") {
  RunConfig config;
  const std::vector<double> flat(9, 100.0);
  CHECK(verdict_text(config, 0.95, flat, 300) == "learned: a score of at least 0.9");
  CHECK(has(verdict_text(config, 0.1, flat, 300),
            "made 300 updates; runs of this task that learn needed about 1,000"));
  CHECK(!has(verdict_text(config, 0.1, flat, 1000), "updates"));
  CHECK(!has(verdict_text(config, std::nullopt, flat, 300), "updates"));
}

TEST_CASE("a recipe's updates are those of the committed runs") {
  int tasks = 0;
  for (const EnvSpec& spec : list_envs()) {
    const int said = recipe_of(spec.name).updates_to_learn;
    if (said == 0) continue;
    CAPTURE(spec.name);
    ++tasks;
    const double C = task_defaults(spec.name).updates_per_episode;
    std::map<std::string, std::vector<double>> scores;  // a round each
    for (const auto& entry :
         fs::directory_iterator(fs::path(PLANET_SOURCE_DIR) / "apps/studies/learning")) {
      const std::string file = entry.path().filename().string();
      if (!file.starts_with(spec.name + "-") || !file.ends_with("-curves.csv")) continue;
      for (const CsvRow& row : read_csv(entry.path()))
        if (const auto r = parse_number(row.at("train/return")))
          scores[row.at("run")].push_back(*env_score(spec, {}, *r));
    }
    // A row of the paper's study: the mean of twenty rounds.
    std::vector<double> updates;
    std::set<std::string> learned;
    for (const CsvRow& row :
         read_csv(fs::path(PLANET_SOURCE_DIR) / "apps/studies/paper/curves.csv"))
      if (row.at("task") == spec.name && *env_score(spec, {}, std::stod(row.at("return"))) >= 0.5 &&
          learned.insert(row.at("run")).second)
        updates.push_back(C * (std::stod(row.at("episodes")) - 5));
    if (!updates.empty()) scores.clear();  // one study or the other
    for (const auto& [run, s] : scores)
      for (std::size_t i = 5; i <= s.size(); ++i)
        if (median({s.begin() + static_cast<std::ptrdiff_t>(i) - 5,
                    s.begin() + static_cast<std::ptrdiff_t>(i)}) >= 0.5) {
          updates.push_back(C * static_cast<double>(i));
          break;
        }
    REQUIRE(!updates.empty());
    CHECK(said > 0.6 * median(updates));
    CHECK(said < 1.6 * median(updates));
  }
  CHECK(tasks >= 5);
}

TEST_CASE("train says where the score lies and whether it learned") {
  const Scratch scratch;
  const Result r =
      run(scratch, "train", smallest("run", with_score + Args{"--total-episodes", "3"}));
  INFO(r.err);
  REQUIRE(r.status == 0);
  CHECK(has(r.err, "\nscore    0 = random 125.3, 1 = planner in the true simulator 189.4\n"));
  CHECK(has(
      r.out,
      "\nverdict     a score below 0.9, and too few episodes to say whether the returns rise\n"));
  CHECK(has(r.out, "made 3 updates; runs of this task that learn needed about 1,000\n"));
  CHECK(has(r.out, "train --resume run --total-episodes 6\n"));
  const Result none = run(scratch, "train", smallest("short"));
  CHECK(has(none.err, "\nscore    none: its scale holds for the task's own settings only\n"));
}

TEST_CASE("train's lines fit 80 columns") {
  const Scratch scratch;
  for (const char* env : {"pendulum_swingup", "cheetah_run"}) {
    const Args args = smallest(env, {"--env", env});
    const PtyResult r = run_in_terminal(scratch, {80, 24}, "train", args);
    REQUIRE(r.status == 0);
    std::istringstream in(text_of(scratch / env / "log.txt"));
    int rows = 0;
    for (std::string line; std::getline(in, line); ++rows) {
      INFO(line);
      CHECK(line.size() <= 80);
    }
    CHECK(rows > 10);
    CHECK(has(r.text, "evaluating: decision "));
    // A terminal without a cursor to move gets lines and nothing else.
    const PtyResult dumb = run_in_terminal(scratch, {80, 24, {{"TERM", "dumb"}}}, "train",
                                           smallest(std::string(env) + "-dumb", {"--env", env}));
    CHECK(!has(dumb.text, "\033"));
  }
}

TEST_CASE("early looks change nothing and are not of the result's episodes") {
  const Scratch scratch;
  const auto train = [&](const char* folder, const Args& options) {
    const Result r =
        run(scratch, "train", smallest(folder, Args{"--total-episodes", "0"} + options));
    INFO(r.err);
    REQUIRE(r.status == 0);
  };
  // With a limit of seconds they come early enough to be seen here, and episodes of ten decisions are short
  // enough also on a machine that is busy with other things.
  const Args short_ones{"--env-option", "time_limit=20"};
  train("looked", short_ones + Args{"--time-limit", "4s"});
  CHECK(has(text_of(scratch / "looked" / "log.txt"), "early look at "));
  for (const CsvRow& row : read_csv(scratch / "looked" / "metrics.csv"))
    CHECK((row.at("eval/return_mean").empty() || !row.at("time/evaluate").empty()));
  const std::string updates = text_of(scratch / "looked" / "checkpoints" / "latest");
  train("never",
        short_ones + Args{"--eval-every", "never", "--total-updates", cat(std::stoll(updates))});
  for (const char* file : {"model.safetensors", "optimizer.safetensors"}) {
    CAPTURE(file);
    CHECK(same_tensors(latest(scratch / "looked") / file, latest(scratch / "never") / file));
  }
}

TEST_CASE("a time limit without room to learn is refused with what would be enough") {
  const Scratch scratch;
  const Result r =
      run(scratch, "train", smallest("run", {"--time-limit", "1s", "--eval-episodes", "5000"}));
  INFO(r.err);
  CHECK(r.status == 2);
  CHECK(has(r.err,
            "--time-limit 1s leaves no room to learn: the evaluation at the end takes about "));
  CHECK(has(r.err, "train --resume run --time-limit "));
  CHECK(r.out.empty());
}

}  // namespace planet::test
