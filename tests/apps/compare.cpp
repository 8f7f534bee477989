// compare: the same figures as dream and the runs themselves, and honest intervals over seeds.
#include <doctest/doctest.h>

#include <cmath>

#include "apps/common/foresight/error_curves.hpp"
#include "autograd/base/error.hpp"
#include "nn/files/atomic_file.hpp"
#include "nn/files/json.hpp"
#include "tests/apps/csv.hpp"
#include "tests/apps/xml.hpp"
#include "tests/support/png.hpp"

using namespace planet;
using namespace planet::test;

namespace {

void train(const Scratch& scratch, const std::string& name, const Args& more) {
  const Result r = run(scratch, "train", smallest(scratch / name, more));
  INFO(r.err);
  REQUIRE(r.status == 0);
}

double number(const CsvRow& row, const std::string& column) { return std::stod(row.at(column)); }

// The row whose columns have these values.
CsvRow find(const std::vector<CsvRow>& rows, const CsvRow& wanted) {
  for (const CsvRow& row : rows) {
    bool same = true;
    for (const auto& [column, value] : wanted) same = same && row.at(column) == value;
    if (same) return row;
  }
  FAIL("there is no such row");
  return {};
}

}  // namespace

TEST_CASE("compare computes the same errors as dream and groups by model") {
  const Scratch scratch;
  train(scratch, "a", {"--seed", "1"});
  train(scratch, "b", {"--seed", "2", "--updates-per-episode", "5"});
  train(scratch, "c", {"--seed", "1", "--model", "ssm"});
  const Args common{
      "--episodes", (scratch / "a" / "episodes").string(), "--samples", "2", "--context", "4"};
  const Result r =
      run(scratch, "compare", Args{"a", "b", "c", "--out", "out", "--threads", "1"} + common);
  INFO(r.err);
  REQUIRE(r.status == 0);
  const fs::path out = scratch / "out";
  std::vector<std::string> names;
  for (const auto& [name, text] : contents(out)) {
    names.push_back(name);
    if (name.ends_with(".svg")) CHECK(xml_fault(text) == "");
  }
  CHECK(names == std::vector<std::string>{"error.csv", "image.svg", "image_best.svg", "kl.svg",
                                          "report.html", "reward.svg", "runs.csv", "sheet.png",
                                          "table.csv"});
  CHECK(read_png(out / "sheet.png").height >= 3 * 64);  // true, rssm, ssm

  // A run's figures: those of dream, of its checkpoint and of its metrics.
  const std::vector<CsvRow> runs = read_csv(out / "runs.csv");
  REQUIRE(runs.size() == 3);
  REQUIRE(run(scratch, "dream", Args{"b", "--out", "d", "--threads", "1"} + common).status == 0);
  double image = 0, best = 0, reward = 0;
  for (const CsvRow& row : read_csv(scratch / "d" / "error.csv")) {
    if (row.at("horizon").empty() || row.at("model") != "rssm") continue;
    (row.at("measure") == "image"    ? image
     : row.at("measure") == "reward" ? reward
                                     : best) += number(row, "mean") / 7;
  }
  const CsvRow b = find(runs, {{"run", "b"}});
  CHECK(b.at("model") == "rssm");
  CHECK(b.at("seed") == "2");
  CHECK(number(b, "image") == doctest::Approx(image).epsilon(1e-9));
  CHECK(number(b, "image_best") == doctest::Approx(best).epsilon(1e-9));
  CHECK(number(b, "reward") == doctest::Approx(reward).epsilon(1e-9));
  const Json evaluated = Json::parse(run(scratch, "eval", {"b", "--json"}).out);
  CHECK(number(b, "return") == evaluated.at("return_mean").as_double());
  CHECK(number(b, "updates") == 10);  // two rounds
  const Json state = Json::parse(text_of(latest(scratch / "b") / "state.json"));
  CHECK(number(b, "seconds") == state.at("seconds").as_double());

  // A model's: mean and interval over its runs by hand; t(1) = 12.7062, s / sqrt(2) = |x - y| / 2.
  const CsvRow a = find(runs, {{"run", "a"}});
  const std::vector<CsvRow> table = read_csv(out / "table.csv");
  for (const char* measure : {"image", "reward", "kl", "return", "updates"}) {
    INFO(measure);
    const double x = number(a, measure), y = number(b, measure);
    const CsvRow both = find(table, {{"model", "rssm"}, {"measure", measure}});
    CHECK(both.at("n") == "2");
    CHECK(number(both, "mean") == doctest::Approx((x + y) / 2).epsilon(1e-12));
    CHECK(number(both, "high") - number(both, "mean") ==
          doctest::Approx(12.7062 * std::abs(x - y) / 2).epsilon(1e-5));
    const CsvRow one = find(table, {{"model", "ssm"}, {"measure", measure}});
    CHECK(one.at("n") == "1");
    CHECK(one.at("low").empty());
  }
  // The KL is measured with eyes open: in every row, and with no horizon.
  const std::vector<CsvRow> errors = read_csv(out / "error.csv");
  CHECK(find(errors, {{"model", "ssm"}, {"measure", "kl"}, {"row", "10"}}).at("horizon").empty());
  CHECK(find(errors, {{"model", "ssm"}, {"measure", "image"}, {"row", "10"}}).at("horizon") == "7");
  CHECK(r.out.find("rssm") < r.out.find("ssm  "));
}

TEST_CASE("what no label tells apart is named by its folder") {
  const Scratch scratch;
  train(scratch, "a", {"--total-episodes", "4", "--checkpoint-every", "1"});
  train(scratch, "longer", {"--total-episodes", "6"});
  const fs::path kept = scratch / "a" / "checkpoints";
  const std::string last = latest(scratch / "a").filename().string(), first = "000000003";
  REQUIRE(fs::exists(kept / first));
  fs::create_directories(scratch / "given");
  fs::copy(latest(scratch / "longer") / "model.safetensors", scratch / "given");
  const auto models = [&](const Args& paths) {
    const Result r = run(scratch, "compare",
                         paths + Args{"--out", "o", "--policy", "random", "--episode-count", "1"});
    INFO(r.err);
    REQUIRE(r.status == 0);
    std::vector<std::string> names;
    for (const CsvRow& row : read_csv(scratch / "o" / "runs.csv")) names.push_back(row.at("model"));
    return names;
  };
  using Names = std::vector<std::string>;
  CHECK(models({"a", "longer"}) == Names{"a", "longer"});
  CHECK(models({"a/checkpoints/" + first, "a/checkpoints/" + last}) == Names{first, last});
  CHECK(models({"a", "given", "longer/"}) == Names{"a", "given", "longer"});
  CHECK(models({"a", "./given/model.safetensors"}) == Names{"a", "given"});
  CHECK(models({"a/checkpoints/" + last, "longer"}) == Names{last, "longer"});
}

TEST_CASE("a lone checkpoint has no return and the number of threads changes no bit") {
  const Scratch scratch;
  train(scratch, "a", {"--total-episodes", "3"});
  fs::copy(latest(scratch / "a") / "model.safetensors", scratch / "alone.safetensors");
  const auto compare = [&](const std::string& out, const std::string& threads) {
    const Result r =
        run(scratch, "compare",
            {"alone.safetensors", "--out", out, "--threads", threads, "--episode-count", "2"});
    INFO(r.err);
    REQUIRE(r.status == 0);
  };
  compare("x", "1");
  compare("y", "3");
  CHECK(contents(scratch / "x") == contents(scratch / "y"));
  const CsvRow row = read_csv(scratch / "x" / "runs.csv").front();
  CHECK(row.at("return").empty());
  CHECK(row.at("seconds").empty());
  CHECK(row.at("updates") == "3");
}

TEST_CASE("a run of another version can be compared") {
  const Scratch scratch;
  train(scratch, "a", {"--total-episodes", "3"});
  write_text_atomically(latest(scratch / "a") / "state.json", "{\"seconds\": 12.5, \"new\": 1}");
  const Result r =
      run(scratch, "compare", {"a", "--out", "o", "--policy", "random", "--episode-count", "1"});
  INFO(r.err);
  REQUIRE(r.status == 0);
  CHECK(read_csv(scratch / "o" / "runs.csv").front().at("seconds") == "12.5");
}

TEST_CASE("a label is the model or the keys that are asked for") {
  RunConfig config = task_defaults("pendulum_swingup");
  CHECK(model_label(config) == "rssm");
  config.model.overshooting_distance = 4;
  CHECK(model_label(config) == "rssm D=4");
  config.seed = 4;
  config.model.free_nats = 1.5;
  const std::vector<std::string> keys{"free_nats", "seed"}, wrong{"free_nuts"};
  CHECK(model_label(config, keys) == "free_nats=1.5 seed=4");
  try {
    model_label(config, wrong);
    FAIL("no error");
  } catch (const Error& e) {
    CHECK(std::string(e.what()).find("did you mean 'free_nats'") != std::string::npos);
  }
}

TEST_CASE("compare says what is wrong") {
  const Scratch scratch;
  train(scratch, "a", {"--total-episodes", "2", "--eval-episodes", "1"});
  train(scratch, "wide",
        {"--total-episodes", "2", "--eval-episodes", "1", "--image-size", "32", "--seed", "2"});
  const auto says = [&](const Args& args, const std::string& words) {
    const Result r = run(scratch, "compare", args);
    INFO(r.err);
    CHECK(r.status == 2);
    CHECK(r.out.empty());
    CHECK(r.err.find(words) != std::string::npos);
  };
  says({}, "RUN|CHECKPOINT");
  says({"a"}, "--out is missing");
  says({"a", "nowhere", "--out", "o"}, "does not exist");
  says({"a", "wide", "--out", "o"},
       "a is pendulum_swingup at 16 pixels of 5 bits, action repeat 2, 10 decisions and wide is "
       "pendulum_swingup at 32 pixels");
  says({"a", "a/", "--out", "o"}, "a and a/ are one model");
  says({"a", "--out", "o", "--label", "sed"}, "did you mean 'seed'");
  says({"a", "--out", "o", "--contxt", "2"}, "did you mean '--context'");
  says({"a", "--out", "o", "--context", "11", "--policy", "random"}, "nothing would be imagined");
  says({"a", "--out", "o", "--episode-count", "0"}, "--episode-count is 0");
  // The folder is made before the work that could then not be kept; nothing is written into it.
  CHECK((!fs::exists(scratch / "o") || fs::is_empty(scratch / "o")));
}
