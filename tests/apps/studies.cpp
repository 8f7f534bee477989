// The studies' scripts, on models of a handful of numbers: what they write, and that they go on.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <thread>

#include "apps/common/files/csv_table.hpp"
#include "autograd/base/error.hpp"
#include "nn/files/atomic_file.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

namespace {

const Args small_net{"--image-size",   "16", "--batch-size", "2", "--batch-length",  "4",
                     "--deter-size",   "8",  "--stoch-size", "4", "--hidden-size",   "8",
                     "--reward-units", "8",  "--horizon",    "3", "--iterations",    "1",
                     "--candidates",   "4",  "--elites",     "2", "--seed-episodes", "2"};

std::string words(const Args& args) {
  std::string text;
  for (const std::string& arg : args) text += arg + " ";
  return text;
}

// Runs apps/studies/NAME/run.sh for the trainings that match `only`.
Result study(const Scratch& scratch, const std::string& name, const std::string& only,
             const Args& more = {"--updates-per-episode", "2", "--total-episodes", "3"}) {
  return run(scratch, "/usr/bin/env",
             {"BIN=" PLANET_BINARY_DIR "/bin", "RUNS=" + (scratch / "runs").string(),
              "TABLES=" + (scratch / name).string(), "ONLY=" + only, "EPISODES=2",
              "SMALLER=" + words(small_net + more), "bash",
              PLANET_SOURCE_DIR "/apps/studies/" + name + "/run.sh"});
}

// What the script has train do, with a checkpoint every episode.
Args two_futures(const fs::path& training, const Args& more) {
  const Args fixed{"--config",
                   PLANET_SOURCE_DIR "/apps/studies/two_futures/train.toml",
                   "--model",
                   "rssm",
                   "--seed",
                   "1",
                   "--logdir",
                   training.string(),
                   "--checkpoint-every",
                   "1"};
  return fixed + small_net + more;
}

void wait_for_checkpoint(const fs::path& training) {
  for (int i = 0; i < 6000 && !fs::exists(training / "checkpoints" / "latest"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  REQUIRE(fs::exists(training / "checkpoints" / "latest"));
}

std::size_t lines(const fs::path& file) {
  const std::string text = text_of(file);
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

double mean_of_first_returns(const fs::path& metrics, int n) {
  double sum = 0;
  int left = n;
  const CsvTable table = CsvTable::read(metrics);
  for (const auto& row : table.rows())
    if (!row[4].empty() && left-- > 0) sum += std::stod(row[4]);
  REQUIRE(left <= 0);
  return sum / n;
}

void expect(const Result& r) {
  INFO(r.err);
  CHECK(r.status == 0);
}

}  // namespace

TEST_CASE("a study has one row per training and skips finished ones") {
  const Scratch scratch;
  const fs::path table = scratch / "two_futures" / "results.csv";
  expect(study(scratch, "two_futures", "ssm-2"));
  CHECK(lines(table) == 2);
  expect(study(scratch, "two_futures", "r*-1"));
  const std::string all = text_of(table);
  CHECK(lines(table) == 4);
  CHECK(all.starts_with("run,env,hidden,model,seed,"));
  CHECK(all.find("\nrnn-1,peg_catch,0,rnn,1,12,64,") <
        all.find("\nrssm-1,peg_catch,0,rssm,1,12,64,"));
  CHECK(all.find("\nrssm-1,") < all.find("\nssm-2,peg_catch,0,ssm,2,12,64,"));
  for (const char* file : {"shares.svg", "energy.svg", "table.md"})
    CHECK(fs::exists(scratch / "two_futures" / file));
  // What stands is not made again, though its run is gone.
  fs::remove_all(scratch / "runs");
  expect(study(scratch, "two_futures", "r*-1"));
  CHECK(text_of(table) == all);
  CHECK(!fs::exists(scratch / "runs" / "two_futures" / "rnn-1"));
  // But not under other settings, which the names do not hold.
  const Result other = study(scratch, "two_futures", "r*-1",
                             {"--updates-per-episode", "3", "--total-episodes", "3"});
  CHECK(other.status == 2);
  CHECK(other.err.find("the rows of rnn-1 were made with other settings") != std::string::npos);
  CHECK(text_of(table) == all);
  // What another version made stands, and is said to.
  const fs::path made = scratch / "two_futures" / "made.csv";
  std::string text = text_of(made);
  CHECK(CsvTable::read(made).rows().size() == 3);
  text.replace(text.find("planet "), 7, "planet-old ");
  write_text_atomically(made, text);
  const Result older = study(scratch, "two_futures", "r*-1");
  expect(older);
  CHECK(older.out.find("1 of those that stand were not made by planet ") != std::string::npos);
}

TEST_CASE("a study resumes an interrupted training and measures a finished one") {
  const Scratch scratch;
  const Args more{"--updates-per-episode", "20", "--total-episodes", "30"};
  const fs::path table = scratch / "two_futures" / "results.csv";
  expect(study(scratch, "two_futures", "rssm-1", more));
  const std::string whole = text_of(table);
  // Trained to its end, but killed before its row was written.
  fs::remove(table);
  expect(study(scratch, "two_futures", "rssm-1", more));
  CHECK(text_of(table) == whole);
  CHECK(lines(scratch / "runs" / "two_futures" / "rssm-1" / "command.txt") == 4);
  // Killed while it trained.
  fs::remove(table);
  const fs::path training = scratch / "runs" / "two_futures" / "rssm-1";
  fs::remove_all(training);
  Process process(scratch, "train", two_futures(training, more));
  wait_for_checkpoint(training);
  process.signal(SIGKILL);
  process.wait();
  expect(study(scratch, "two_futures", "rssm-1", more));
  CHECK(text_of(table) == whole);
  CHECK(text_of(training / "command.txt").find("--resume") != std::string::npos);
}

TEST_CASE("a study fails when a training fails and does not measure it") {
  const Scratch scratch;
  const fs::path table = scratch / "two_futures" / "results.csv";
  const auto fails = [&](const Args& more, const std::string& sentence) {
    const Result r = study(scratch, "two_futures", "rssm-1", more);
    INFO(r.err);
    CHECK(r.status != 0);
    CHECK(r.err.find("two_futures: rssm-1 did not finish (status 2). train: ") !=
          std::string::npos);
    CHECK(r.err.find(sentence) != std::string::npos);
    CHECK(!fs::exists(table));
  };
  fails({"--total-episodes", "1"}, "total_episodes is 1");
  // Another process is at work on it, and has a checkpoint that could be measured.
  const fs::path training = scratch / "runs" / "two_futures" / "rssm-1";
  Process process(scratch, "train", two_futures(training, {"--total-episodes", "0"}));
  wait_for_checkpoint(training);
  fails({}, "is in use by another process");
}

TEST_CASE("the other studies write their rows and tables") {
  const Scratch scratch;
  const auto column = [&](const std::string& study, const std::string& title) {
    const CsvTable table = CsvTable::read(scratch / study / "results.csv");
    std::vector<std::string> cells;
    for (const auto& row : table.rows()) cells.push_back(row[table.column("", title)]);
    return cells;
  };
  using Cells = std::vector<std::string>;
  expect(study(scratch, "precision", "pendulum_swingup-bf16-1"));
  CHECK(column("precision", "precision") == Cells{"bf16", "bf16"});
  expect(study(scratch, "memory", "peg_cued-16-*-3"));
  CHECK(column("memory", "hidden") == Cells{"16", "16"});
  CHECK(column("memory", "model") == Cells{"rssm", "ssm"});

  expect(study(scratch, "paper", "cup_catch-1000-1"));
  CHECK(column("paper", "task") == Cells{"cup_catch", "cup_catch"});
  CHECK(column("paper", "candidates") == Cells{"4", "400"});
  CHECK(column("paper", "elites") == Cells{"2", "200"});
  CHECK(column("paper", "played") == Cells{"2", "2"});

  expect(study(scratch, "overshooting", "ssm-4-1"));
  CHECK(column("overshooting", "run") == Cells{"ssm-4-1"});
  CHECK(column("overshooting", "model") == Cells{"ssm D=4"});
  const CsvTable steps = CsvTable::read(scratch / "overshooting" / "horizons.csv");
  for (const char* measure : {"image", "reward"}) {
    Cells horizons;
    for (const auto& row : steps.rows())
      if (row[1] == "ssm D=4" && row[2] == measure) horizons.push_back(row[3]);
    REQUIRE(horizons.size() == 45);  // 50 rows, of which 5 are seen
    CHECK(horizons.front() == "1");
    CHECK(horizons.back() == "45");
  }

  expect(study(scratch, "honest_agents", "duel-2"));
  CHECK(column("honest_agents", "env_seed") == Cells{"1000", "1001"});
  const Cells one = column("honest_agents", "one"), sixteen = column("honest_agents", "sixteen"),
              gain = column("honest_agents", "gain");
  CHECK(one != sixteen);
  for (std::size_t i = 0; i < 2; ++i)
    CHECK(std::stod(gain[i]) ==
          doctest::Approx(std::stod(sixteen[i]) - std::stod(one[i])).epsilon(1e-4));

  expect(study(scratch, "agents", "pendulum_swingup-rnn-1",
               {"--updates-per-episode", "1", "--total-episodes", "13"}));
  CHECK(column("agents", "updates") == Cells{"11"});
  const CsvTable curve = CsvTable::read(scratch / "agents" / "curves.csv");
  REQUIRE(curve.rows().size() == 1);  // of eleven planned episodes the first ten
  CHECK(curve.rows()[0][4] == "12");
  CHECK(std::stod(curve.rows()[0][6]) ==
        doctest::Approx(mean_of_first_returns(
            scratch / "runs" / "agents" / "pendulum_swingup-rnn-1" / "metrics.csv", 10)));

  expect(study(scratch, "horizon", "*-04"));
  CHECK(column("horizon", "world") == Cells{"learned", "learned", "simulator", "simulator"});
  CHECK(column("horizon", "env_seed") == Cells{"1000", "1001", "1000", "1001"});
  for (const char* file :
       {"memory/true_side.svg", "overshooting/image.svg", "overshooting/reward.svg",
        "honest_agents/duel.svg", "agents/pendulum_swingup.svg", "horizon/horizon.svg"})
    CHECK(fs::exists(scratch.path() / file));
}

TEST_CASE("the learning study has one file per finished run and resumes an interrupted one") {
  const Scratch scratch;
  const auto learn = [&](const Args& seeds, const std::string& limit = "none") {
    return run(
        scratch, "/usr/bin/env",
        Args{"BIN=" PLANET_BINARY_DIR "/bin", "RUNS=" + (scratch / "runs").string(),
             "TABLES=" + (scratch / "learning").string(), "LIMIT=" + limit,
             "SMALLER=" + words(small_net + Args{"--updates-per-episode", "2", "--total-episodes",
                                                 "3", "--eval-episodes", "2"}),
             "bash", PLANET_SOURCE_DIR "/apps/studies/learning/run.sh", "pendulum_swingup"} +
            seeds);
  };
  const fs::path tables = scratch / "learning";
  const auto csv = [&](const char* seed) {
    return tables / "results" / ("pendulum_swingup-none-s" + std::string(seed) + ".csv");
  };
  expect(learn({"1", "2"}));
  const std::string first = text_of(csv("1"));
  CHECK(first.starts_with(
      "run,task,seed,limit,score,return_mean,return_std,wall_clock_s,updates,"
      "episodes,random,oracle\npendulum_swingup-none-s1,pendulum_swingup,1,none,"));
  CHECK(first.ends_with(",2,3,125.3,189.4\n"));
  const CsvTable table = CsvTable::read(csv("1"));
  const auto number = [&](const char* column) {
    return std::stod(table.rows().at(0)[table.column("", column)]);
  };
  CHECK(number("score") ==
        doctest::Approx((number("return_mean") - 125.3) / (189.4 - 125.3)).epsilon(1e-6));
  CHECK(lines(tables / "results.csv") == 3);
  CHECK(text_of(tables / "table.md").find("| `pendulum_swingup` | none | median | **") !=
        std::string::npos);
  for (const char* file : {"pendulum_swingup-none.svg", "pendulum_swingup-none.png"})
    CHECK(fs::exists(tables / file));
  // What stands is not made again; a run that has ended and was not measured is only measured.
  const std::string second = text_of(csv("2"));
  fs::remove_all(scratch / "runs" / "learning" / "pendulum_swingup-none-s1");
  fs::remove(csv("2"));
  expect(learn({"1", "2"}));
  CHECK(text_of(csv("1")) == first);
  CHECK(!fs::exists(scratch / "runs" / "learning" / "pendulum_swingup-none-s1"));
  CHECK(text_of(csv("2")) == second);
  CHECK(text_of(scratch / "runs" / "learning" / "pendulum_swingup-none-s2" / "command.txt")
            .find("--resume") != std::string::npos);
  CHECK(learn({}).status == 2);
}

TEST_CASE("the true simulator's study keeps its episodes and shows the tasks that were measured") {
  const Scratch scratch;
  const auto measure = [&] {
    return run(scratch, "/usr/bin/env",
               {"BIN=" PLANET_BINARY_DIR "/bin", "TABLES=" + (scratch / "tables").string(),
                "EPISODES=1", "RANDOM_EPISODES=3", "bash",
                PLANET_SOURCE_DIR "/apps/studies/true_simulator/run.sh", "point_mass_dmc"});
  };
  expect(measure());
  const fs::path file = scratch / "tables" / "point_mass_dmc.csv";
  const std::string episodes = text_of(file);
  CHECK(lines(file) == 2);
  const std::string table = text_of(scratch / "tables" / "table.md");
  CHECK(std::count(table.begin(), table.end(), '\n') == 4);  // the head, random, oracle
  CHECK(table.find("| `point_mass_dmc` | oracle | 300/5/30 | 1 |") != std::string::npos);
  expect(measure());
  CHECK(text_of(file) == episodes);
  // Episodes that are not this version's are played again.
  write_text_atomically(file, "seed,return\n1000,399\n");
  expect(measure());
  CHECK(text_of(file) == episodes);
}
