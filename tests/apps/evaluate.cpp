// eval: a saved file, loaded by name and measured again.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <set>

#include "apps/common/options/recipes.hpp"
#include "apps/common/run/acting.hpp"
#include "apps/common/run/checkpoint.hpp"
#include "apps/common/simulator/simulator_dynamics.hpp"
#include "autograd/base/numbers.hpp"
#include "autograd/base/parallel.hpp"
#include "nn/files/json.hpp"
#include "tests/apps/programs.hpp"
#include "tests/support/png.hpp"

using namespace planet;
using namespace planet::test;

namespace {

Json eval_json(const Scratch& scratch, const fs::path& path, const Args& more = {}) {
  const Result r = run(scratch, "eval", Args{path.string(), "--json"} + more);
  INFO(r.err);
  REQUIRE(r.status == 0);
  return Json::parse(r.out);
}

double last_metric(const fs::path& run, const std::string& key) {
  const std::string text = text_of(run / "metrics.jsonl");
  const std::size_t start = text.rfind('\n', text.size() - 2) + 1;
  return Json::parse(text.substr(start)).at(key).as_double();
}

}  // namespace

TEST_CASE("P38 eval loads a run and a checkpoint and a file and repeats the run bit for bit") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  REQUIRE(run(scratch, "train", smallest(path)).status == 0);
  fs::copy(latest(path) / "model.safetensors", scratch / "alone.safetensors");
  for (const fs::path& what :
       {path, latest(path), latest(path) / "model.safetensors", scratch / "alone.safetensors"}) {
    INFO(what.string());
    const Json json = eval_json(scratch, what);
    CHECK(json.at("return_mean").as_double() == last_metric(path, "eval/return_mean"));
    CHECK(json.at("return_std").as_double() == last_metric(path, "eval/return_std"));
  }
  CHECK(eval_json(scratch, path, {"--threads", "3"}) == eval_json(scratch, path));
}

TEST_CASE("with an average it acts and is evaluated and is saved as the model") {
  const Scratch scratch;
  const fs::path last = scratch / "last", average = scratch / "average";
  REQUIRE(run(scratch, "train", smallest(last)).status == 0);
  REQUIRE(run(scratch, "train", smallest(average, {"--average-decay", "0.9"})).status == 0);
  CHECK_FALSE(fs::exists(latest(last) / "learner.safetensors"));
  CHECK(contents(last / "episodes") != contents(average / "episodes"));
  CHECK(eval_json(scratch, average).at("return_mean").as_double() ==
        last_metric(average, "eval/return_mean"));
  CHECK(eval_json(scratch, latest(average) / "learner.safetensors").at("return_mean").as_double() !=
        last_metric(average, "eval/return_mean"));
  fs::remove(latest(average) / "learner.safetensors");
  const Result r = run(scratch, "train", {"--resume", average.string(), "--total-episodes", "9"});
  CHECK(r.status == 2);
  CHECK(has(r.err, "learner.safetensors"));
}

TEST_CASE("eval json has exactly the documented keys") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  REQUIRE(run(scratch, "train", smallest(path)).status == 0);
  const Json json = eval_json(scratch, path, {"--episodes", "3"});
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.as_object()) keys.push_back(key);
  CHECK(keys == std::vector<std::string>{"env", "checkpoint", "episodes", "seeds", "returns",
                                         "return_mean", "return_std", "score"});
  CHECK(json.at("env").as_string() == "pendulum_swingup");
  CHECK(fs::exists(json.at("checkpoint").as_string()));
  CHECK(json.at("episodes").as_int64() == 3);
  const Json::Array &seeds = json.at("seeds").as_array(), &returns = json.at("returns").as_array();
  REQUIRE((seeds.size() == 3 && returns.size() == 3));
  double mean = 0, variance = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(seeds[i].as_uint64() == 1000 + i);
    mean += returns[i].as_double() / 3;
  }
  for (const Json& r : returns) variance += (r.as_double() - mean) * (r.as_double() - mean) / 3;
  CHECK(json.at("return_mean").as_double() == doctest::Approx(mean).epsilon(1e-12));
  CHECK(json.at("return_std").as_double() == doctest::Approx(std::sqrt(variance)).epsilon(1e-9));
  // This run's episodes are shorter than the registered ones: the scale does not hold.
  CHECK(json.at("score").is_null());
  // The same returns as a table, from the second seed on.
  const Result csv =
      run(scratch, "eval",
          {path.string(), "--episodes", "2", "--seed", "1001", "--csv", "returns.csv"});
  CHECK(csv.status == 0);
  CHECK(text_of(scratch / "returns.csv") == "seed,return\n1001," +
                                                number_text(returns[1].as_double()) + "\n1002," +
                                                number_text(returns[2].as_double()) + "\n");
}

TEST_CASE("a score is the return on the task's own scale") {
  const Scratch scratch;
  Args args = smallest(scratch / "run", {"--total-episodes", "2", "--eval-episodes", "1"});
  args.resize(args.size() - 2);  // the registered time limit
  REQUIRE(run(scratch, "train", args).status == 0);
  const Json json = eval_json(scratch, scratch / "run");
  CHECK(json.at("score").as_double() ==
        doctest::Approx((json.at("return_mean").as_double() - 125.3) / (189.4 - 125.3)));
}

TEST_CASE("P18 an evaluation is the same every time and no noise is in it") {
  const RunConfig config = [] {
    RunConfig c = task_defaults("pendulum_swingup");
    c.env_options["time_limit"] = "12";
    c.planner = {.horizon = 3, .iterations = 2, .candidates = 10, .elites = 2};
    return c;
  }();
  const WorldModel model(config.model, 1);
  const auto a = evaluate(model, config, 3), b = evaluate(model, config, 3);
  REQUIRE((a && b));
  CHECK(a->returns == b->returns);
  RunConfig noisy = config;
  noisy.action_noise = 10;
  CHECK(evaluate(model, noisy, 3)->returns == a->returns);
}

TEST_CASE("P21 an episode of an evaluation is the same alone beside others and on any threads") {
  RunConfig config = task_defaults("pendulum_swingup");
  config.env_options["time_limit"] = "8";
  for (const std::string& method : planner_methods()) {
    INFO(method);
    config.planner = {method, 3, 2, 20, 4};
    config.planner.warm_start = true;
    config.planner.start_state = "per-candidate";
    const WorldModel model(config.model, 1);
    const int before = threads();
    std::vector<Evaluation> all;
    for (const int n : {1, 2, 3, 7}) {  // 5 episodes: all side by side, and some left over
      set_threads(n);
      all.push_back(evaluate(model, config, 5).value());
    }
    const Evaluation alone = evaluate(model, config, 1, first_evaluation_seed + 3).value();
    set_threads(before);
    for (const Evaluation& e : all)
      for (std::size_t k = 0; k < 5; ++k) {
        CHECK(e.returns[k] == all[0].returns[k]);
        CHECK(e.episodes[k].action == all[0].episodes[k].action);
      }
    CHECK(alone.returns[0] == all[0].returns[3]);
    CHECK(alone.episodes[0].action == all[0].episodes[3].action);
    CHECK(alone.returns[0] != all[0].returns[2]);
  }
}

TEST_CASE("P19 the episodes of an evaluation begin differently") {
  RunConfig config = task_defaults("pendulum_swingup");
  config.env_options["time_limit"] = std::string("2");
  config.planner = {.horizon = 1, .iterations = 0, .candidates = 2, .elites = 1};
  const WorldModel model(config.model, 1);
  const auto e = evaluate(model, config, 10);
  REQUIRE(e);
  for (std::size_t i = 0; i < e->episodes.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const std::size_t n = e->episodes[i].image.size() / 2;
      const auto &x = e->episodes[i].image, &y = e->episodes[j].image;
      CHECK(!std::equal(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(n), y.begin()));
    }
  // Nor does training ever meet one of their seeds.
  // Two runs whose seeds differ in any bit, and two episodes of a run, start differently.
  std::set<std::uint64_t> seen;
  for (const std::uint64_t seed :
       {0ull, 1ull, 7ull, 1ull << 32 | 1, 1ull << 33 | 1, 0xffffffffull, ~0ull})
    for (std::int64_t k = 0; k < 2000; ++k) {
      const std::uint64_t s = training_env_seed(seed, k);
      CHECK((s < first_evaluation_seed || s > first_evaluation_seed + 1000000));
      CHECK(seen.insert(s).second);
    }
}

TEST_CASE("eval says what is wrong with what it is given") {
  const Scratch scratch;
  const auto error = [&](const Args& args) {
    const Result r = run(scratch, "eval", args);
    CHECK(r.status == 2);
    CHECK(r.out.empty());
    return r.err;
  };
  CHECK(error({}).find("RUN|CHECKPOINT") != std::string::npos);
  CHECK(error({"nowhere"}).find("does not exist") != std::string::npos);
  CHECK(error({scratch.path().string()}).find("neither a run folder") != std::string::npos);
  {
    std::FILE* f = std::fopen((scratch / "x.safetensors").c_str(), "w");
    std::fputs("hello", f);
    std::fclose(f);
  }
  CHECK(error({(scratch / "x.safetensors").string()}).find("x.safetensors") != std::string::npos);
  const fs::path path = scratch / "run";
  REQUIRE(run(scratch, "train", smallest(path, {"--total-episodes", "2"})).status == 0);
  CHECK(error({path.string(), "--episodes", "0"}).find("--episodes is 0") != std::string::npos);
  CHECK(error({path.string(), "--epsiodes", "2"}).find("did you mean '--episodes'") !=
        std::string::npos);
}

TEST_CASE("eval --oracle plays the evaluation seeds by planning in the true simulator") {
  const Scratch scratch;
  const auto json = [&](const Args& more) {
    const Result r = run(scratch, "eval", Args{"--oracle", "--json"} + more);
    INFO(r.err);
    REQUIRE(r.status == 0);
    return Json::parse(r.out);
  };
  const Args duel{"--env", "duel", "--env-option", "time_limit=3", "--episodes", "2"};
  for (const FutureConfig& future :
       {FutureConfig{Future::one, 1}, FutureConfig{Future::clairvoyant, 1},
        FutureConfig{Future::shared, 16}}) {
    const std::string word = future_word(future.future);
    CAPTURE(word);
    const Json got = json(duel + Args{"--future", word});
    EnvOptions options;
    options.time_limit = 3;
    const PlannerConfig budget = recipe_of("duel").oracle;
    const auto returns = oracle_returns(*make_env("duel", options), budget,
                                        std::vector<std::uint64_t>{1000, 1001}, {}, future);
    for (std::size_t k = 0; k < 2; ++k) {
      CHECK(got.at("seeds").as_array()[k].as_uint64() == 1000 + k);
      CHECK(got.at("returns").as_array()[k].as_double() == returns[k]);
    }
    CHECK(got.at("future").as_string() == word);
    CHECK(got.at("checkpoint").is_null());
    CHECK(got.at("score").is_null());  // another time limit
  }
  // The task's own future is the registered one; the number of samples can be changed.
  const Json own = json(duel + Args{"--threads", "1"});
  CHECK(own.at("future").as_string() == "shared");
  CHECK(own.at("samples_per_candidate").as_int64() == 16);
  CHECK(own == json(duel + Args{"--future", "shared", "--threads", "2"}));
  CHECK(json(duel + Args{"--samples-per-candidate", "3"}).at("returns") != own.at("returns"));
  const Args short_pendulum{"--env-option", "time_limit=4", "--episodes", "1"};
  CHECK(json(short_pendulum).at("future").as_string() == "one");
  // With the task's own settings there is a score.
  const Json whole =
      json({"--env", "peg_dodge", "--future", "true", "--episodes", "1", "--threads", "1"});
  CHECK(whole.at("score").as_double() ==
        doctest::Approx((whole.at("return_mean").as_double() - 18.2) / (27 - 18.2)));
}

TEST_CASE("eval --oracle says what is wrong") {
  const Scratch scratch;
  const auto error = [&](const Args& args) {
    const Result r = run(scratch, "eval", args);
    CHECK(r.status == 2);
    CHECK(r.out.empty());
    return r.err;
  };
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  CHECK(has(error({"--env", "duel"}), "--env is for --oracle"));
  CHECK(has(error({"somewhere", "--future", "one"}), "--future is for --oracle"));
  CHECK(has(error({"--oracle", "somewhere"}), "takes no RUN|CHECKPOINT"));
  CHECK(has(error({"--oracle", "--sheet", "s.png"}), "--sheet shows"));
  CHECK(has(error({"--oracle", "--env", "dule"}), "did you mean 'duel'"));
  CHECK(has(error({"--oracle", "--env", "duel", "--future", "forgetful"}), "hides nothing"));
  CHECK(has(error({"--oracle", "--env", "peg_memory", "--env-option", "hidden=9"}), "8, 16, 32"));
  CHECK(has(error({"--oracle", "--episodes", "0"}), "--episodes is 0"));
}

TEST_CASE("a contact sheet and the pictures of a run can be read") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  REQUIRE(run(scratch, "train", smallest(path)).status == 0);
  const Result r =
      run(scratch, "eval", {path.string(), "--sheet", (scratch / "sheet.png").string()});
  REQUIRE(r.status == 0);
  const Image sheet = read_png(scratch / "sheet.png");
  CHECK(sheet.width > 16 * 10);
  CHECK(sheet.height >= 2 * 2 * 16 * 2);  // two episodes, two rows each, twice enlarged
  for (const auto& entry : fs::directory_iterator(path / "pictures"))
    CHECK(read_png(entry.path()).width > 16 * 10);
}

TEST_CASE("P35 a task that ends early trains and plans and evaluates") {
  const Scratch scratch;
  const fs::path path = scratch / "run";
  Args args = smallest(path, {"--env", "terminating", "--total-episodes", "6", "--eval-episodes",
                              "3", "--continue-head", "true"});
  args.resize(args.size() - 2);
  const Result r = run(scratch, "worlds", Args{"train"} + args);
  INFO(r.err);
  REQUIRE(r.status == 0);
  bool short_one = false;
  for (const auto& entry : fs::directory_iterator(path / "episodes"))
    short_one = short_one || fs::file_size(entry.path()) > 0;
  CHECK(short_one);
  const Json json = Json::parse(run(scratch, "worlds", {"eval", path.string(), "--json"}).out);
  CHECK(json.at("returns").as_array().size() == 3);
  CHECK(json.at("score").is_null());
}
