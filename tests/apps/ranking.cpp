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
  const std::size_t judge = table.column("csv", "judge"),
                    value = table.column("csv", "correlation");
  REQUIRE(table.rows().size() == 12);  // four judges, three horizons
  std::map<std::string, double> mean;
  for (const auto& row : table.rows()) mean[row[judge]] += std::stod(row[value]) / 3;
  const double one = mean["model, 1 future"], many = mean["model, 16 futures"];
  const double near = mean["simulator, state off by 2 %"];
  CHECK(many > one);  // candidates differ less by chance
  CHECK(many > 0.45);
  CHECK(near > mean["simulator, state off by 10 %"]);
  CHECK(near <= 1);
}
