// ranking: the correlation of imagined and true returns, by judge and horizon.
#include <doctest/doctest.h>

#include <map>

#include "apps/common/files/csv_table.hpp"
#include "tests/apps/programs.hpp"

using namespace planet;
using namespace planet::test;

TEST_CASE("a better state and more futures rank plans better") {
  const Scratch scratch;
  const std::string csv = (scratch / "ranking.csv").string();
  const Result said = run(scratch, "ranking",
                          {PLANET_SOURCE_DIR "/apps/pretrained/pendulum_swingup", "--episodes", "1",
                           "--threads", "1", "--csv", csv});
  INFO(said.out, said.err);
  REQUIRE(said.status == 0);
  const CsvTable table = CsvTable::read(csv);
  const std::size_t judge = table.column("csv", "judge"), horizon = table.column("csv", "horizon"),
                    value = table.column("csv", "correlation");
  std::map<std::string, double> by;
  for (const auto& row : table.rows()) by[row[judge] + " " + row[horizon]] = std::stod(row[value]);
  REQUIRE(by.size() == 12);
  for (const std::string h : {"3", "6", "12"}) {
    INFO(h);
    const double one = by["model, 1 future " + h], many = by["model, 16 futures " + h];
    const double near = by["simulator, state off by 2 % " + h];
    CHECK(one > 0);
    CHECK(many > one);  // candidates differ less by chance
    CHECK(many > 0.4);
    CHECK(near > by["simulator, state off by 10 % " + h]);
    CHECK(near > many);
    CHECK(near <= 1);
  }
}
