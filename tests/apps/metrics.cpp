// The rows that a run leaves, and its counters.
#include "apps/train/metrics.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <sstream>

#include "apps/common/files/csv_table.hpp"
#include "apps/common/run/run_state.hpp"
#include "autograd/base/error.hpp"
#include "nn/files/json.hpp"
#include "tests/apps/csv.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

TEST_CASE("a missing measurement is an empty CSV cell and no JSON key") {
  MetricsRow row;
  row.set("counter/updates", 5).set("loss/kl", std::numeric_limits<double>::quiet_NaN());
  CHECK(row.csv().starts_with("5,,"));
  const Json json = Json::parse(row.jsonl());
  CHECK(json.at("counter/updates").as_double() == 5);
  CHECK(json.at("loss/kl").is_null());
  CHECK(json.find("eval/score") == nullptr);
  CHECK_THROWS_AS(row.set("loss/klx", 1), Error);
}

TEST_CASE("rows after the checkpoint and an incomplete line are dropped") {
  const Scratch scratch;
  MetricsRow row;
  {
    MetricsWriter writer(scratch.path(), 0);
    for (int i = 0; i < 4; ++i) writer.write(row.set("counter/updates", i));
  }
  const std::string csv = text_of(scratch / "metrics.csv");
  {
    std::FILE* f = std::fopen((scratch / "metrics.csv").c_str(), "a");
    std::fputs("5,5,", f);
    std::fclose(f);
  }
  {
    MetricsWriter writer(scratch.path(), 2);
    CHECK(writer.rows() == 2);
    writer.write(row.set("counter/updates", 2));
    writer.write(row.set("counter/updates", 3));
  }
  CHECK(text_of(scratch / "metrics.csv") == csv);
  CHECK(read_csv(scratch / "metrics.csv").size() == 4);
  CHECK_THROWS_AS(MetricsWriter(scratch.path(), 9), Error);
  {
    std::FILE* f = std::fopen((scratch / "metrics.csv").c_str(), "w");
    std::fputs("a,b\n1,2\n", f);
    std::fclose(f);
  }
  CHECK_THROWS_AS(MetricsWriter(scratch.path(), 1), Error);
}

TEST_CASE("metrics that an editor gave other line ends are gone on with") {
  const Scratch scratch;
  MetricsRow row;
  MetricsWriter(scratch.path(), 0).write(row.set("counter/updates", 1));
  std::string text = text_of(scratch / "metrics.csv");
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2)
    text.insert(at, "\r");
  std::FILE* f = std::fopen((scratch / "metrics.csv").c_str(), "w");
  std::fputs(("\xef\xbb\xbf" + text).c_str(), f);
  std::fclose(f);
  MetricsWriter(scratch.path(), 1).write(row.set("counter/updates", 2));
  const CsvTable table = CsvTable::read(scratch / "metrics.csv");
  REQUIRE(table.rows().size() == 2);
  CHECK(table.rows()[1][table.column("", "counter/updates")] == "2");
}

TEST_CASE("P41 updates and decisions and environment frames are counters of their own") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  REQUIRE(run(scratch, "train", smallest(path, {"--eval-every", "4"})).status == 0);
  const auto rows = read_csv(path / "metrics.csv");
  // Two seed episodes and two rounds of three updates; ten decisions of two frames an episode.
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].at("counter/updates") == "3");
  CHECK(rows[0].at("counter/episodes") == "3");
  CHECK(rows[0].at("counter/decisions") == "30");
  CHECK(rows[0].at("counter/env_frames") == "60");
  CHECK(rows[1].at("counter/updates") == "6");
  CHECK(rows[1].at("counter/decisions") == "40");
  CHECK(rows[1].at("counter/env_frames") == "80");
  // The same rows in both files.
  std::istringstream lines(text_of(path / "metrics.jsonl"));
  std::size_t n = 0;
  for (std::string line; std::getline(lines, line); ++n) {
    const Json json = Json::parse(line);
    for (const auto& column : rows.at(n)) {
      const std::string &key = column.first, &cell = column.second;
      INFO(key);
      CHECK((json.find(key) == nullptr) == cell.empty());
      if (!cell.empty()) CHECK(json.at(key).as_double() == std::stod(cell));
    }
  }
  CHECK(n == rows.size());
}

TEST_CASE("terms of the loss are logged by themselves where there are such terms") {
  const Scratch scratch;
  const fs::path plain = scratch / "plain", all = scratch / "all";
  const std::vector<std::string> further{"loss/continue", "loss/global_kl", "loss/overshooting",
                                         "loss/overshooting_reward"};
  REQUIRE(run(scratch, "train", smallest(plain)).status == 0);
  REQUIRE(run(scratch, "train",
              smallest(all, {"--overshooting-distance", "3", "--overshooting-reward-scale", "2",
                             "--overshooting-scale", "0.5", "--global-kl-scale", "0.1",
                             "--continue-head", "true", "--free-nats", "0"}))
              .status == 0);
  const auto before = read_csv(plain / "metrics.csv"), after = read_csv(all / "metrics.csv");
  for (const std::string& key : further) {
    INFO(key);
    CHECK(before.front().at(key).empty());
    CHECK(std::stod(after.front().at(key)) > 0);
  }
  // They are what the total is made of: without free nats every term is linear in its mean.
  const auto value = [&](const char* key) { return std::stod(after.front().at(key)); };
  const double total = value("loss/image") + 10 * value("loss/reward") + value("loss/kl") +
                       value("loss/continue") + 0.1 * value("loss/global_kl") +
                       0.5 * value("loss/overshooting") + 2 * value("loss/overshooting_reward");
  CHECK(value("loss/total") == doctest::Approx(total).epsilon(1e-5));
}

TEST_CASE("a round in progress survives state.json with exactly its terms") {
  RunState state;
  state.round = {7, 1, 2, 3, 4, 5, 0.25, 0.5, 0.75, {}, 6};
  state.best_return = 8;
  const RunState back = RunState::from_json(Json::parse(state.to_json().dump()));
  CHECK(back.round.continues == 0.25);
  CHECK(back.round.global_kl == 0.5);
  CHECK(back.round.overshooting == 0.75);
  CHECK_FALSE(back.round.overshooting_reward);
  CHECK(back.round.seconds == 6);
  CHECK(back.best_return == 8);
  CHECK(back.to_json() == state.to_json());
}

TEST_CASE("P36 metrics of training and evaluation episodes have different names") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  REQUIRE(run(scratch, "train", smallest(path)).status == 0);
  for (const auto& [name, bytes] : contents(path / "episodes")) CHECK(name.starts_with("train-"));
  for (const auto& [name, bytes] : contents(path / "pictures")) CHECK(name.starts_with("eval-"));
  const auto rows = read_csv(path / "metrics.csv");
  for (const auto& row : rows)  // no row mixes the two
    CHECK(row.at("train/return").empty() != row.at("eval/return_mean").empty());
  CHECK(!rows.back().at("eval/return_mean").empty());
  for (const Metric& m : metric_columns()) CHECK(!m.meaning.empty());
}
